"""How much of a list fits: whole rows, until a page is as long as a reader should have to take in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel

__all__ = ["AT_MOST_CHARACTERS", "brief", "fitting"]

AT_MOST_CHARACTERS = 14_500
"""Characters of JSON of one page: text and record together within the 8,000 tokens of design §4, whichever a client shows."""
BRIEF = 120
"""Characters of a text in a brief row."""

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|_[0-9A-HJKMNP-TV-Z]{26}")
_DENSE = 60
"""Characters that an id counts more than it has: a tokenizer cuts it into far shorter pieces than words."""

T = TypeVar("T", bound=BaseModel)


def brief(words: str | None) -> str | None:
    """The beginning of a text, enough to know it again."""
    return words if words is None or len(words) <= BRIEF else f"{words[: BRIEF - 1]}…"


def fitting(rows: Sequence[T]) -> tuple[T, ...]:
    """The first rows that fit on one page; always one, however long."""
    kept: list[T] = []
    length = 0
    for row in rows:
        words = row.model_dump_json(by_alias=True, exclude_none=True)
        length += len(words) + _DENSE * len(_ID.findall(words))
        if kept and length > AT_MOST_CHARACTERS:
            break
        kept.append(row)
    return tuple(kept)
