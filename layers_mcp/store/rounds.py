"""When the daily loops of customers are due, in the database: a row for each loop of each customer that takes part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Engine, and_, bindparam, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.database.days import days
from layers_mcp.store.asked_tables import customers
from layers_mcp.store.daily_tables import rounds, ticks

__all__ = ["Due", "Late", "Line", "Member", "Rounds"]

AHEAD_DAYS: Final = 28.0
"""What the highest priority comes to at most, in days of waiting; ours."""
_HALFWAY: Final = 3.0
"""The priority that is worth half of that; the first point is worth a week."""
_APART: Final = 5
"""How many minutes the clocks of machines may differ by; ours."""
_AHEAD = AHEAD_DAYS * customers.c.priority / (func.abs(customers.c.priority) + _HALFWAY)
_stands = days(rounds.c.due_at) - _AHEAD
"""Where a round stands in line: a priority is a head start, and no more than that, so nobody is passed by for good."""


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


class Line(NamedTuple):
    """The rounds of `loop` from a place in line on: that of a customer, and all behind it. `stands`: the database's number for it."""

    loop: str
    stands: float
    external_id: str


class Late(NamedTuple):
    """How many rounds are late, or wait, and since when the first of them is due."""

    number: int
    since: datetime | None


def _takes_part(principal: str) -> ColumnElement[bool]:
    return and_(customers.c.principal == principal, customers.c.stage == "active", customers.c.project_id.is_not(None))


def _due(principal: str, now: datetime, without: Collection[str] = ()) -> ColumnElement[bool]:
    """Rounds that are due, joined with their customers, as far as they still take part."""
    same = and_(customers.c.principal == rounds.c.principal, customers.c.external_id == rounds.c.external_id)
    others = [rounds.c.loop.not_in(list(without))] if without else []
    return and_(same, rounds.c.principal == principal, rounds.c.due_at <= now, *others, _takes_part(principal))


def _within(line: Line) -> ColumnElement[bool]:
    """Stands in that part of the line."""
    behind = and_(_stands == line.stands, rounds.c.external_id >= line.external_id)
    return and_(rounds.c.loop == line.loop, or_(_stands > line.stands, behind))


def _not_in(line: Line | None) -> ColumnElement[bool]:
    return true() if line is None else ~_within(line)


class Rounds:
    """The rounds of every principal."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, principal: str, now: datetime) -> bool:
        """Take on the minute of `now`; False where somebody has, or one a little later. One far ahead is a wrong clock's."""
        minute = int(now.timestamp()) // 60
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(ticks).values(principal=principal, minute=minute))
                return True
            free = or_(ticks.c.minute < minute, ticks.c.minute > minute + _APART)
            later = update(ticks).where(ticks.c.principal == principal, free)
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

    def due(
        self, principal: str, now: datetime, *, limit: int, without: Collection[str] = (), waiting: Line | None = None
    ) -> tuple[Due, ...]:
        """What is due, longest first; nothing of the loops `without`, nor of who is `waiting`: where any are, by the place in line."""
        wanted = select(rounds.c.external_id, rounds.c.loop, rounds.c.due_at, customers.c.zone, customers.c.project_id)
        first = rounds.c.due_at if waiting is None else _stands
        with reading(self._engine) as connection:
            fits = _due(principal, now, without) & _not_in(waiting)
            return tuple(Due(*row) for row in connection.execute(wanted.where(fits).order_by(first).limit(limit)))

    def late(self, principal: str, before: datetime, *, without: Collection[str] = (), waiting: Line | None = None) -> Late:
        """What was due by then and was not started; nothing of the loops `without`, nor of who is `waiting`."""
        return self._late(_due(principal, before, without) & _not_in(waiting))

    def waiting(self, principal: str, now: datetime, line: Line) -> Late:
        """Whose round is due, of those in that part of the line."""
        return self._late(_due(principal, now) & _within(line))

    def beyond(self, principal: str, loop: str, before: datetime, *, room: int) -> Line | None:
        """From where on the rounds of a loop that are due before an instant have no room; None where all have.

        Who has waited longest stands first. A priority of 1 stands as if it had waited a week longer, higher ones up to four weeks.
        """
        all_ = _due(principal, before) & (rounds.c.loop == loop)
        stands = select(_stands, rounds.c.external_id).where(all_).order_by(_stands, rounds.c.external_id)
        with reading(self._engine) as connection:
            if connection.execute(select(func.count()).select_from(rounds, customers).where(all_)).scalar_one() <= room:
                return None
            first = connection.execute(stands.offset(room).limit(1)).first()
        return None if first is None else Line(loop, *first)

    def _late(self, which: ColumnElement[bool]) -> Late:
        with reading(self._engine) as connection:
            return Late(*connection.execute(select(func.count(), func.min(rounds.c.due_at)).where(which)).one())

    def move_on(self, principal: str, some: Sequence[tuple[Due, datetime]]) -> None:
        """Set when rounds are due next; one that somebody else has moved on meanwhile stays as they left it."""
        at = rounds.c
        same = (at.external_id == bindparam("whose"), at.loop == bindparam("which"), at.due_at == bindparam("was"))
        moved = update(rounds).where(at.principal == principal, *same).values(due_at=bindparam("next"))
        rows = [{"whose": one.external_id, "which": one.loop, "was": one.due_at, "next": due_at} for one, due_at in some]
        with writing(self._engine) as connection:
            if rows:
                connection.execute(moved, rows)
