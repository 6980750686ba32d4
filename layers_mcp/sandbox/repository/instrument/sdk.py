"""What is written into every app, and how text gets into source code."""

from __future__ import annotations

from dataclasses import dataclass

from layers_mcp.sandbox.clean import clean
from layers_mcp.sandbox.repository.packages import ENDPOINT
from layers_mcp.sandbox.repository.tree import Tree, folder_of, join

__all__ = ["EVENTS_ARE", "Sdk", "free_path", "newline_of", "quoted", "settings_of"]


EVENTS_ARE = "The events Layers takes from this app; others are dropped where they arrive."
"""What the list of events in an app says of itself."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """The app's id at Layers, and the events it may send (empty: all)."""

    app_id: str
    events: tuple[str, ...] = ()


def settings_of(sdk: Sdk) -> dict[str, str]:
    """The two settings every install spec names (layers-api: install-spec)."""
    return {"LAYERS_APP_ID": sdk.app_id, "LAYERS_INGEST_ENDPOINT": ENDPOINT}


def quoted(text: str, quote: str = '"', *, dollar: bool = False) -> str:
    """A string literal; `dollar` for languages that interpolate with `$`."""
    visible = clean(text, 200) or ""
    escaped = visible.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{escaped.replace('$', chr(92) + '$') if dollar else escaped}{quote}"


def newline_of(text: str) -> str:
    """The line ending a file uses."""
    return "\r\n" if "\r\n" in text else "\n"


def free_path(tree: Tree, path: str, other: str) -> str:
    """`path`, or a file named `other` beside it when the app has one of its own there."""
    return join(folder_of(path), other) if tree.has(path) else path
