"""`layers-mcp`: serve MCP over stdio."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.server.bind import bind
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.stdio import serve as serve_stdio
from layers_mcp.settings import Settings, settings_or_exit

__all__ = ["serve"]


async def _serve(settings: Settings) -> None:
    app = App(settings, WallClock())
    try:
        await serve_stdio(bind(read_catalog(), app.answer))
    finally:
        await app.close()


def serve() -> None:
    """Serve until the client closes stdin. stdout carries protocol frames only; the log goes to stderr."""
    settings = settings_or_exit(os.environ)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    asyncio.run(_serve(settings))
