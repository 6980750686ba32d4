"""The app of a process, as every command that keeps running opens it."""

from __future__ import annotations

import logging
import os
import sys

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.exporting import export_spans, wants_spans
from layers_mcp.settings import Settings

__all__ = ["opened"]


def opened(settings: Settings, *, page: str | None = None) -> App:
    """The app, with the log on stderr; a tool, policy or file that can't be held to ends the process, by name.

    `page`: where a person answers in a browser, when the transport serves that too.
    """
    if wants_spans(os.environ) and (lacking := export_spans()) is not None:
        sys.stderr.write(f"layers-mcp: {lacking}\n")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        return App(settings, WallClock(), page=page)
    except ValueError as problem:
        sys.stderr.write(f"layers-mcp: {problem}\n")
        raise SystemExit(2) from None
