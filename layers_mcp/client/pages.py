"""Pages of the API: those of a list, one after another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.errors import Invalid

__all__ = ["Page", "asking", "every", "no_such_page", "through"]

T_co = TypeVar("T_co", covariant=True)
Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


class Page(Protocol[T_co]):
    """A page as the API answers it."""

    @property
    def items(self) -> tuple[T_co, ...]:
        """What stands on it."""
        ...

    @property
    def next_cursor(self) -> str | None:
        """Where the next one begins; None on the last."""
        ...


P = TypeVar("P", bound=Page[Any])


class Sends(Protocol):
    """Who sends for a page."""

    def send(self, endpoint: Endpoint[Q, R], request: Q) -> Awaitable[R]:
        """The reply to `request`."""
        ...


def asking(layers: Sends, endpoint: Endpoint[Q, R], **wanted: object) -> Callable[[str | None], Awaitable[R]]:
    """What sends for the page of a list at a cursor. `wanted`: fields of the request; those that are None are not sent."""

    def ask(cursor: str | None) -> Awaitable[R]:
        given = {name: value for name, value in {**wanted, "cursor": cursor or None}.items() if value is not None}
        return layers.send(endpoint, endpoint.request.model_validate(given))

    return ask


async def through(ask: Callable[[str | None], Awaitable[P]], *, pages: int) -> AsyncIterator[P]:
    """The first `pages` pages; `ask` sends for the one at a cursor."""
    cursor: str | None = None
    for _ in range(pages):
        page = await ask(cursor)
        yield page
        cursor = page.next_cursor
        if cursor is None:
            break


async def every(ask: Callable[[str | None], Awaitable[Page[T_co]]], *, pages: int) -> list[T_co]:
    """What stands on the first `pages` pages, as `through` has them."""
    return [one async for page in through(ask, pages=pages) for one in page.items]


def no_such_page() -> Invalid:
    """The refusal of a cursor that came with no answer of ours."""
    words = "is none that came with an answer; leave it out for the first page"
    return Invalid("there is no such page", details={"issues": [{"path": "cursor", "message": words}]})
