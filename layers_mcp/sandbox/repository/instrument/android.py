"""The SDK in a native Android app."""

from __future__ import annotations

import re
from dataclasses import dataclass

from layers_mcp.sandbox.repository.instrument.blocks import closing, depth_at
from layers_mcp.sandbox.repository.instrument.sdk import EVENTS_ARE, Sdk, free_path, newline_of, quoted
from layers_mcp.sandbox.repository.packages import ANDROID, ENDPOINT
from layers_mcp.sandbox.repository.parse import xml_root
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join, name_of

__all__ = ["instrument"]

_NAME = "{http://schemas.android.com/apk/res/android}name"
_ON_CREATE = re.compile(r"\bonCreate\s*\([^)]*\)\s*(?::\s*Unit\s*)?\{")
_SUPER = re.compile(r"super\.onCreate\([^)]*\)[ \t]*;?")
_SOURCES = ("src/main/java", "src/main/kotlin", "src/androidMain/kotlin")
_MANIFESTS = ("src/main/AndroidManifest.xml", "src/androidMain/AndroidManifest.xml")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the SDK is started: a file, the package it is in, and what stands for the context there."""

    path: str
    package: str
    kotlin: bool


def _with_library(gradle: str, *, kotlin_script: bool) -> str | None:
    """The build file with the library at the end of its dependencies."""
    newline = newline_of(gradle)
    quote = '"' if kotlin_script or re.search(r"implementation[ (]\"", gradle) else "'"
    coordinate = f"{quote}{ANDROID.name}:{ANDROID.version}{quote}"
    line = f"implementation({coordinate})" if kotlin_script or "implementation(" in gradle else f"implementation {coordinate}"
    shared = re.search(r"\bandroidMain\.dependencies\s*\{", gradle)
    blocks = [found for found in re.finditer(r"^dependencies\s*\{", gradle, re.MULTILINE) if depth_at(gradle, found.start()) == 0]
    block = shared or (blocks[-1] if blocks else None)
    if block is None:
        return f"{gradle.rstrip()}{newline}{newline}dependencies {{{newline}    {line}{newline}}}{newline}"
    end = closing(gradle, block.end() - 1)
    if end is None:
        return None
    lines = gradle[block.end() : end].split(newline)
    inner = next((text[: len(text) - len(text.lstrip())] for text in lines if text.strip()), "    ")
    start = gradle.rfind("\n", 0, end) + 1
    if gradle[start:end].strip():
        return f"{gradle[:end]}{newline}{inner}{line}{newline}{gradle[end:]}"
    return f"{gradle[:start]}{inner}{line}{newline}{gradle[start:]}"


def _class_file(tree: Tree, app: App, name: str) -> str | None:
    """The source of a class named in the manifest, `.Main` or in full."""
    tail = name.lstrip(".").rpartition(".")[2]
    roots = tuple(join(app.folder, source) + "/" for source in _SOURCES)
    return next((path for path in tree.named(f"{tail}.kt", f"{tail}.java") if path.startswith(roots)), None)


def _places(tree: Tree, app: App) -> list[_Place]:
    """The application class, then the activities, of the app's manifest."""
    manifest = tree.first(join(app.folder, path) for path in _MANIFESTS)
    root = xml_root(tree.read(manifest)) if manifest else None
    if root is None:
        return []
    names = [node.get(_NAME) for tag in ("application", "activity") for node in root.iter(tag)]
    paths = [path for name in names if name and (path := _class_file(tree, app, name))]
    found: list[_Place] = []
    for path in dict.fromkeys(paths):
        package = re.search(r"^[ \t]*package\s+([\w.`]+)", tree.source(path) or "", re.MULTILINE)
        if package is not None:
            found.append(_Place(path, package[1], path.endswith(".kt")))
    return found


def _with_call(source: str, *, kotlin: bool) -> str | None:
    """The class that starts Layers after `super.onCreate`, or None when it has none."""
    opening = _ON_CREATE.search(source)
    end = closing(source, opening.end() - 1) if opening else None
    start = _SUPER.search(source, opening.end(), end) if opening and end else None
    if start is None:
        return None
    line = source[source.rfind("\n", 0, start.start()) + 1 : start.start()]
    indent = line if not line.strip() else "        "
    return f"{source[: start.end()]}{newline_of(source)}{indent}LayersSdk.start(this){'' if kotlin else ';'}{source[start.end() :]}"


def _kotlin(place: _Place, sdk: Sdk) -> str:
    names = "".join(f"        {quoted(name, dollar=True)},\n" for name in sdk.events)
    events = f"    /** {EVENTS_ARE} */\n    val EVENTS = listOf(\n{names}    )\n\n" if sdk.events else ""
    return (
        f"package {place.package}\n\nimport android.content.Context\nimport com.layers.sdk.Layers\n\n"
        "/** Sends this app's events to Layers; started once, at launch. */\nobject LayersSdk {\n"
        f'    private const val APP_ID = {quoted(sdk.app_id, dollar=True)}\n    private const val ENDPOINT = "{ENDPOINT}"\n\n{events}'
        "    fun start(context: Context) {\n        Layers.configure(context.applicationContext, APP_ID, ENDPOINT)\n    }\n}\n"
    )


def _java(place: _Place, sdk: Sdk) -> str:
    names = ", ".join(quoted(name) for name in sdk.events)
    events = f"    /** {EVENTS_ARE} */\n    static final String[] EVENTS = {{{names}}};\n\n" if sdk.events else ""
    return (
        f"package {place.package};\n\nimport android.content.Context;\n\nimport com.layers.sdk.Layers;\n\n"
        "/** Sends this app's events to Layers; started once, at launch. */\nfinal class LayersSdk {\n"
        f"    private static final String APP_ID = {quoted(sdk.app_id)};\n"
        f'    private static final String ENDPOINT = "{ENDPOINT}";\n\n{events}'
        "    private LayersSdk() {}\n\n    static void start(Context context) {\n"
        "        Layers.configure(context.getApplicationContext(), APP_ID, ENDPOINT);\n    }\n}\n"
    )


def instrument(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The tree with the SDK in this app; the same tree when it is in; None when there is no `onCreate` to start it from."""
    gradle = tree.source(app.manifest)
    if gradle is None:
        return None
    if f"{ANDROID.name}:" in gradle:
        return tree
    added = _with_library(gradle, kotlin_script=name_of(app.manifest).endswith(".kts"))
    for place in _places(tree, app):
        source = tree.source(place.path) or ""
        called = _with_call(source, kotlin=place.kotlin)
        if called is not None and added is not None:
            kind = "kt" if place.kotlin else "java"
            module = free_path(tree, join(folder_of(place.path), f"LayersSdk.{kind}"), f"LayersSdk.{kind}")
            if tree.has(module):
                return None
            text = (_kotlin if place.kotlin else _java)(place, sdk).replace("\n", newline_of(source))
            return tree.put(app.manifest, added).put(place.path, called).put(module, text)
    return None
