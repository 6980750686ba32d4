"""How long things of a kind lasted, in the database: counts in buckets, in which the old fade."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, delete, select, update

from layers_mcp.database import lock, reading, writing
from layers_mcp.database.adding import add
from layers_mcp.store.tables import durations

__all__ = ["Durations"]

FADE = 0.98
"""What a count is worth after one more thing of its kind: the last fifty or so decide."""
GONE = 0.05
"""Counts below this are dropped."""
_LONGEST = 100


class Durations:
    """The durations of one principal: those of a sandbox, where jobs run faster, are not those of the live API."""

    def __init__(self, engine: Engine, principal: str) -> None:
        self._engine = engine
        self._principal = principal

    def read(self, kind: str) -> Mapping[int, float]:
        """How many of late fell into each bucket."""
        at = durations.c
        wanted = select(at.bucket, at.count).where(at.principal == self._principal, at.kind == kind[:_LONGEST])
        with reading(self._engine) as connection:
            return dict(connection.execute(wanted).all())

    def learn(self, kind: str, bucket: int) -> None:
        """Count one more; all counts of its kind fade a little."""
        at, kind = durations.c, kind[:_LONGEST]
        all_ = (at.principal == self._principal) & (at.kind == kind)
        with writing(self._engine) as connection:
            lock(connection, f"durations {self._principal} {kind}")
            connection.execute(update(durations).where(all_).values(count=at.count * FADE))
            connection.execute(delete(durations).where(all_, at.count < GONE))
            if add(connection, durations, {"principal": self._principal, "kind": kind, "bucket": bucket, "count": 1.0}):
                return
            connection.execute(update(durations).where(all_, at.bucket == bucket).values(count=at.count + 1))
