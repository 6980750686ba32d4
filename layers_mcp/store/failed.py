"""Runs that failed, counted in the database: of which loop, with which code."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, func, select

from layers_mcp.database import reading
from layers_mcp.store.run_tables import runs

__all__ = ["Failed", "Failures"]


class Failed(NamedTuple):
    """Runs of one loop that failed with the same code; `run_id`: one of them."""

    loop: str
    code: str
    number: int
    run_id: str


class Failures:
    """The failed runs of every principal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def told(self, principal: str, since: datetime, *, once: str) -> tuple[Failed, ...]:
        """The runs of a principal that failed since then, most first; those of the loop `once` whenever that was, as no other comes after.

        One whose owner was not kept counts for any; one whose project was forgotten, which can't go on, for none.
        """
        its = (runs.c.owner.is_(None) | (runs.c.owner == principal)) & (runs.c.given != "")
        late = (runs.c.loop == once) | (runs.c.ended_at >= since)
        number = func.count()
        wanted = select(runs.c.loop, runs.c.code, number, func.min(runs.c.id)).where(runs.c.state == "failed", its, late)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.group_by(runs.c.loop, runs.c.code).order_by(number.desc(), runs.c.loop, runs.c.code))
            return tuple(Failed(*row) for row in rows)
