"""When the daily loops of customers are due, in the database: a row for each loop of each customer that takes part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, and_, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.store.asked_tables import customers
from layers_mcp.store.daily_tables import rounds, ticks

__all__ = ["Due", "Late", "Member", "Rounds"]


class Member(NamedTuple):
    """A customer who takes part, by the partner's own id; `zone`: IANA."""

    external_id: str
    zone: str


class Due(NamedTuple):
    """A daily loop of a customer that is due."""

    external_id: str
    loop: str
    due_at: datetime
    zone: str
    project_id: str


class Late(NamedTuple):
    """How many rounds are late, and since when the first of them is due."""

    number: int
    since: datetime | None


def _takes_part(principal: str) -> ColumnElement[bool]:
    return and_(customers.c.principal == principal, customers.c.stage == "active", customers.c.project_id.is_not(None))


def _due(principal: str, now: datetime, without: Collection[str]) -> ColumnElement[bool]:
    """Rounds that are due, joined with their customers, as far as they still take part."""
    same = and_(customers.c.principal == rounds.c.principal, customers.c.external_id == rounds.c.external_id)
    others = [rounds.c.loop.not_in(list(without))] if without else []
    return and_(same, rounds.c.principal == principal, rounds.c.due_at <= now, *others, _takes_part(principal))


class Rounds:
    """The rounds of every principal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, principal: str, now: datetime) -> bool:
        """Take on the minute of `now`; False where somebody has, or a later one."""
        minute = int(now.timestamp()) // 60
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(ticks).values(principal=principal, minute=minute))
                return True
            later = update(ticks).where(ticks.c.principal == principal, ticks.c.minute < minute)
            return connection.execute(later.values(minute=minute)).rowcount == 1

    def newcomers(self, principal: str, loop: str, *, limit: int, after: str = "") -> tuple[Member, ...]:
        """Customers who take part and have no round of this loop yet, by their ids, of those beyond `after`."""
        same, beyond = rounds.c.external_id == customers.c.external_id, rounds.c.external_id > after
        mine = and_(rounds.c.principal == principal, same, beyond, rounds.c.loop == loop)
        wanted = select(customers.c.external_id, customers.c.zone).outerjoin(rounds, mine).order_by(customers.c.external_id)
        new = and_(_takes_part(principal), customers.c.external_id > after, rounds.c.loop.is_(None))
        with reading(self._engine) as connection:
            return tuple(Member(*row) for row in connection.execute(wanted.where(new).limit(limit)))

    def enter(self, principal: str, loop: str, first: Sequence[tuple[str, datetime]]) -> None:
        """Have rounds of a loop from now on: each customer's external id, and when it is due first.

        Where another does the same at the same moment, nothing is entered; who still has none is a newcomer at the next look.
        """
        rows = [{"principal": principal, "external_id": one, "loop": loop, "due_at": due_at} for one, due_at in first]
        with writing(self._engine) as connection, suppress(IntegrityError), connection.begin_nested():
            if rows:
                connection.execute(insert(rounds), rows)

    def due(self, principal: str, now: datetime, *, limit: int, without: Collection[str] = ()) -> tuple[Due, ...]:
        """What is due, longest first; nothing of the loops `without`."""
        wanted = select(rounds.c.external_id, rounds.c.loop, rounds.c.due_at, customers.c.zone, customers.c.project_id)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.where(_due(principal, now, without)).order_by(rounds.c.due_at).limit(limit))
            return tuple(Due(*row) for row in rows)

    def late(self, principal: str, before: datetime, *, without: Collection[str] = ()) -> Late:
        """What was due by then and was not started; nothing of the loops `without`."""
        with reading(self._engine) as connection:
            row = connection.execute(select(func.count(), func.min(rounds.c.due_at)).where(_due(principal, before, without))).one()
            return Late(*row)

    def move_on(self, principal: str, some: Sequence[tuple[Due, datetime]]) -> None:
        """Set when rounds are due next; one that somebody else has moved on meanwhile stays as they left it."""
        at = rounds.c
        same = (at.external_id == bindparam("whose"), at.loop == bindparam("which"), at.due_at == bindparam("was"))
        moved = update(rounds).where(at.principal == principal, *same).values(due_at=bindparam("next"))
        rows = [{"whose": one.external_id, "which": one.loop, "was": one.due_at, "next": due_at} for one, due_at in some]
        with writing(self._engine) as connection:
            if rows:
                connection.execute(moved, rows)
