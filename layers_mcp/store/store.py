"""The store: one database of ours, opened once, each noun by its name."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from layers_mcp.clock import Clock, WallClock
from layers_mcp.contract.scalars import full_project
from layers_mcp.database import hurried, open_engine, writing
from layers_mcp.database.scrubbing import scrub
from layers_mcp.store.begun import Begun
from layers_mcp.store.confirmations import Confirmations
from layers_mcp.store.customers import Customers
from layers_mcp.store.durations import Durations
from layers_mcp.store.endpoints import Endpoints
from layers_mcp.store.failed import Failures
from layers_mcp.store.halts import Halts
from layers_mcp.store.inbox import Inbox
from layers_mcp.store.pace import Levels
from layers_mcp.store.plans import Plans
from layers_mcp.store.pulses import Pulses
from layers_mcp.store.questions import Questions
from layers_mcp.store.replies import Replies
from layers_mcp.store.restarts import Restarts
from layers_mcp.store.rounds import Rounds
from layers_mcp.store.runs import Runs
from layers_mcp.store.spending import Spendings
from layers_mcp.store.tables import HEAD, TABLES, VERSIONS
from layers_mcp.store.tasks import Tasks
from layers_mcp.store.trail import Trail
from layers_mcp.store.watches import OLD, Watches, empty, forget
from layers_mcp.store.workers import Workers

__all__ = ["Store"]

KEPT = timedelta(days=7)
"""How long expired confirmations, old replies and tasks are kept; the trail, what we began and what was spent stay."""


class Store:
    """Short synchronous transactions (a fraction of a millisecond on SQLite), safe between processes and under kill -9."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.confirmations = Confirmations(engine)
        self.replies = Replies(engine)
        self.begun = Begun(engine)
        self.trail = Trail(engine)
        self.halts = Halts(engine)
        self.spending = Spendings(engine)
        self.customers = Customers(engine)
        self.plans = Plans(engine)
        self.questions = Questions(engine)
        self.runs = Runs(engine)
        self.failures = Failures(engine)
        self.restarts = Restarts(engine)
        self.workers = Workers(engine)
        self.rounds = Rounds(engine)
        self.pulses = Pulses(engine)
        self.endpoints = Endpoints(engine)
        self.inbox = Inbox(engine)
        self.tasks = Tasks(engine)

    def watches(self, principal: str) -> Watches:
        """What the desks of one principal watch."""
        return Watches(hurried(self._engine), principal)

    def durations(self, principal: str) -> Durations:
        """How long things lasted for one principal."""
        return Durations(hurried(self._engine), principal)

    def levels(self, where: str, principal: str) -> Levels:
        """What one principal may still ask of the API at a URL.

        These three raise soon when the database is busy: what they keep is a help, and nobody is to wait for it.
        """
        return Levels(hurried(self._engine), hashlib.sha256(f"{where} {principal}".encode()).hexdigest())

    @classmethod
    def open(cls, where: Path | str, *, clock: Clock | None = None) -> Self:
        """Open, make or migrate the database at `where` (a SQLite file, or a database URL) and forget what is too old."""
        engine = open_engine(where, TABLES, versions=VERSIONS, head=HEAD)
        store, now = cls(engine), (clock or WallClock()).now()
        before = now - KEPT
        store.confirmations.sweep(before)
        store.replies.sweep(before)
        store.tasks.sweep(before)
        store.inbox.sweep(now)
        with writing(engine) as connection:
            forget(connection, now - OLD)
        return store

    def forget(self, project_id: str, *, now: datetime) -> int:
        """Empty what the previews of a project showed and brought; how many there were. `scrub` then clears the file of it.

        With them goes what loops know of its customer, were given and asked about it, and what webhooks told. What desks tell each other
        names no project, so all of that goes: it is seen again at the next look.
        """
        empty(self._engine)
        self.customers.forget(full_project(project_id), now)
        self.questions.forget(full_project(project_id), now)
        self.pulses.forget(full_project(project_id))
        self.runs.empty(full_project(project_id), now)
        self.inbox.forget(full_project(project_id))
        return self.confirmations.forget(project_id, now=now)

    def scrub(self) -> bool:
        """Leave nothing of what was deleted or emptied in the file; False when others read in it all the time."""
        return scrub(self._engine)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()
