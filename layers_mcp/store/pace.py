"""The budget of an API key, shared by the processes of one store: a row for each rate class."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.contract.rates import Level
from layers_mcp.contract.scalars import RateClass
from layers_mcp.database import writing
from layers_mcp.store.tables import levels

__all__ = ["Levels"]

T = TypeVar("T")

_LEVEL = [levels.c[name] for name in Level._fields]
_THIS = (levels.c.key == bindparam("whose")) & (levels.c.rate == bindparam("which"))
_READ = select(*_LEVEL).where(_THIS).with_for_update()
_WRITE = update(levels).where(_THIS).values({name: bindparam(name) for name in Level._fields})


class Levels:
    """One key's rows; each change is one short transaction, so that no two processes ever take the same token."""

    def __init__(self, engine: Engine, key: str) -> None:
        """`key`: a digest of whose they are, at most 80 letters."""
        self._engine = engine
        self._key = key

    def change(self, rate: RateClass, make: Callable[[Level | None], tuple[Level, T]]) -> T:
        """Keep the bucket that `make` makes of the one that is kept (None: none yet), and give back the rest. `make` may run twice."""
        this = {"whose": self._key, "which": rate}
        with writing(self._engine) as connection:
            row = connection.execute(_READ, this).first()
            if row is None:
                level, rest = make(None)
                if self._add(connection, rate, level):
                    return rest
                row = connection.execute(_READ, this).one()
            kept = Level._make(row)
            level, rest = make(kept)
            if level != kept:
                connection.execute(_WRITE, level._asdict() | this)
        return rest

    def _add(self, connection: Connection, rate: RateClass, level: Level) -> bool:
        with suppress(IntegrityError), connection.begin_nested():
            connection.execute(insert(levels).values(key=self._key, rate=rate, **level._asdict()))
            return True
        return False
