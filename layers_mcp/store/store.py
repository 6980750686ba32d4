"""The store: one database of ours, opened once, each noun by its name."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import Engine

from layers_mcp.clock import Clock, WallClock
from layers_mcp.database import open_engine
from layers_mcp.database.scrubbing import scrub
from layers_mcp.store.begun import Begun
from layers_mcp.store.confirmations import Confirmations
from layers_mcp.store.halts import Halts
from layers_mcp.store.replies import Replies
from layers_mcp.store.spending import Spendings
from layers_mcp.store.tables import HEAD, TABLES, VERSIONS
from layers_mcp.store.trail import Trail

__all__ = ["Store"]

KEPT = timedelta(days=7)
"""How long expired confirmations and old replies are kept; the trail, what we began and what was spent stay."""


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

    @classmethod
    def open(cls, where: Path | str, *, clock: Clock | None = None) -> Self:
        """Open, make or migrate the database at `where` (a SQLite file, or a database URL) and forget what is too old."""
        store = cls(open_engine(where, TABLES, versions=VERSIONS, head=HEAD))
        before = (clock or WallClock()).now() - KEPT
        store.confirmations.sweep(before)
        store.replies.sweep(before)
        return store

    def forget(self, project_id: str, *, now: datetime) -> int:
        """Empty what the previews of a project showed and brought; how many there were. `scrub` then clears the file of it."""
        return self.confirmations.forget(project_id, now=now)

    def scrub(self) -> bool:
        """Leave nothing of what was deleted or emptied in the file; False when others read in it all the time."""
        return scrub(self._engine)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()
