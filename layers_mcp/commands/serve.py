"""`layers-mcp`, and `layers-mcp serve` without more: MCP over stdio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.lowlevel import Server

from layers_mcp.app import App
from layers_mcp.commands.opening import opened
from layers_mcp.founding import suggesting, tasking
from layers_mcp.server.bind import bind
from layers_mcp.server.stdio import serve as serve_stdio
from layers_mcp.settings import settings_or_exit
from layers_mcp.warming import warmed

__all__ = ["serve"]

Transport = Callable[[Server[Any], Callable[[], Awaitable[None]]], Awaitable[None]]
"""Serves until its end comes; the second argument closes the house, for a transport that ends the process itself."""


async def _serve(app: App, transport: Transport, *, sandbox: bool) -> None:
    async with app.serving(), warmed(sandbox=sandbox) as told:
        server = bind(app.catalog, app.answer, app.fill, suggest=suggesting(app.house), tasks=tasking(app.house), told=told)
        await transport(server, app.close)


def serve(flags: Mapping[str, object] | None = None) -> None:
    """Serve one client over stdio until it closes stdin. stdout carries protocol frames only."""
    settings = settings_or_exit(flags)
    asyncio.run(_serve(opened(settings), serve_stdio, sandbox=not settings.live))
