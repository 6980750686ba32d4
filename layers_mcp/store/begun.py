"""What we began and what goes on without us: jobs, posts, consents, containers."""

from __future__ import annotations

from sqlalchemy import Engine, select

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add
from layers_mcp.store.rows import Began, Kind
from layers_mcp.store.tables import began

__all__ = ["Begun"]


class Begun:
    """Everything our calls began, for good."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, row: Began) -> None:
        """Keep one; the same thing again (a replayed call) changes nothing."""
        with writing(self._engine) as connection:
            add(connection, began, row.model_dump())

    def recent(self, *, project_id: str | None = None, kind: Kind | None = None, limit: int = 20) -> tuple[Began, ...]:
        """The latest that was begun, whoever called, newest first; of one project, or of one kind, where it is given."""
        wanted = select(began).order_by(began.c.started_at.desc(), began.c.id).limit(limit)
        if project_id is not None:
            wanted = wanted.where(began.c.project_id == project_id)
        if kind is not None:
            wanted = wanted.where(began.c.kind == kind)
        with reading(self._engine) as connection:
            return tuple(Began.model_validate(dict(row)) for row in connection.execute(wanted).mappings())
