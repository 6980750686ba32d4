"""Serving one client over stdin and stdout, until it closes them or a signal comes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import anyio
from anyio.abc import TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

__all__ = ["serve"]

_GRACE_S = 2.0
"""The reader of stdin sits in a thread that can't be cancelled: this long after a signal the process ends anyway."""


async def serve(server: Server[Any]) -> None:
    """Serve until end of input; SIGTERM and SIGINT cancel running calls and end the process within seconds."""
    async with anyio.create_task_group() as tasks:

        async def watch(*, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                task_status.started()
                async for number in signals:
                    sys.stderr.write(f"layers-mcp: {signal.Signals(number).name}, ending\n")
                    last = threading.Timer(_GRACE_S, os._exit, args=(128 + number,))
                    last.daemon = True
                    last.start()
                    tasks.cancel_scope.cancel()
                    return

        await tasks.start(watch)
        async with stdio_server() as (read_stream, write_stream):
            await server.run(read_stream, write_stream, server.create_initialization_options())
        tasks.cancel_scope.cancel()
