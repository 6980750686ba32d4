"""`layers-mcp`, and `layers-mcp serve` without more: MCP over stdio."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.lowlevel import Server

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.exporting import export_spans, wants_spans
from layers_mcp.founding import suggesting, tasking
from layers_mcp.server.bind import bind
from layers_mcp.server.stdio import serve as serve_stdio
from layers_mcp.settings import Settings, settings_or_exit
from layers_mcp.warming import warmed

__all__ = ["opened", "serve"]

Transport = Callable[[Server[Any], Callable[[], Awaitable[None]]], Awaitable[None]]
"""Serves until its end comes; the second argument closes the house, for a transport that ends the process itself."""


async def _serve(app: App, transport: Transport, *, sandbox: bool) -> None:
    async with app.serving(), warmed(sandbox=sandbox) as told:
        server = bind(app.catalog, app.answer, app.fill, suggest=suggesting(app.house), tasks=tasking(app.house), told=told)
        await transport(server, app.close)


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


def serve(flags: Mapping[str, object] | None = None) -> None:
    """Serve one client over stdio until it closes stdin. stdout carries protocol frames only."""
    settings = settings_or_exit(flags)
    asyncio.run(_serve(opened(settings), serve_stdio, sandbox=not settings.live))
