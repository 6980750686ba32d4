"""Standing plans in the database: at most one stands for a project, and those before it stay on record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.store.asked import Plan
from layers_mcp.store.asked_tables import plans

__all__ = ["Plans"]


def _standing(principal: str, project_id: str) -> ColumnElement[bool]:
    at = plans.c
    return (at.principal == principal) & (at.project_id == project_id) & at.revoked_at.is_(None)


def _revoked(connection: Connection, principal: str, project_id: str, now: datetime) -> bool:
    return connection.execute(update(plans).where(_standing(principal, project_id)).values(revoked_at=now)).rowcount > 0


class Plans:
    """Every plan that a person confirmed. Projects are named by their whole ids."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def set(self, plan: Plan) -> None:
        """Let a plan stand in place of the one before it; the same plan once more changes nothing."""
        with writing(self._engine) as connection:
            if connection.execute(select(plans.c.id).where(plans.c.id == plan.id)).first() is None:
                _revoked(connection, plan.principal, plan.project_id, plan.made_at)
                connection.execute(insert(plans).values(plan.model_dump(mode="python")))

    def of(self, principal: str, project_id: str) -> Plan | None:
        """The plan of a project that nobody has revoked, also when its last day is over; None where there is none."""
        return self._newest(_standing(principal, project_id))

    def last(self, principal: str, project_id: str) -> Plan | None:
        """The newest plan of a project, revoked or not; None where there never was one."""
        return self._newest((plans.c.principal == principal) & (plans.c.project_id == project_id))

    def revoke(self, principal: str, project_id: str, now: datetime) -> bool:
        """End the plan of a project at once; whether there was one."""
        with writing(self._engine) as connection:
            return _revoked(connection, principal, project_id, now)

    def _newest(self, such: ColumnElement[bool]) -> Plan | None:
        with reading(self._engine) as connection:
            found = connection.execute(select(plans).where(such).order_by(plans.c.made_at.desc()).limit(1)).mappings().first()
        return None if found is None else Plan.model_validate(dict(found))
