"""A port of this machine for a world that lives inside another program."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

__all__ = ["Port"]

_GRACE_S = 1
_BACKLOG = 128


class _Guest(uvicorn.Server):
    """A server that leaves the signals to the program it lives in."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


class Port:
    """A free port on 127.0.0.1, known before anything is served there; callers wait until then."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def release(self) -> None:
        """Let go of it."""
        self._socket.close()

    @asynccontextmanager
    async def serving(self, app: ASGIApp) -> AsyncGenerator[None]:
        """Serve `app` here, within this event loop."""
        config = uvicorn.Config(
            app, log_config=None, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=_GRACE_S
        )
        server = _Guest(config)
        task = asyncio.create_task(server.serve(sockets=[self._socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await task
