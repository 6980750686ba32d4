"""Projects whose writes are held back, until somebody lets them go."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.store.rows import EVERY, Halt
from layers_mcp.store.tables import halts

__all__ = ["Halts"]


class Halts:
    """What is held back, for every principal of this store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hold(self, row: Halt) -> None:
        """Hold back; what is held back already stays so since then."""
        with suppress(IntegrityError), writing(self._engine) as connection:
            connection.execute(insert(halts).values(row.model_dump()))

    def lift(self, project_id: str) -> bool:
        """Let go; whether it was held back by this name."""
        with writing(self._engine) as connection:
            return connection.execute(delete(halts).where(halts.c.project_id == project_id)).rowcount == 1

    def of(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None; whatever holds all projects holds those of no name too."""
        wanted = select(halts).where(halts.c.project_id.in_([EVERY, *projects])).order_by(halts.c.at)
        with reading(self._engine) as connection:
            found = connection.execute(wanted).mappings().first()
            return None if found is None else Halt.model_validate(dict(found))

    def all(self) -> tuple[Halt, ...]:
        """Everything that is held back, oldest first."""
        with reading(self._engine) as connection:
            return tuple(Halt.model_validate(dict(row)) for row in connection.execute(select(halts).order_by(halts.c.at)).mappings())
