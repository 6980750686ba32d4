"""How projects do, as the last check of each found it, in the database."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import ColumnElement, Engine, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.store.asked_tables import customers
from layers_mcp.store.daily_tables import pulses, rounds

__all__ = ["Alert", "Pulse", "Pulses", "Score", "Unseen"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Score(_Row):
    """The average organic score (0 to 10) of a project's creatives on a day of UTC, and how many they were."""

    day: date
    average: float
    creatives: int


class Alert(_Row):
    """One thing that is wrong. `words` are ours, of codes, ids and numbers; `facts`: the numbers it rests on."""

    code: str
    words: str
    project_id: str | None = None
    customer: str | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class Pulse(_Row):
    """What a check of a project found at an instant; `scores`: one of each day, oldest first."""

    principal: str
    project_id: str
    at: datetime
    customer: str | None = None
    scores: tuple[Score, ...] = ()
    alerts: tuple[Alert, ...] = ()


class Unseen(NamedTuple):
    """A customer in the daily loops whose project nobody has checked for a while. `since`: that was last, or they began to take part."""

    external_id: str
    project_id: str
    since: datetime


def _this(principal: str, project_id: str) -> ColumnElement[bool]:
    return (pulses.c.principal == principal) & (pulses.c.project_id == project_id)


class Pulses:
    """The last pulse of each project of every principal. Projects are named by their whole ids."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, pulse: Pulse) -> None:
        """Keep a pulse in place of the last one."""
        row = pulse.model_dump(mode="python", exclude={"scores", "alerts"}) | pulse.model_dump(mode="json", include={"scores", "alerts"})
        row["ails"] = bool(pulse.alerts)
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(pulses).values(row))
                return
            connection.execute(update(pulses).where(_this(pulse.principal, pulse.project_id)).values(row))

    def of(self, principal: str, project_id: str) -> Pulse | None:
        """The last pulse of a project, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(pulses).where(_this(principal, project_id))).mappings().first()
            return None if row is None else Pulse.model_validate(dict(row))

    def ailing(self, principal: str, *, limit: int) -> tuple[Pulse, ...]:
        """The pulses with alerts, newest first."""
        wanted = select(pulses).where(pulses.c.principal == principal, pulses.c.ails.is_(True)).order_by(pulses.c.at.desc())
        with reading(self._engine) as connection:
            return tuple(Pulse.model_validate(dict(row)) for row in connection.execute(wanted.limit(limit)).mappings())

    def unseen(  # noqa: PLR0913  whom, each by name
        self, principal: str, before: datetime, *, loop: str, now: datetime, project_id: str | None = None, limit: int
    ) -> tuple[Unseen, ...]:
        """Customers in the daily loops who have no pulse since before then, longest first; of one project where it is given.

        `loop`: whose round takes the pulse; where that is due and was not started, it is late, which is told elsewhere.
        """
        who = (customers.c.principal == principal) & (customers.c.stage == "active") & customers.c.project_id.is_not(None)
        who = who if project_id is None else who & (customers.c.project_id == project_id)
        its = and_(pulses.c.principal == principal, pulses.c.project_id == customers.c.project_id)
        mine = and_(rounds.c.principal == principal, rounds.c.external_id == customers.c.external_id, rounds.c.loop == loop)
        since = func.coalesce(pulses.c.at, customers.c.since)
        old = and_(since < before, customers.c.since < before, or_(rounds.c.due_at.is_(None), rounds.c.due_at > now))
        some = select(customers.c.external_id, customers.c.project_id, since).outerjoin(pulses, its).outerjoin(rounds, mine)
        with reading(self._engine) as connection:
            return tuple(Unseen(*row) for row in connection.execute(some.where(who, old).order_by(since).limit(limit)))

    def forget(self, project_id: str) -> None:
        """Forget what was found of a project."""
        with writing(self._engine) as connection:
            connection.execute(delete(pulses).where(pulses.c.project_id == project_id))
