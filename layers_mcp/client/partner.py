"""The Partner API as a call meets it: the client itself, or the client behind a fence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from layers_mcp.client.picture import SMALL, Bounds, Picture
from layers_mcp.clock import Clock
from layers_mcp.contract.endpoint import Endpoint, Reply, Request

__all__ = ["Partner", "Seen"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Seen(NamedTuple, Generic[R]):
    """One look: the reply, None when nothing changed since the etag that was sent; and the etag of what stands there now.

    `retry_after_s`: seconds that Layers asked not to be asked again for, where it did.
    """

    reply: R | None
    etag: str | None
    retry_after_s: float | None = None


class Partner(Protocol):
    """What can be asked of the API; `client.layers` says what each of these does."""

    @property
    def clock(self) -> Clock:
        """What it sleeps by."""
        ...

    @property
    def request_id(self) -> str | None:
        """The request id of the last answer in this task."""
        ...

    def now(self) -> datetime:
        """The API's time."""
        ...

    async def send(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None = None) -> R:
        """The reply to `request`."""
        ...

    async def look(self, endpoint: Endpoint[Q, R], request: Q, etag: str | None = None) -> Seen[R]:
        """One look at something that may not have changed since `etag`."""
        ...

    async def pass_on(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R]]) -> R:
        """What `ask` brings for `request`, by a look that somebody else makes, as an answer of this client's own."""
        ...

    def hear(self, request_id: str | None) -> None:
        """Make an answer that another task got on behalf of this one the last of this task."""
        ...

    async def picture(self, url: str, bounds: Bounds = SMALL) -> Picture | None:
        """The file within `bounds` at a URL that an answer named."""
        ...
