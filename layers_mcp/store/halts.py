"""Projects whose writes or loops are held back until somebody lets them go, and the campaigns that were paused with a halt."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Engine, delete, select, update

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add
from layers_mcp.store.rows import EVERY, LOOPS, WRITES, ConfirmedBy, Halt, Paused
from layers_mcp.store.tables import halts, paused

__all__ = ["Halts"]


def _this(project_id: str, what: str) -> ColumnElement[bool]:
    return (halts.c.project_id == project_id) & (halts.c.what == what)


class Halts:
    """What is held back, for every principal of this store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def hold(self, row: Halt) -> None:
        """Hold back; what is held back already stays so since then, and becomes a person's hold when a person asks for it too."""
        with writing(self._engine) as connection:
            add(connection, halts, row.model_dump())
            if row.by == "person":
                connection.execute(update(halts).where(_this(row.project_id, row.what)).values(by=row.by))

    def lift(self, project_id: str, *, by: ConfirmedBy, what: str = WRITES) -> bool:
        """Let go; False, and nothing done, where a person holds it and `by` is none."""
        its = _this(project_id, what)
        with writing(self._engine) as connection:
            held = connection.execute(select(halts.c.by).where(its).with_for_update()).scalar()
            if held == "person" and by != "person":
                return False
            connection.execute(delete(halts).where(its))
        return True

    def of(self, projects: Collection[str], *, loop: str | None = None) -> Halt | None:
        """Why a write that touches these projects is held back, or a run of `loop` for them, which writes; None where it is not.

        Whatever holds all projects holds those of no name too.
        """
        whats = [WRITES] if loop is None else [WRITES, LOOPS, loop]
        wanted = select(halts).where(halts.c.project_id.in_([EVERY, *projects]), halts.c.what.in_(whats)).order_by(halts.c.at)
        with reading(self._engine) as connection:
            found = connection.execute(wanted).mappings().first()
            return None if found is None else Halt.model_validate(dict(found))

    def all(self) -> tuple[Halt, ...]:
        """Everything that is held back, oldest first."""
        with reading(self._engine) as connection:
            return tuple(Halt.model_validate(dict(row)) for row in connection.execute(select(halts).order_by(halts.c.at)).mappings())

    def pausing(self, row: Paused) -> None:
        """Remember a campaign, before it is paused; what is known of it already is replaced."""
        with writing(self._engine) as connection:
            add(connection, paused, row.model_dump())
            its = (paused.c.project_id == row.project_id, paused.c.campaign_id == row.campaign_id)
            connection.execute(update(paused).where(*its).values(row.model_dump(exclude={"project_id", "campaign_id"})))

    def unpaused(self, project_id: str, campaign_id: str) -> None:
        """Forget a campaign: it runs."""
        with writing(self._engine) as connection:
            connection.execute(delete(paused).where(paused.c.project_id == project_id, paused.c.campaign_id == campaign_id))

    def paused(self, project_id: str) -> tuple[Paused, ...]:
        """The project's campaigns that were paused with a halt, oldest first."""
        wanted = select(paused).where(paused.c.project_id == project_id).order_by(paused.c.at, paused.c.campaign_id)
        with reading(self._engine) as connection:
            return tuple(Paused.model_validate(dict(row)) for row in connection.execute(wanted).mappings())
