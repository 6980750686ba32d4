"""Lists, page by page: a cursor is opaque, and bound to its list and its sort (layers-api: pagination)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Column, Row, Select, and_, or_
from sqlalchemy import Connection as Database

from layers_mcp.sandbox.columns import from_ms, to_ms
from layers_mcp.sandbox.visit import invalid

__all__ = ["Keys", "Window", "page", "whole_page"]

T = TypeVar("T")
_MOST = 2**47
"""Beyond every instant and every row that can be."""


class Keys(NamedTuple):
    """What a list is sorted by, latest first: an instant, then the order of making. `name` tells lists apart."""

    name: str
    at: Column[datetime]
    seq: Column[int]


class Window(NamedTuple):
    """Which part of a list is asked for: at most `limit` things after `cursor`."""

    cursor: str | None
    limit: int


def _write(name: str, at: datetime, seq: int) -> str:
    plain = json.dumps([name, to_ms(at), seq], separators=(",", ":"))
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _read(name: str, cursor: str) -> tuple[int, int]:
    try:
        match json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)):
            case [str(given), int(at), int(seq)] if given == name and abs(at) < _MOST and abs(seq) < _MOST:
                return at, seq
            case _:
                raise invalid("cursor", "is not a cursor of this list")
    except (binascii.Error, ValueError) as error:
        raise invalid("cursor", "is not a cursor of this list") from error


def page(
    database: Database, query: Select[Any], keys: Keys, window: Window, *, see: Callable[[Row[Any]], T | None]
) -> tuple[tuple[T, ...], str | None]:
    """The things in `window`, and the cursor of the next page, None on the last.

    `see` turns a row into the thing, or into None when the list leaves it out.

    Raises:
        errors.Invalid: the cursor is of another list, or none at all.
    """
    if window.cursor is not None:
        at, seq = _read(keys.name, window.cursor)
        query = query.where(or_(keys.at < from_ms(at), and_(keys.at == from_ms(at), keys.seq < seq)))
    seen: list[T] = []
    last = ""
    with database.execute(query.order_by(keys.at.desc(), keys.seq.desc()).execution_options(yield_per=window.limit + 1)) as rows:
        for row in rows:
            thing = see(row)
            if thing is None:
                continue
            if len(seen) == window.limit:
                return tuple(seen), last
            seen.append(thing)
            last = _write(keys.name, getattr(row, keys.at.key), getattr(row, keys.seq.key))
    return tuple(seen), None


def whole_page(found: Sequence[T], window: Window, *, known_as: str) -> tuple[tuple[T, ...], str | None]:
    """The same for a list that is short enough to be made whole; `known_as`: the field that its cursors name.

    A cursor that names nothing here is the first page (layers-api: ads-content).
    """
    names: list[str] = [getattr(one, known_as) for one in found]
    start = names.index(window.cursor) + 1 if window.cursor in names else 0
    end = start + window.limit
    return tuple(found[start:end]), names[end - 1] if end < len(found) else None
