"""Workers in the database: who is alive by the database's time, and who looks after what a dead one left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from layers_mcp.database import reading, writing
from layers_mcp.database.now import now_us
from layers_mcp.store.rows import Worker
from layers_mcp.store.run_tables import workers

__all__ = ["DEAD_S", "Workers"]

DEAD_S = 15
"""How long a worker may be silent, in seconds; it says every 5 that it is there (issue: "heartbeat row every 5 s, dead after 15 s")."""
_SWEEP_US = 30_000_000
"""How long whoever looks after a dead worker's runs has for it, before another does."""
_SECOND_US = 1_000_000


def _read(row: RowMapping) -> Worker:
    silent_s = (row["now"] - row["seen_us"]) / _SECOND_US
    return Worker(id=row["id"], place=row["place"], since=row["since"], silent_s=silent_s)


class Workers:
    """The processes that run loops."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alone = engine.dialect.name == "sqlite"

    def sit(self, worker_id: str, place: str, *, now: datetime) -> Worker | None:
        """Take a seat; or whose it is, where there is only one: on SQLite two processes gain nothing, and its queue counts for one."""
        new: dict[str, Any] = {"id": worker_id, "place": place[:200], "since": now, "seen_us": now_us()}
        with writing(self._engine) as connection:
            if self._alone:
                alive = workers.c.seen_us > now_us() - DEAD_S * _SECOND_US, workers.c.swept_until_us.is_(None)
                held = connection.execute(select(workers, now_us().label("now")).where(*alive)).mappings().first()
                if held is not None:
                    return _read(held)
            connection.execute(insert(workers).values(new))
        return None

    def beat(self, worker_id: str) -> bool:
        """Say that a worker is there; False when it was taken for dead, and its seat is gone."""
        mine = (workers.c.id == worker_id) & workers.c.swept_until_us.is_(None)
        with writing(self._engine) as connection:
            return connection.execute(update(workers).where(mine).values(seen_us=now_us())).rowcount == 1

    def take_dead(self, by: str) -> tuple[str, ...]:
        """Take the workers that died from their seats, so that `by` gives their runs to others and then calls `gone`."""
        dead = (workers.c.id != by) & (workers.c.seen_us < now_us() - DEAD_S * _SECOND_US)
        free = or_(workers.c.swept_until_us.is_(None), workers.c.swept_until_us < now_us())
        with reading(self._engine) as connection:
            if connection.execute(select(workers.c.id).where(dead, free)).first() is None:
                return ()
        with writing(self._engine) as connection:
            taking = update(workers).where(dead, free).values(swept_until_us=now_us() + _SWEEP_US)
            return tuple(connection.execute(taking.returning(workers.c.id)).scalars())

    def gone(self, worker_id: str) -> None:
        """Forget a worker that left, or whose runs others have."""
        with writing(self._engine) as connection:
            connection.execute(delete(workers).where(workers.c.id == worker_id))

    def all(self) -> tuple[Worker, ...]:
        """Everybody who has a seat, oldest first."""
        wanted = select(workers, now_us().label("now")).where(workers.c.swept_until_us.is_(None)).order_by(workers.c.since)
        with reading(self._engine) as connection:
            return tuple(_read(row) for row in connection.execute(wanted).mappings())
