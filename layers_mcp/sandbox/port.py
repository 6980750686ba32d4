"""A port of this machine for a world that lives inside another program."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self

import uvicorn
from starlette.types import ASGIApp

__all__ = ["IDLE_S", "Port"]

IDLE_S = 75
"""How long an idle connection stays open: longer than clients keep theirs (httpx2: 5 s), whose requests would else meet its end."""

_GRACE_S = 1
_BACKLOG = 128
_KEPT = "site.port"
_PORTS = range(1024, 65_536)


class _Guest(uvicorn.Server):
    """A server that leaves the signals to the program it lives in."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


class Port:
    """A port on 127.0.0.1, known before anything is served there; callers wait until then. `number`: which, 0 for any free one.

    Raises:
        OSError: the port is taken, or not for us.
    """

    def __init__(self, number: int = 0) -> None:
        self.socket = socket.create_server(("127.0.0.1", number), backlog=_BACKLOG)
        self.number = int(self.socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.number}"

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The port that `folder` keeps, so that links outlive the process that handed them out; another one while that is taken."""
        try:
            kept = int((folder / _KEPT).read_text(encoding="ascii"))
            return cls(kept if kept in _PORTS else 0)
        except (OSError, ValueError):
            return cls()

    def keep(self, folder: Path) -> None:
        """Let `folder` keep this port, unless it keeps one."""
        with suppress(FileExistsError), (folder / _KEPT).open("x", encoding="ascii") as file:
            file.write(str(self.number))

    def release(self) -> None:
        """Let go of it."""
        self.socket.close()

    @asynccontextmanager
    async def serving(self, app: ASGIApp) -> AsyncGenerator[None]:
        """Serve `app` here, within this event loop."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = _Guest(config)
        task = asyncio.create_task(server.serve(sockets=[self.socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await task
