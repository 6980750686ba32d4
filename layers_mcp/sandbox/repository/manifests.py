"""What the app's manifests say: display names, ids and descriptions, of the app itself and of its package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from layers_mcp.sandbox.repository.errand import Brand
from layers_mcp.sandbox.repository.instrument.xcode import Project, open_project
from layers_mcp.sandbox.repository.parse import Json, at, json_value, list_at, plist_value, text_at, xml_root, yaml_value
from layers_mcp.sandbox.repository.template import own_copy, own_name
from layers_mcp.sandbox.repository.tree import Tree, name_of
from layers_mcp.sandbox.repository.web_copy import domain_of

__all__ = ["development_region", "read", "read_package"]

_ANDROID = "{http://schemas.android.com/apk/res/android}"
_ID = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z0-9][\w-]*)+")
_TEST = re.compile(r"Tests?/|UITests|Extension|Widget|Watch|Clip\b|Notification|Share", re.IGNORECASE)
_TEMPLATE_ID = re.compile(
    r"^(?:com\.example|org\.example|com\.yourcompany|com\.company|org\.reactjs\.native\.example|org\.name|com\.myapp|com\.helloworld|com\.test)\b"
)


def _identifier(text: str | None) -> str | None:
    return text if text and _ID.fullmatch(text) and not _TEMPLATE_ID.match(text) else None


def _expo(tree: Tree) -> Iterator[Brand]:
    """`app.json` of Expo and of React Native, and the literals of an `app.config`."""
    for path in tree.named("app.json"):
        whole = json_value(tree.read(path))
        expo: Json = at(whole, "expo") or whole
        yield Brand(
            app_name=own_name(text_at(whole, "displayName")) or own_name(text_at(expo, "name")),
            app_description=own_copy(text_at(expo, "description")),
            bundle_id=_identifier(text_at(expo, "ios", "bundleIdentifier")),
            android_package=_identifier(text_at(expo, "android", "package")),
        )
    for path in tree.named("app.config.js", "app.config.ts"):
        source = tree.read(path) or ""
        yield Brand(
            app_name=own_name(_literal(source, "name")),
            app_description=own_copy(_literal(source, "description")),
            bundle_id=_identifier(_literal(source, "bundleIdentifier")),
            android_package=_identifier(_literal(source, "package")),
        )


def _literal(source: str, key: str) -> str | None:
    found = re.search(rf"""^[ \t]*{key}\s*:\s*(['"])((?:(?!\1)[^\\\n])+)\1\s*,?\s*$""", source, re.MULTILINE)
    return found[2] if found else None


def _plists(tree: Tree) -> Iterator[Brand]:
    """The app's own `Info.plist`, not those of its extensions."""
    for path in tree.paths:
        if not path.endswith("Info.plist") or _TEST.search(path):
            continue
        plist = plist_value(tree.blob(path))
        if isinstance(plist, dict) and "NSExtension" not in plist:
            name = own_name(text_at(plist, "CFBundleDisplayName")) or own_name(text_at(plist, "CFBundleName"))
            yield Brand(app_name=name, bundle_id=_identifier(text_at(plist, "CFBundleIdentifier")))


def _setting(source: str, key: str) -> Iterator[str]:
    for found in re.finditer(rf"\b{key}\s*=\s*(?:\"((?:\\.|[^\"\\])*)\"|([^;\s]+))\s*;", source):
        yield re.sub(r"\\(.)", r"\1", found[1] or found[2] or "")


def _target(project: Project, target: str) -> Brand:
    """What one app says of itself; a beta's id, for one, is longer than the app's."""
    names = [*project.settings(target, "INFOPLIST_KEY_CFBundleDisplayName"), *project.settings(target, "PRODUCT_NAME")]
    ids = [text for text in project.settings(target, "PRODUCT_BUNDLE_IDENTIFIER") if _identifier(text)]
    return Brand(app_name=next((name for name in names if own_name(name)), None), bundle_id=min(ids, key=len, default=None))


def _projects(tree: Tree) -> Iterator[Brand]:
    """Build settings of Xcode projects: what their iOS apps say, or anything where no app is told from its tests and extensions."""
    for path in tree.ending(".xcodeproj/project.pbxproj"):
        source = tree.source(path) or ""
        project = open_project(source, "")
        if project is not None and (targets := project.targets()):
            yield from (_target(project, target.id) for target in targets)
            continue
        display = next((name for name in _setting(source, "INFOPLIST_KEY_CFBundleDisplayName") if own_name(name)), None)
        product = next((name for name in _setting(source, "PRODUCT_NAME") if own_name(name) and not _TEST.search(f"{name}/")), None)
        ids = [name for name in _setting(source, "PRODUCT_BUNDLE_IDENTIFIER") if _identifier(name) and not _TEST.search(f"{name}/")]
        yield Brand(app_name=display or own_name(product), bundle_id=min(ids, key=len, default=None))


def _android(tree: Tree) -> Iterator[Brand]:
    """Labels and ids of Android modules."""
    for path in tree.ending("res/values/strings.xml"):
        root = xml_root(tree.read(path))
        names = [] if root is None else [node.text for node in root.iter("string") if node.get("name") == "app_name"]
        yield Brand(app_name=own_name((names[0] or "").replace("\\'", "'").strip('"')) if names else None)
    for path in tree.named("AndroidManifest.xml"):
        root = None if "/debug/" in path or "/profile/" in path or "/test/" in path else xml_root(tree.read(path))
        label = None if root is None else next((node.get(f"{_ANDROID}label") for node in root.iter("application")), None)
        package = None if root is None else _identifier(root.get("package"))
        yield Brand(app_name=own_name(label) if label and not label.startswith("@") else None, android_package=package)
    for path in tree.named("build.gradle", "build.gradle.kts"):
        source = tree.read(path) or ""
        found = re.search(r"""\bapplicationId\s*=?\s*["']([\w.]+)["']""", source)
        yield Brand(android_package=_identifier(found[1]) if found else None)


def _cordova(tree: Tree) -> Iterator[Brand]:
    for path in tree.named("config.xml"):
        root = xml_root(tree.read(path))
        if root is not None and root.tag.endswith("}widget"):
            texts = {node.tag.rpartition("}")[2]: (node.text or "").strip() for node in root}
            package = _identifier(root.get("id"))
            name, words = own_name(texts.get("name")), own_copy(texts.get("description"))
            yield Brand(app_name=name, app_description=words, bundle_id=package, android_package=package)
    for path in tree.named("capacitor.config.json"):
        config = json_value(tree.read(path))
        package = _identifier(text_at(config, "appId"))
        yield Brand(app_name=own_name(text_at(config, "appName")), bundle_id=package, android_package=package)
    for path in tree.named("capacitor.config.ts"):
        source = tree.read(path) or ""
        package = _identifier(_literal(source, "appId"))
        yield Brand(app_name=own_name(_literal(source, "appName")), bundle_id=package, android_package=package)


def _first(told: Iterable[Brand]) -> Brand:
    told = list(told)
    return Brand(
        app_name=next((brand.app_name for brand in told if brand.app_name), None),
        app_description=next((brand.app_description for brand in told if brand.app_description), None),
        keywords=next((brand.keywords for brand in told if brand.keywords), ()),
        bundle_id=next((brand.bundle_id for brand in told if brand.bundle_id), None),
        android_package=next((brand.android_package for brand in told if brand.android_package), None),
        web_domain=next((brand.web_domain for brand in told if brand.web_domain), None),
    )


def read(tree: Tree) -> Brand:
    """Display name, description and ids of the app's own manifests."""
    return _first([*_expo(tree), *_cordova(tree), *_plists(tree), *_android(tree), *_projects(tree)])


def _spoken(name: str | None) -> str | None:
    """A package's name as a person would write it: `quinns-app` is `Quinns App`."""
    kept = own_name(name)
    if kept is None:
        return None
    words = re.split(r"[-_.\s]+", kept.rpartition("/")[2])
    return " ".join(word if word != word.lower() else word.capitalize() for word in words if word) or None


def _packages(tree: Tree) -> Iterator[Brand]:
    for path in tree.named("package.json", "pubspec.yaml"):
        text = tree.read(path)
        package = json_value(text) if name_of(path) == "package.json" else yaml_value(text)
        keywords = list_at(package, "keywords") or list_at(package, "topics")
        yield Brand(
            app_name=own_name(text_at(package, "displayName"))
            or own_name(text_at(package, "productName"))
            or _spoken(text_at(package, "name")),
            app_description=own_copy(text_at(package, "description")),
            keywords=keywords,
            web_domain=domain_of(text_at(package, "homepage")),
        )


def read_package(tree: Tree) -> Brand:
    """Name, description and keywords of `package.json` and `pubspec.yaml`."""
    return _first(_packages(tree))


def development_region(tree: Tree) -> str | None:
    """The language an Xcode project was written in."""
    for path in tree.ending(".xcodeproj/project.pbxproj"):
        region = next(_setting(tree.source(path) or "", "developmentRegion"), None)
        if region:
            return {"English": "en", "German": "de", "French": "fr", "Japanese": "ja", "Spanish": "es"}.get(region, region)
    return None
