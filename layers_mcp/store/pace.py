"""The budget of an API key, shared by the processes of one store: a row for each rate class."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine, bindparam, select, update

from layers_mcp.contract.rates import Level
from layers_mcp.contract.scalars import RateClass
from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add
from layers_mcp.database.now import now_us
from layers_mcp.store.tables import levels

__all__ = ["Levels"]

T = TypeVar("T")

_LEVEL = [levels.c[name] for name in Level._fields]
_THIS = (levels.c.key == bindparam("whose")) & (levels.c.rate == bindparam("which"))
_READ = select(*_LEVEL).where(_THIS).with_for_update()
_WRITE = update(levels).where(_THIS).values({name: bindparam(name) for name in Level._fields})
_NOW = select(now_us())


def _moved(level: Level, by_s: float) -> Level:
    """The same bucket by a clock that is so much ahead."""
    return level._replace(at=level.at + by_s, blocked_until=level.blocked_until + by_s if level.blocked_until else 0.0)


class Levels:
    """One key's rows; each change is one short transaction, so that no two processes ever take the same token.

    On SQLite all who share it are on one machine, and go by its clock; elsewhere the rows go by the database's.
    """

    def __init__(self, engine: Engine, key: str) -> None:
        """`key`: a digest of whose they are, at most 80 letters."""
        self._engine = engine
        self._key = key
        self._alone = engine.dialect.name == "sqlite"

    def kept(self, rate: RateClass) -> Level | None:
        """The bucket as it was left, by the clock it is kept by; None: none yet."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*_LEVEL).where(_THIS), {"whose": self._key, "which": rate}).first()
        return None if row is None else Level._make(row)

    def change(self, rate: RateClass, make: Callable[[Level | None], tuple[Level, T]]) -> T:
        """Keep the bucket that `make` makes of the one that is kept (None: none yet), and give back the rest. `make` may run twice."""
        this = {"whose": self._key, "which": rate}
        with writing(self._engine) as connection:
            row = connection.execute(_READ, this).first()
            ahead_s = 0.0 if self._alone else connection.execute(_NOW).scalar_one() / 1e6 - time.time()
            if row is None:
                level, rest = make(None)
                if add(connection, levels, {"key": self._key, "rate": rate, **_moved(level, ahead_s)._asdict()}):
                    return rest
                row = connection.execute(_READ, this).one()
            kept = _moved(Level._make(row), -ahead_s)
            level, rest = make(kept)
            if level != kept:
                connection.execute(_WRITE, _moved(level, ahead_s)._asdict() | this)
        return rest
