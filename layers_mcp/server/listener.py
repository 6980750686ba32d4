"""The HTTP server as a process: it listens, is impatient with slow clients, and ends within five seconds of a signal."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from types import FrameType
from typing import Any

import uvicorn
from mcp.server.lowlevel import Server
from sse_starlette.sse import AppStatus
from uvicorn.protocols.http.h11_impl import H11Protocol

from layers_mcp.server.edge import Edge
from layers_mcp.server.http import Door, build
from layers_mcp.server.running import Running

__all__ = ["serve", "served"]

_HEADERS_S = 10.0
"""A request's line and headers have to be there in this time; uvicorn itself waits for ever."""
_IDLE_S = 150
"""How long an idle connection stays open: longer than clients (httpx2: 5 s) and the usual proxies (up to two minutes) keep theirs.

Who closes first loses nothing; a request that meets the other's end is lost on the way, and the SDK's SSE client is mute from then on.
A proxy that keeps its connections longer has to be told less.
"""
_CALLS_S = 3.0
"""After a signal, running calls get this long; with all that follows the process is gone within five seconds."""
_STREAMS_S = 1
"""What is still open then gets this long, and is cut off."""
_LAST_S = 4.7
"""After a signal the process ends now, whatever still runs."""


class _Impatient(H11Protocol):
    """uvicorn's protocol, but a client has to say what it wants in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  as uvicorn's own
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._await_headers()

    def data_received(self, data: bytes) -> None:
        """Stop waiting when a request is there, and wait again when only a part of the next one is."""
        super().data_received(data)
        self._await_headers()

    def _await_headers(self) -> None:
        idle = self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]  None before the first
        if idle and self._late is None:
            self._late = asyncio.get_running_loop().call_later(_HEADERS_S, self.transport.close)
        elif not idle and self._late is not None:
            self._late.cancel()
            self._late = None


class _Server(uvicorn.Server):
    """uvicorn's server, ending in our order: no new requests, running calls, streams; no signal is raised again, so we close the house."""

    def __init__(self, config: uvicorn.Config, running: Running) -> None:
        super().__init__(config)
        self._running = running
        self.failed = False

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if self.should_exit:  # a second one: at once
            os._exit(128 + number)
        last = threading.Timer(_LAST_S, os._exit, args=(128 + number,))
        last.daemon = True
        last.start()
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take the signals that end us, for as long as we serve."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._signalled)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the doors, wait for the calls, then end the streams and the rest."""
        for listening in self.servers:
            listening.close()
        await self._running.settle(_CALLS_S)
        AppStatus.should_exit = True
        await super().shutdown(sockets)


class _Beside(uvicorn.Server):
    """uvicorn's server beside other work, which hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take none."""
        yield


def _config(app: Edge, door: Door, *, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=_Impatient,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=2 * door.sessions + 64,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_STREAMS_S,
        reset_contextvars=True,
    )


async def serve(server: Server[Any], door: Door, running: Running, *, host: str, port: int) -> None:
    """Serve on `host` until a signal comes; a port that can't be had ends the process with code 1."""
    AppStatus.disable_automatic_graceful_drain()  # streams end when `shutdown` says so, after the calls that answer on them
    app = build(server, door, ending=lambda: running.ending)
    await _Server(_config(app, door, host=host, port=port), running).serve()
    sys.stderr.flush()


@contextlib.asynccontextmanager
async def served(door: Door, bound: socket.socket) -> AsyncGenerator[None]:
    """Meanwhile serve what is no MCP on a socket that listens, while the process does other work and hears the signals itself."""
    beside = _Beside(_config(build(None, door), door))
    task = asyncio.create_task(beside.serve([bound]))
    try:
        yield
    finally:
        beside.should_exit = True
        await task
