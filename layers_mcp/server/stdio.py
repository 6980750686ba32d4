"""Serving one client over stdin and stdout, until it closes them or a signal comes."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
from anyio.abc import TaskStatus
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

__all__ = ["serve"]

_GRACE_S = 3.0
"""Closing what is open gets this long after a signal; then the process ends anyway, with 128 and the signal's number."""


async def serve(server: Server[Any], close: Callable[[], Awaitable[None]]) -> None:
    """Serve until end of input; SIGTERM and SIGINT cancel running calls, `close` the house and end the process with code 0."""
    running, stopped = anyio.CancelScope(), anyio.Event()

    async def watch(*, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            task_status.started()
            async for number in signals:
                if stopped.is_set():  # a second one: at once
                    os._exit(128 + number)
                sys.stderr.write(f"layers-mcp: {signal.Signals(number).name}, ending\n")
                last = threading.Timer(_GRACE_S, os._exit, args=(128 + number,))
                last.daemon = True
                last.start()
                stopped.set()
                running.cancel()

    async with anyio.create_task_group() as tasks:
        await tasks.start(watch)
        async with stdio_server() as (read_stream, write_stream):
            with running:
                await server.run(read_stream, write_stream, server.create_initialization_options())
            if stopped.is_set():
                await close()
                os._exit(0)  # the reader of stdin sits in a thread that can't be cancelled, so nothing after this would be reached
        tasks.cancel_scope.cancel()
