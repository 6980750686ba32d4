"""The trail: one row for each call, never changed and never removed, each chained to the one before by its digest.

Whoever changes, drops, adds or reorders rows without making every later digest anew is found out by `flaw`; whoever makes them all anew is
not, unless an older `end` was kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator

from sqlalchemy import Connection, Engine, RowMapping, bindparam, func, insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add_or_hold
from layers_mcp.store.rows import Entry, Link
from layers_mcp.store.tables import trail, trail_end

__all__ = ["Trail", "chained"]

_START = "0" * 64
_FIELDS = [trail.c[name] for name in Entry.model_fields]
_PAGE = 1000
_ADD = insert(trail)
_END = select(trail_end.c.number, trail_end.c.digest).with_for_update()
_MOVE = update(trail_end).values(number=bindparam("last"), digest=bindparam("its"))


def chained(before: str, number: int, entry: Entry) -> str:
    """The digest of an entry in its place: SHA-256 over the digest before it, its number and all its fields that say something.

    A field that is empty is left out, so that entries from before there was such a field keep their digests.
    """
    said = json.dumps([before, number, entry.model_dump(mode="json", exclude_none=True)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _end(connection: Connection) -> tuple[int, str]:
    """Number and digest of the last entry, held against others until the transaction ends."""
    found = connection.execute(_END).mappings().first() or add_or_hold(connection, trail_end, {"id": 1, "number": 0, "digest": _START})
    return (0, _START) if found is None else (found["number"], found["digest"])


def _link(row: RowMapping) -> Link:
    entry = Entry.model_validate({name: row[name] for name in Entry.model_fields})
    return Link(number=row["number"], entry=entry, digest=row["digest"])


class Trail:
    """Who called what, and how it ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, entry: Entry) -> None:
        """Write one call down, after all others."""
        with writing(self._engine) as connection:
            last, before = _end(connection)
            digest = chained(before, last + 1, entry)
            connection.execute(_ADD, entry.model_dump() | {"number": last + 1, "digest": digest})
            connection.execute(_MOVE, {"last": last + 1, "its": digest})

    def recent(self, principal: str | None = None, *, spellings: Collection[str] | None = None, limit: int = 50) -> tuple[Entry, ...]:
        """The latest calls, newest first; of one principal, or of one project by its spellings in lower case, where they are given."""
        wanted = select(*_FIELDS).order_by(trail.c.number.desc()).limit(limit)
        if principal is not None:
            wanted = wanted.where(trail.c.principal == principal)
        if spellings is not None:
            wanted = wanted.where(func.lower(trail.c.project_id).in_(spellings))
        with reading(self._engine) as connection:
            return tuple(Entry.model_validate(dict(row)) for row in connection.execute(wanted).mappings())

    def page(self, principal: str, *, before: int | None = None, limit: int = 50) -> tuple[Link, ...]:
        """The latest calls of a principal in their places, newest first; below the number `before` where it is given."""
        wanted = select(trail).where(trail.c.principal == principal).order_by(trail.c.number.desc()).limit(limit)
        with reading(self._engine) as connection:
            found = connection.execute(wanted if before is None else wanted.where(trail.c.number < before)).mappings().all()
        return tuple(_link(row) for row in found)

    def _links(self, connection: Connection) -> Iterator[Link]:
        """Every entry in its order."""
        last = -1
        while True:
            page = select(trail).where(trail.c.number > last).order_by(trail.c.number).limit(_PAGE)
            rows = connection.execute(page).mappings().all()
            for row in rows:
                yield _link(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1]["number"]

    def flaw(self) -> str | None:
        """What is wrong with the chain, at its first wrong place; None when every entry is as it was written."""
        with reading(self._engine) as connection:
            number, before = 0, _START
            for link in self._links(connection):
                number += 1
                if link.number != number:
                    return f"entry {number} is missing"
                if chained(before, number, link.entry) != link.digest:
                    return f"entry {number} is not what was written"
                before = link.digest
            end = connection.execute(select(trail_end.c.number, trail_end.c.digest)).first()
        known = (0, _START) if end is None else (end.number, end.digest)
        return None if known == (number, before) else f"the trail ends at entry {number}, and {known[0]} were written"

    def end(self) -> tuple[int, str]:
        """Number and digest of the last entry: kept elsewhere, they prove later that nothing before was made anew."""
        with reading(self._engine) as connection:
            found = connection.execute(select(trail_end.c.number, trail_end.c.digest)).first()
            return (0, _START) if found is None else (found.number, found.digest)
