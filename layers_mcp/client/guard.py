"""The API for one call that may be stopped in its middle: each write is looked at once more whenever it is about to go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from layers_mcp.client.layers import Layers
from layers_mcp.client.partner import Seen
from layers_mcp.client.picture import SMALL, Bounds, Picture
from layers_mcp.client.sent import Check
from layers_mcp.clock import Clock
from layers_mcp.contract.endpoint import Endpoint, Reply, Request

__all__ = ["Guard"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Guard:
    """The same client; before each attempt at a write it asks whether that may still go out."""

    def __init__(self, inner: Layers, check: Check) -> None:
        """`check` raises what a write is refused with."""
        self._inner = inner
        self._check = check

    @property
    def clock(self) -> Clock:
        """What it sleeps by."""
        return self._inner.clock

    @property
    def request_id(self) -> str | None:
        """The request id of the last answer in this task."""
        return self._inner.request_id

    def now(self) -> datetime:
        """The API's time."""
        return self._inner.now()

    async def send(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None = None) -> R:
        """The reply to `request`; a write that is refused was never sent, or is `unsure`: an earlier attempt may have been heard."""
        return await self._inner.send(endpoint, request, key=key, check=self._check)

    async def look(self, endpoint: Endpoint[Q, R], request: Q, etag: str | None = None) -> Seen[R]:
        """One look, which only reads."""
        return await self._inner.look(endpoint, request, etag)

    async def pass_on(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R]]) -> R:
        """What somebody else's look brings."""
        return await self._inner.pass_on(endpoint, request, ask)

    def hear(self, request_id: str | None) -> None:
        """Make an answer that another task got on behalf of this one the last of this task."""
        self._inner.hear(request_id)

    async def picture(self, url: str, bounds: Bounds = SMALL) -> Picture | None:
        """The file within `bounds` at a URL that an answer named."""
        return await self._inner.picture(url, bounds)
