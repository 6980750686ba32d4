"""Pages of the API as a tool shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, StringConstraints

from layers_mcp.tool.declaration import Arguments
from layers_mcp.tool.outcome import Next
from layers_mcp.tool.size import fitting

__all__ = ["Cursor", "Leaf", "leaf"]

Cursor = Annotated[str, StringConstraints(max_length=500)]
"""Where a page begins, in the words of the answer before; the bound is ours."""

T = TypeVar("T", bound=BaseModel)


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
