"""Runs that are over and are begun anew under their ids: by one who asks for it, and only once nobody is on them any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, insert, select, update

from layers_mcp.database import writing
from layers_mcp.database.now import now_us
from layers_mcp.store.asked_tables import questions
from layers_mcp.store.rows import RunRow
from layers_mcp.store.run_tables import runs, workers

__all__ = ["Restarts"]

_TAKEN_US: Final = 180_000_000
"""How long who begins one anew has for it, before another may."""
_STEP_ENDS: Final = timedelta(minutes=15)
"""The step that a run was in when it was cancelled is over by then, whatever became of its worker; ours."""


class Restarts:
    """The same runs as those of `Runs`, of which it writes those that are over only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, run_id: str, now: datetime) -> RunRow | None:
        """A run that failed, was cancelled or was emptied, taken to be begun anew; None where there is none.

        Nor is there one while its last turn ends the step it is in, or another has taken it.
        """
        with writing(self._engine) as connection:
            found = connection.execute(select(runs, now_us().label("now")).where(runs.c.id == run_id).with_for_update()).mappings().first()
            if found is None:
                return None
            known = RunRow.model_validate({name: value for name, value in found.items() if name != "now"})
            seated = known.worker and connection.execute(select(workers.c.id).where(workers.c.id == known.worker)).first()
            busy = seated and known.ended_at is not None and now < known.ended_at + _STEP_ENDS
            if busy or (known.taken_until_us or 0) > found["now"] or not known.begins_anew:
                return None
            until_us = found["now"] + _TAKEN_US
            connection.execute(update(runs).where(runs.c.id == run_id).values(taken_until_us=until_us))
            return known.model_copy(update={"taken_until_us": until_us})

    def let_go(self, taken: RunRow) -> None:
        """Leave a run that was taken as it is."""
        mine = (runs.c.id == taken.id) & (runs.c.taken_until_us == taken.taken_until_us)
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(mine).values(taken_until_us=None))

    def begin(self, taken: RunRow, fresh: RunRow, now: datetime) -> bool:
        """Put `fresh` in the place of a run that was taken, and close what that asked; False where it went on meanwhile."""
        mine = (runs.c.id == taken.id) & (runs.c.state == taken.state) & (runs.c.taken_until_us == taken.taken_until_us)
        with writing(self._engine) as connection:
            if connection.execute(delete(runs).where(mine)).rowcount != 1:
                return False
            connection.execute(insert(runs).values(fresh.model_dump() | {"born_us": now_us()}))
            open_ = (questions.c.run_id == taken.id) & questions.c.closed_at.is_(None)
            connection.execute(update(questions).where(open_).values(closed_at=now))
            return True

    def left(self, row: RunRow) -> None:
        """Record that a turn that was cancelled in its middle is over; nothing where it was not."""
        mine = (runs.c.id == row.id) & (runs.c.state == "cancelled") & (runs.c.worker == row.worker) & (runs.c.turn == row.turn)
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(mine).values(worker=None))
