"""The SDK in a native iOS app: through its Podfile, its Package.swift or its Xcode project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from layers_mcp.sandbox.repository.instrument.blocks import bare, closing, depth_at
from layers_mcp.sandbox.repository.instrument.sdk import EVENTS_ARE, Sdk, free_path, newline_of, quoted
from layers_mcp.sandbox.repository.instrument.xcode import Project, Target, open_project
from layers_mcp.sandbox.repository.packages import ENDPOINT, POD, SWIFT
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join, name_of

__all__ = ["instrument"]

_CALL = "LayersAnalytics.start()"
_APP = re.compile(
    r"@main\s+(?:@\w+(?:\([^)]*\))?\s+)*(?:public |final |internal )*(?:struct|class|enum)\s+\w+"
    r"\s*:\s*(?:[\w.]+\s*,\s*)*(?:SwiftUI\.)?App\b[^{]*\{"
)
_LAUNCH = re.compile(r"\bfunc\s+application\s*\([^{]*?didFinishLaunchingWithOptions[^{]*\{", re.DOTALL)
_DELEGATE = re.compile(
    r"@(?:main|UIApplicationMain)\b|:\s*(?:[\w.<>]+\s*,\s*)*(?:UIApplicationDelegate|RCTAppDelegate|CAPBridgeAppDelegate|ExpoAppDelegate)\b"
)
_LAUNCHED = re.compile(r"@(?:main|UIApplicationMain)\b")
_LEAD = re.compile(r"^[ \t]*(?://[^\r\n]*|@\w+(?:\([^)\r\n]*\))?[ \t]*)\r?\n\Z", re.MULTILINE)
"""The line before a place, when it holds a comment or an attribute and nothing else."""


def _indented(source: str, place: int) -> str:
    """The indent of the line at a place."""
    line = source[source.rfind("\n", 0, place) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(source: str) -> str:
    found = re.search(r"^(\t| {2,4})\S", source, re.MULTILINE)
    return found[1] if found else "    "


def _above(source: str, place: int) -> int:
    """Where a declaration starts whose comments and attributes stand on lines of their own before it."""
    while (line := _LEAD.search(source, 0, place)) is not None:
        place = line.start()
    return place


def _with_call(source: str) -> str | None:
    """The app's main file that starts Layers at launch, or None when no safe place is found."""
    code = bare(source)
    newline, unit = newline_of(source), _unit(code)
    app = _APP.search(code)
    if app is not None:
        end = closing(source, app.end() - 1) or len(source)
        indent = _indented(source, code.find("struct", app.start())) + unit
        makers = re.compile(r"\binit\s*\(\s*\)\s*\{").finditer(code, app.end(), end)
        made = next((found for found in makers if depth_at(source, found.start()) == depth_at(source, app.end())), None)
        if made is not None:
            return f"{source[: made.end()]}{newline}{indent}{unit}{_CALL}{source[made.end() :]}"
        body = re.compile(r"^[ \t]*(?:@\w+ )*(?:public )?var body\s*:", re.MULTILINE).search(code, app.end(), end)
        indent = _indented(source, body.end()) if body is not None else indent
        block = f"{indent}init() {{{newline}{indent}{unit}{_CALL}{newline}{indent}}}{newline}"
        if body is not None:
            place = max(_above(source, body.start()), app.end())
            return f"{source[:place]}{block}{newline}{source[place:]}"
        return f"{source[: app.end()]}{newline}{block}{source[app.end() :]}"
    launch = _LAUNCH.search(code) if _DELEGATE.search(code) else None
    if launch is None:
        return None
    indent = _indented(source, launch.start()) + unit
    return f"{source[: launch.end()]}{newline}{indent}{_CALL}{source[launch.end() :]}"


def _module(sdk: Sdk) -> str:
    names = "".join(f"        {quoted(name)},\n" for name in sdk.events)
    events = f"    /// {EVENTS_ARE}\n    static let events = [\n{names}    ]\n\n" if sdk.events else ""
    return (
        f"import Foundation\nimport {SWIFT.name}\n\n"
        f"/// Sends this app's events to Layers; started once, at launch.\nenum LayersAnalytics {{\n{events}"
        "    static func start() {\n"
        f'        Layers.configure(appId: {quoted(sdk.app_id)}, endpoint: URL(string: "{ENDPOINT}")!)\n    }}\n}}\n'
    )


def _module_path(tree: Tree, folder: str) -> str:
    """Where our file goes; Swift takes no two files of one name in a target, whatever their folders."""
    name = "LayersAnalytics.swift" if tree.named("Layers.swift") else "Layers.swift"
    return free_path(tree, join(folder, name), "LayersAnalytics.swift")


def _with_pod(podfile: str, target: str) -> str | None:
    """The Podfile with the pod in the app's target, after its `use_frameworks!` lines."""
    newline = newline_of(podfile)
    lines = podfile.split(newline)
    named = [index for index, line in enumerate(lines) if re.match(rf"\s*target\s+['\"]{re.escape(target)}['\"]\s+do\b", line)]
    start = next(iter(named), None)
    if start is None:
        return None
    indent = re.sub(r"\S.*", "", lines[start]) + "  "
    place = start + 1
    while place < len(lines) and re.match(r"\s*(?:use_frameworks!|use_modular_headers!|inherit!|platform\b|#|$)", lines[place]):
        place += 1
    return newline.join([*lines[:place], f"{indent}pod '{POD.name}', '~> {POD.version.rpartition('.')[0]}'", *lines[place:]])


def _in_package(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """For an app that is a Swift package."""
    source = tree.source(app.manifest) or ""
    newline = newline_of(source)
    target = re.search(r"\.(?:executableTarget)\s*\(", source) or re.search(r"\.target\s*\(", source)
    end = closing(source, target.end() - 1) if target else None
    if target is None or end is None:
        return None
    product = f'.product(name: "{SWIFT.name}", package: "{SWIFT.url.rpartition("/")[2]}")'
    inside = re.search(r"dependencies\s*:\s*\[", source[target.end() : end])
    name = re.search(r'name\s*:\s*"[^"]+"', source[target.end() : end])
    if inside is not None:
        edited = f"{source[: target.end() + inside.end()]}{product}, {source[target.end() + inside.end() :].lstrip(' ')}"
    elif name is not None:
        edited = f"{source[: target.end() + name.end()]}, dependencies: [{product}]{source[target.end() + name.end() :]}"
    else:
        return None
    edited = edited.replace(f"{product}, ]", f"{product}]")
    line = f'.package(url: "{SWIFT.url}", from: "{SWIFT.version}"),'
    listed = next(
        (found for found in re.finditer(r"^([ \t]*)dependencies\s*:\s*\[", edited, re.MULTILINE) if depth_at(edited, found.start()) == 1),
        None,
    )
    targets = next(
        (found for found in re.finditer(r"^([ \t]*)targets\s*:\s*\[", edited, re.MULTILINE) if depth_at(edited, found.start()) == 1), None
    )
    if listed is not None:
        edited = f"{edited[: listed.end()]}{newline}{listed[1]}    {line}{edited[listed.end() :]}"
    elif targets is not None:
        block = f"{targets[1]}dependencies: [{newline}{targets[1]}    {line}{newline}{targets[1]}],{newline}"
        edited = f"{edited[: targets.start()]}{block}{edited[targets.start() :]}"
    else:
        return None
    main = next((path for path in tree.below(app.folder) if path.endswith(".swift") and _APP.search(tree.source(path) or "")), None)
    called = _with_call(tree.source(main) or "") if main else None
    if main is None or called is None:
        return None
    module = _module_path(tree, folder_of(main))
    return tree.put(app.manifest, edited).put(main, called).put(module, _module(sdk).replace("\n", newline))


def _candidates(tree: Tree, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Files an app may be launched from and their texts; those that say so themselves stand first."""
    others: list[tuple[str, str]] = []
    for path in sorted(paths, key=lambda path: (not re.search(r"App\.swift$|AppDelegate\.swift$", path), path)):
        source = tree.source(path) or ""
        if _LAUNCHED.search(source):
            yield path, source
        elif "UIApplication" in source or "AppDelegate" in name_of(path):
            others.append((path, source))
    yield from others


def _main_file(tree: Tree, target: Target) -> tuple[str, str] | None:
    """The target's file that is launched, and its text with the call."""
    mine = [
        path for path in tree.ending(".swift") if path in target.sources or any(path.startswith(f"{folder}/") for folder in target.folders)
    ]
    called = ((path, _with_call(source)) for path, source in _candidates(tree, mine))
    return next(((path, text) for path, text in called if text is not None), None)


def _in_target(tree: Tree, app: App, sdk: Sdk, *, project: Project, target: Target) -> Tree | None:
    main = _main_file(tree, target)
    if main is None:
        return None
    path, called = main
    module = _module_path(tree, folder_of(path))
    podfile = tree.first(join(folder, "Podfile") for folder in (app.folder, folder_of(app.folder)))
    pods = _with_pod(tree.source(podfile) or "", target.name) if podfile else None
    filed = project.with_file(target, module, path)
    linked = filed if filed is None or pods is not None else filed.with_package(target, SWIFT)
    if linked is None:
        return None
    text = _module(sdk).replace("\n", newline_of(called))
    edited = tree.put(path, called).put(module, text).put(app.manifest, linked.text)
    return edited.put(podfile, pods) if podfile and pods is not None else edited


def instrument(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The tree with the SDK in this app; the same tree when it is in; None when no safe place to start it is found."""
    source = tree.source(app.manifest) or ""
    podfiles = [tree.source(path) or "" for path in tree.named("Podfile")]
    if SWIFT.url in source or any(f"'{POD.name}'" in podfile or f'"{POD.name}"' in podfile for podfile in podfiles):
        return tree
    if name_of(app.manifest) == "Package.swift":
        return _in_package(tree, app, sdk)
    project = open_project(source, app.folder)
    for target in project.targets() if project else ():
        if project is not None and (edited := _in_target(tree, app, sdk, project=project, target=target)) is not None:
            return edited
    return None
