"""Which apps a repository holds, and on which stack each stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from layers_mcp.contract.scalars import Platform
from layers_mcp.sandbox.clean import words
from layers_mcp.sandbox.repository.parse import Json, at, json_value, yaml_value
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join

__all__ = ["MINOR", "App", "choose", "find_apps", "minor"]

MINOR = words(
    "example examples test tests __tests__ spec fixtures fixture __fixtures__ e2e samples sample demo demos testdata templates template",
    "docs documentation playground playgrounds storybook .storybook benchmarks integration_test tutorial tutorials tools scripts",
)
"""Folders whose apps do not stand for the repository when there are others."""
_WEB = ("next", "nuxt", "gatsby", "astro", "@sveltejs/kit", "@remix-run/react", "@react-router/dev", "@angular/core", "react-scripts")
_WEB_WITH_PAGE = ("vite", "react-dom", "vue", "svelte", "solid-js", "preact", "parcel", "webpack", "@vue/cli-service", "lit", "jquery")
_PAGES = ("index.html", "public/index.html", "src/index.html", "www/index.html")
_PLAIN = frozenset({"", "public", "www", "site", "web", "website", "src", "landing", "html", "static", "client", "frontend"})
_SHELLS: dict[Platform, tuple[str, ...]] = {
    "react-native": ("ios", "android", "macos", "windows"),
    "expo": ("ios", "android", "web"),
    "flutter": ("ios", "android", "web", "macos", "windows", "linux", ".ios", ".android"),
    "web": ("ios", "android", "platforms", "src-cordova", "electron"),
}
_STACKS: tuple[Platform, ...] = ("expo", "react-native", "flutter", "ios", "android", "web")
_GRADLE_APP = re.compile(r"""(?:com\.android\.application|android\.application\b|androidApplication\b)(?![^\n]*apply\s*\(?\s*false)""")


@dataclass(frozen=True, slots=True)
class App:
    """One app: its stack, its folder (`` for the root) and the manifest that gives it away.

    `certain` is false for what counts only when it is asked for: the native shell of a React Native or Flutter app, a library.
    """

    platform: Platform
    folder: str
    manifest: str
    certain: bool = True


def minor(path: str) -> bool:
    """Whether a path lies in an example, a test or the documentation."""
    return not MINOR.isdisjoint(PurePosixPath(path.lower()).parts[:-1])


def _dependencies(package: Json, *kinds: str) -> set[str]:
    groups = [at(package, kind) for kind in kinds]
    return {name for group in groups if isinstance(group, dict) for name in group}


def _node_apps(tree: Tree) -> Iterator[App]:
    for path in tree.named("package.json"):
        package = json_value(tree.read(path))
        folder = folder_of(path)
        needed = _dependencies(package, "dependencies")
        known = needed | _dependencies(package, "devDependencies")
        config = json_value(tree.read(join(folder, "app.json")))
        if "expo" in needed or (isinstance(at(config, "expo"), dict) and "react-native" in needed):
            yield App("expo", folder, path)
        elif "react-native" in needed:
            yield App("react-native", folder, path)
        elif known.intersection(_WEB):
            yield App("web", folder, path)
        elif known.intersection(_WEB_WITH_PAGE):
            page = tree.first(join(folder, page) for page in _PAGES)
            yield App("web", folder, path, certain=page is not None)
        elif at(package, "cordova") is not None and tree.first(join(folder, page) for page in _PAGES):
            yield App("web", folder, path)


def _flutter_apps(tree: Tree) -> Iterator[App]:
    for path in tree.named("pubspec.yaml"):
        pubspec = yaml_value(tree.read(path))
        folder = folder_of(path)
        if at(pubspec, "dependencies", "flutter", "sdk") == "flutter":
            mains = [main for main in tree.below(join(folder, "lib")) if re.search(r"lib/main[\w.]*\.dart$", main)]
            yield App("flutter", folder, path, certain=bool(mains) and at(pubspec, "flutter", "plugin") is None)


def _ios_apps(tree: Tree) -> Iterator[App]:
    for path in tree.ending(".xcodeproj/project.pbxproj"):
        source = tree.source(path) or ""
        phone = re.search(r"iphoneos|IPHONEOS_DEPLOYMENT_TARGET|TARGETED_DEVICE_FAMILY", source) is not None
        if phone and "com.apple.product-type.application" in source:
            yield App("ios", folder_of(folder_of(path)), path)
    projects = {folder_of(folder_of(path)) for path in tree.ending(".xcodeproj/project.pbxproj")}
    for path in tree.named("Package.swift"):
        source = tree.read(path) or ""
        app = ".iOSApplication(" in source or ".executableTarget(" in source
        if ".iOS(" in source or ".iOSApplication(" in source:
            yield App("ios", folder_of(path), path, certain=app and folder_of(path) not in projects)
    for path in tree.named("Podfile"):
        if folder_of(path) not in projects:
            yield App("ios", folder_of(path), path, certain=False)


def _android_apps(tree: Tree) -> Iterator[App]:
    for path in tree.named("build.gradle", "build.gradle.kts"):
        if _GRADLE_APP.search(tree.read(path) or ""):
            yield App("android", folder_of(path), path)


def _plain_apps(tree: Tree, others: Iterable[App]) -> Iterator[App]:
    """Pages without a package, outside every other app."""
    taken = [app.folder for app in others if app.certain]
    for path in tree.named("index.html"):
        folder = folder_of(path)
        if folder in _PLAIN and not any(_within(folder, other) for other in taken):
            yield App("web", folder, path)


def _within(folder: str, other: str) -> bool:
    return not other or folder == other or folder.startswith(f"{other}/")


def _shell(app: App, owners: Iterable[App]) -> bool:
    """Whether the app is only the native or web side of another."""
    return any(
        owner.platform in _SHELLS and owner.platform != app.platform and _within(app.folder, join(owner.folder, shell))
        for owner in owners
        for shell in _SHELLS.get(owner.platform, ())
    )


def find_apps(tree: Tree) -> tuple[App, ...]:
    """Every app of the tree, those that stand for it first."""
    cross = [*_node_apps(tree), *_flutter_apps(tree)]
    native = [*_ios_apps(tree), *_android_apps(tree)]
    owners = [app for app in cross if app.certain and (app.platform != "web" or _wrapped(tree, app))]
    everything = [*cross, *native, *_plain_apps(tree, [*cross, *(app for app in native if app.folder)])]
    told = [replace(app, certain=False) if _shell(app, [owner for owner in owners if owner != app]) else app for app in everything]
    if any(app.certain and not minor(app.manifest) for app in told):
        told = [replace(app, certain=app.certain and not minor(app.manifest)) for app in told]
    return tuple(sorted(told, key=lambda app: (not app.certain, minor(app.manifest), app.folder.count("/") + bool(app.folder), app.folder)))


def _wrapped(tree: Tree, app: App) -> bool:
    """Whether a web app is shipped in native shells by Capacitor or Cordova."""
    return any(
        tree.has(join(app.folder, name)) for name in ("capacitor.config.ts", "capacitor.config.json", "capacitor.config.js", "config.xml")
    )


def choose(apps: Iterable[App], asked: tuple[Platform, ...]) -> tuple[App, ...]:
    """One app for each stack found, or for each stack asked for that the repository can carry."""
    listed = list(apps)
    chosen: dict[Platform, App] = {}
    for app in listed:
        if app.certain if not asked else app.platform in asked:
            chosen.setdefault(app.platform, app)
    if "react-native" in asked and "react-native" not in chosen and (expo := next((app for app in listed if app.platform == "expo"), None)):
        chosen["react-native"] = replace(expo, platform="react-native")
    return tuple(chosen[platform] for platform in _STACKS if platform in chosen)
