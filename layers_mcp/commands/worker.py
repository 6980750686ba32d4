"""`layers-mcp worker`: works the loops off, beside the servers or without one, until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys

from layers_mcp.app import App
from layers_mcp.commands.serve import opened
from layers_mcp.settings import settings_or_exit

__all__ = ["worker"]


async def _work(app: App, place: str) -> None:
    """Until SIGTERM or SIGINT; steps in flight end first, and what is left goes to others."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        await app.work(place)
        sys.stderr.write(f"layers-mcp: {place} works the loops off as soon as there is a seat; layers-mcp runs shows who has one\n")
        await stop.wait()
    finally:
        await app.close()


def worker() -> None:
    """Work the loops off until a signal comes: one process on this machine, or any number on a database of LAYERS_DATABASE_URL."""
    place = f"layers-mcp worker (process {os.getpid()} on {socket.gethostname()})"
    asyncio.run(_work(opened(settings_or_exit()), place))
