"""Writes the SDK into every chosen app of a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from layers_mcp.contract.scalars import Platform
from layers_mcp.sandbox.repository.instrument import android, flutter, ios, mobile, web
from layers_mcp.sandbox.repository.instrument.sdk import Sdk, newline_of, settings_of
from layers_mcp.sandbox.repository.platforms import App
from layers_mcp.sandbox.repository.tree import Tree

__all__ = ["WRITERS", "instrument"]

WRITERS: dict[Platform, Callable[[Tree, App, Sdk], Tree | None]] = {
    "ios": ios.instrument,
    "android": android.instrument,
    "web": web.instrument,
    "react-native": mobile.instrument,
    "expo": mobile.instrument,
    "flutter": flutter.instrument,
}
_EXAMPLE = ".env.example"


def _with_example(tree: Tree, sdk: Sdk) -> Tree:
    """The app's settings, in the example a developer copies."""
    text = tree.source(_EXAMPLE) or ""
    newline = newline_of(text)
    missing = [f"{name}={value}" for name, value in settings_of(sdk).items() if f"{name}=" not in text]
    if not missing or (tree.has(_EXAMPLE) and tree.source(_EXAMPLE) is None):
        return tree
    before = f"{text.rstrip()}{newline}{newline}" if text.strip() else ""
    return tree.put(_EXAMPLE, before + newline.join(["# Layers SDK", *missing, ""]))


def instrument(tree: Tree, apps: Iterable[App], sdk: Sdk) -> tuple[Tree, tuple[Platform, ...]]:
    """The tree with the SDK in, and the stacks that carry it now; the same tree when all of them did."""
    edited, carrying = tree, list[Platform]()
    for app in apps:
        written = WRITERS[app.platform](edited, app, sdk)
        if written is not None:
            edited = written
            carrying.append(app.platform)
    return (_with_example(edited, sdk) if edited.changes else edited), tuple(carrying)
