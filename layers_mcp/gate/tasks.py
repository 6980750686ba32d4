"""The waits of one principal that its clients hold as tasks: a name for each, good on every process of the store."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import JsonValue

from layers_mcp.clock import Clock
from layers_mcp.store.rows import Task, TaskState

if TYPE_CHECKING:
    from layers_mcp.store.store import Store

__all__ = ["LIFE", "Tasks"]

LIFE = timedelta(days=7)
"""How long a task is known by its name: as long as the store keeps it."""


def _digest(task_id: str) -> str:
    return hashlib.sha256(task_id.encode()).hexdigest()


class Tasks:
    """Tasks by names that nobody can guess, and that are nothing to any other principal. The names themselves are not kept."""

    def __init__(self, store: Callable[[], Store], clock: Clock, principal: str) -> None:
        self._store, self._clock, self._principal = store, clock, principal

    def begin(self, tool: str, arguments: dict[str, JsonValue]) -> tuple[str, Task]:
        """Name the wait that this call takes up again; the name, and what is kept."""
        now, task_id = self._clock.now(), f"task_{secrets.token_urlsafe(24)}"
        task = Task(id=_digest(task_id), principal=self._principal, tool=tool, arguments=arguments, made_at=now, changed_at=now)
        self._store().tasks.keep(task)
        return task_id, task

    def find(self, task_id: str) -> Task | None:
        """What goes by this name; None: nothing of this principal's, or no more."""
        task = self._store().tasks.find(_digest(task_id))
        mine = task is not None and task.principal == self._principal and self._clock.now() < task.made_at + LIFE
        return task if mine else None

    def end(self, task: Task, state: TaskState) -> Task:
        """Note that it is over, unless that is known; how it stands then."""
        self._store().tasks.end(task.id, state, self._clock.now())
        return self._store().tasks.find(task.id) or task
