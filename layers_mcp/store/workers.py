"""Workers in the database: who is alive, by the database's time."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, delete, insert, or_, select, update
from sqlalchemy.engine import RowMapping

from layers_mcp.database import reading, writing
from layers_mcp.database.now import now_us
from layers_mcp.store.rows import Worker
from layers_mcp.store.run_tables import workers

__all__ = ["DEAD_S", "Workers", "new_worker"]

DEAD_S = 15
"""How long a worker may be silent, in seconds; it says every 5 that it is there (issue: "heartbeat row every 5 s, dead after 15 s")."""
_SECOND_US = 1_000_000
_HOST_LONG = 16


def new_worker(host: str = "") -> str:
    """An id that no worker had before; it says on which machine and in which process it is. `host`: in place of this machine's name."""
    return f"{(host or socket.gethostname())[:_HOST_LONG]}-{os.getpid()}-{uuid4().hex[:12]}"


def _died_here(worker_id: str, host: str) -> bool:
    """Whether it was a process of this machine that is no more; that is known at once."""
    where, pid, _ = worker_id.rsplit("-", 2)
    if os.name != "posix" or where != host[:_HOST_LONG] or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _read(row: RowMapping) -> Worker:
    silent_s = (row["now"] - row["seen_us"]) / _SECOND_US
    return Worker(id=row["id"], place=row["place"], since=row["since"], silent_s=silent_s)


class Workers:
    """The processes that run loops, one seat each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alone = engine.dialect.name == "sqlite"

    def sit(self, worker_id: str, place: str, *, now: datetime) -> Worker | None:
        """Take a seat; or whose it is, where there is only one: on SQLite two processes gain nothing, and its queue counts for one."""
        self.bury(host=worker_id.rsplit("-", 2)[0])
        new: dict[str, Any] = {"id": worker_id, "place": place[:200], "since": now, "seen_us": now_us()}
        with writing(self._engine) as connection:
            if self._alone:
                held = connection.execute(select(workers, now_us().label("now"))).mappings().first()
                if held is not None:
                    return _read(held)
            connection.execute(insert(workers).values(new))
        return None

    def beat(self, worker_id: str) -> bool:
        """Say that a worker is there; False when it was taken for dead, and its seat is gone."""
        with writing(self._engine) as connection:
            return connection.execute(update(workers).where(workers.c.id == worker_id).values(seen_us=now_us())).rowcount == 1

    def seated(self, worker_id: str) -> bool:
        """Whether a worker has its seat still."""
        with reading(self._engine) as connection:
            return connection.execute(select(workers.c.id).where(workers.c.id == worker_id)).first() is not None

    def bury(self, *, host: str) -> tuple[str, ...]:
        """Take their seats from the workers that died: silent for too long, or processes of this machine, `host`, that are no more."""
        here = tuple(one.id for one in self.all() if _died_here(one.id, host))
        dead = or_(workers.c.seen_us < now_us() - DEAD_S * _SECOND_US, workers.c.id.in_(here))
        with reading(self._engine) as connection:
            if connection.execute(select(workers.c.id).where(dead)).first() is None:
                return ()
        with writing(self._engine) as connection:
            return tuple(connection.execute(delete(workers).where(dead).returning(workers.c.id)).scalars())

    def gone(self, worker_id: str) -> None:
        """Forget a worker that left."""
        with writing(self._engine) as connection:
            connection.execute(delete(workers).where(workers.c.id == worker_id))

    def all(self) -> tuple[Worker, ...]:
        """Everybody who has a seat, oldest first."""
        wanted = select(workers, now_us().label("now")).order_by(workers.c.since)
        with reading(self._engine) as connection:
            return tuple(_read(row) for row in connection.execute(wanted).mappings())
