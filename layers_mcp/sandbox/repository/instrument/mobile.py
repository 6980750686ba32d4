"""The SDK in a React Native or Expo app."""

from __future__ import annotations

from layers_mcp.sandbox.repository.instrument.javascript import Manner, events_of, manner_of, with_import
from layers_mcp.sandbox.repository.instrument.package_json import with_dependency
from layers_mcp.sandbox.repository.instrument.sdk import Sdk, free_path, newline_of
from layers_mcp.sandbox.repository.packages import REACT_NATIVE, needed
from layers_mcp.sandbox.repository.parse import json_value, text_at
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join, name_of

__all__ = ["instrument"]

_KINDS = ("tsx", "ts", "jsx", "js", "mjs")
_ROUTES = ("app/_layout", "src/app/_layout")
_ENTRIES = ("index", "App", "src/App", "src/index", "app/App", "app/index")


def _entry(tree: Tree, app: App) -> str | None:
    """The file that runs first and is the app's own: Expo Router's layout, the registered index, else the root component."""
    layout = tree.first(join(app.folder, f"{stem}.{kind}") for stem in _ROUTES for kind in _KINDS)
    if layout is not None:
        return layout
    main = text_at(json_value(tree.read(app.manifest)), "main")
    named = [join(app.folder, main.removeprefix("./"))] if main and not main.startswith(("node_modules", "expo")) else []
    stems = [join(app.folder, f"{stem}.{kind}") for stem in _ENTRIES for kind in _KINDS]
    return tree.first([*(path for path in named if path.endswith(_KINDS)), *stems])


def _module(sdk: Sdk, manner: Manner, *, typed: bool) -> str:
    quote, end = manner.text, manner.end
    return (
        f"import {{ LayersReactNative }} from {quote(REACT_NATIVE.name)}{end}\n{events_of(sdk, manner, typed=typed)}\n"
        "/** Sends this app's events to Layers; imported once, by the entry. */\n"
        "export const layers = new LayersReactNative({\n"
        f"  appId: {quote(sdk.app_id)},\n"
        f"  environment: __DEV__ ? {quote('development')} : {quote('production')},\n"
        f"}}){end}\n\n"
        f"void layers.init(){end}\n"
    )


def instrument(tree: Tree, app: App, sdk: Sdk) -> Tree | None:
    """The tree with the SDK in this app; the same tree when it is in; None when no entry is found."""
    manifest, entry = tree.source(app.manifest), _entry(tree, app)
    source = tree.source(entry) if entry else None
    if manifest is None or entry is None or source is None:
        return None
    if f'"{REACT_NATIVE.name}"' in manifest:
        return tree
    for package in needed(app.platform):
        manifest = with_dependency(manifest, package)
        if manifest is None:
            return None
    manner = manner_of(source)
    typed = tree.has(join(app.folder, "tsconfig.json")) or entry.endswith((".ts", ".tsx"))
    routed = name_of(entry).startswith("_layout.")
    beside = folder_of(folder_of(entry)) if routed else folder_of(entry)
    kind = "ts" if typed else "js"
    module = free_path(tree, join(beside, f"layers.{kind}"), f"layersSdk.{kind}")
    target = f"{'../' if routed else './'}{name_of(module).rpartition('.')[0]}"
    text = _module(sdk, manner, typed=typed).replace("\n", newline_of(source))
    return tree.put(app.manifest, manifest).put(module, text).put(entry, with_import(source, target))
