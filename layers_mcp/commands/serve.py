"""`layers-mcp serve`: MCP over stdio, or over HTTP for many clients of this machine."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.lowlevel import Server

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.server.bind import bind
from layers_mcp.server.stdio import serve as serve_stdio
from layers_mcp.settings import settings_or_exit

__all__ = ["run", "serve"]

Transport = Callable[[Server[Any], App], Awaitable[None]]


async def _serve(app: App, transport: Transport) -> None:
    try:
        await transport(bind(app.catalog, app.answer, app.fill), app)
    finally:
        await app.close()


def run(transport: Transport, *, page: str | None = None, flags: Mapping[str, object] | None = None) -> None:
    """Serve over `transport` until it ends, with the settings of the environment and `flags` over them; the log goes to stderr.

    `page`: where a person answers in a browser, when the transport serves that too.
    """
    settings = settings_or_exit(flags)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    try:
        app = App(settings, WallClock(), page=page)
    except ValueError as problem:  # a tool or a policy that can't be held to, by name
        sys.stderr.write(f"layers-mcp: {problem}\n")
        raise SystemExit(2) from None
    asyncio.run(_serve(app, transport))


def serve(flags: Mapping[str, object] | None = None) -> None:
    """Serve one client over stdio until it closes stdin. stdout carries protocol frames only."""
    run(lambda server, _: serve_stdio(server), flags=flags)
