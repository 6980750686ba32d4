"""The trail: one row for each call, never changed and never removed."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select

from layers_mcp.database import reading, writing
from layers_mcp.store.rows import Entry
from layers_mcp.store.tables import trail

__all__ = ["Trail"]


class Trail:
    """Who called what, and how it ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, entry: Entry) -> None:
        """Write one call down."""
        with writing(self._engine) as connection:
            connection.execute(insert(trail).values(entry.model_dump()))

    def recent(self, principal: str, *, limit: int = 50) -> tuple[Entry, ...]:
        """The latest calls of `principal`, newest first."""
        fields = [trail.c[name] for name in Entry.model_fields]
        wanted = select(*fields).where(trail.c.principal == principal).order_by(trail.c.number.desc()).limit(limit)
        with reading(self._engine) as connection:
            return tuple(Entry.model_validate(dict(row)) for row in connection.execute(wanted).mappings())
