"""The waits that clients hold as tasks, in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.store.rows import Task, TaskState
from layers_mcp.store.tables import tasks

__all__ = ["Tasks"]


class Tasks:
    """The tasks of this store, of every principal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, task: Task) -> None:
        """Keep a new one."""
        with writing(self._engine) as connection:
            connection.execute(insert(tasks).values(task.model_dump()))

    def find(self, task_id: str) -> Task | None:
        """The task of this id, or None."""
        with reading(self._engine) as connection:
            found = connection.execute(select(tasks).where(tasks.c.id == task_id)).mappings().first()
        return None if found is None else Task.model_validate(dict(found))

    def end(self, task_id: str, state: TaskState, now: datetime) -> bool:
        """Let it be over; whether it was not already."""
        open_ = (tasks.c.id == task_id) & (tasks.c.state == "working")
        with writing(self._engine) as connection:
            return connection.execute(update(tasks).where(open_).values(state=state, changed_at=now)).rowcount == 1

    def sweep(self, before: datetime) -> None:
        """Forget those that were made before then."""
        with writing(self._engine) as connection:
            connection.execute(delete(tasks).where(tasks.c.made_at < before))
