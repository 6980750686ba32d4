"""Pages of the API as a tool takes them: one that is short enough to show, or all that there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, StringConstraints

from layers_mcp.tool.declaration import Arguments
from layers_mcp.tool.outcome import Next
from layers_mcp.tool.size import fitting

__all__ = ["Cursor", "Leaf", "Page", "every", "leaf", "through"]

Cursor = Annotated[str, StringConstraints(max_length=500)]
"""Where a page begins, in the words of the answer before; the bound is ours."""

T = TypeVar("T", bound=BaseModel)
T_co = TypeVar("T_co", covariant=True)


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


@dataclass(frozen=True, kw_only=True)
class Leaf(Generic[T]):
    """A page as it is shown. `say`: the sentence of it; `next`: the call that takes it in smaller pages when it was too long."""

    items: tuple[T, ...]
    say: str
    has_more: bool
    next_cursor: str | None
    next: tuple[Next, ...] = ()


def leaf(tool: str, request: Arguments, items: Sequence[T], next_cursor: str | None, *, what: str) -> Leaf[T]:
    """As many of a page's `items` as fit in an answer of `tool`, which takes `limit`; `what` they are, in the plural."""
    shown = fitting(items)
    if len(shown) == len(items):
        say = f"{what.capitalize()} on this page: {len(items)}."
        return Leaf(items=shown, say=say, has_more=next_cursor is not None, next_cursor=next_cursor)
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True) | {"limit": len(shown)}
    step = Next(tool=tool, arguments=again, why="The page was too long to show: take it in smaller pages.")
    return Leaf(items=shown, say=f"Only {len(shown)} of {len(items)} {what} fit here.", has_more=True, next_cursor=None, next=(step,))


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
