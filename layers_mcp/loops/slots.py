"""When something may go out by a standing plan, and when a daily loop of a customer is due: local times, made into instants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from layers_mcp.clock import zone_of
from layers_mcp.loops.judgement import HORIZON_DAYS, LEAD_MINUTES, POSTS_A_DAY, ROUNDS_FROM, ROUNDS_HOURS
from layers_mcp.store.asked import Plan

__all__ = ["Opening", "Taken", "due_after", "moment_on", "openings"]

_DAY = timedelta(days=1)
_TRIES = 4
"""Days that are looked at for a due time; zones that went over the date line skipped one (Pacific/Apia, 2011-12-30)."""


class Taken(NamedTuple):
    """A post that is out, goes out or waits: on which account, and when."""

    account_id: str
    at: datetime


class Opening(NamedTuple):
    """An instant at which one more post fits, and the accounts it fits on."""

    at: datetime
    accounts: tuple[str, ...]


def moment_on(day: date, clock: time, zone: ZoneInfo) -> datetime | None:
    """The one instant at which a local day has a local time.

    The first of two where the clocks go back and show it twice; where they skip it, as long after midnight as it would have been; None
    where the zone has no such day.
    """
    moment = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).date() == day else None


def _moments(plan: Plan, zone: ZoneInfo, now: datetime) -> Iterator[tuple[date, datetime]]:
    """The plan's slots of the next days that are not too near, in order, with their local days."""
    today = now.astimezone(zone).date()
    for day in (today + number * _DAY for number in range(HORIZON_DAYS)):
        clocks = plan.slots if plan.stands_on(day) else ()
        moments = {moment for clock in clocks if (moment := moment_on(day, time.fromisoformat(clock), zone)) is not None}
        yield from ((day, moment) for moment in sorted(moments) if moment >= now + timedelta(minutes=LEAD_MINUTES))


def openings(plan: Plan, taken: Sequence[Taken], now: datetime) -> Iterator[Opening]:
    """Where the next posts fit by a plan, soonest first; each is taken for granted once it was given.

    What stands on an account at the same instant leaves no room there, and whatever goes out on a local day, by whosever word, counts
    against that day. Accounts with the fewest posts come first. Nothing opens in a zone that nobody knows.
    """
    zone = zone_of(plan.zone)
    if zone is None:
        return
    of_day = Counter(one.at.astimezone(zone).date() for one in taken)
    of_account = Counter((one.account_id, one.at.astimezone(zone).date()) for one in taken)
    of_all, full = Counter(one.account_id for one in taken), {(one.account_id, one.at) for one in taken}
    for day, moment in _moments(plan, zone, now):
        free = [one for one in plan.accounts if (one, moment) not in full and of_account[one, day] < POSTS_A_DAY]
        chosen = tuple(sorted(free, key=lambda one: of_all[one])[: max(plan.a_day - of_day[day], 0)])
        if chosen:
            of_day[day] += len(chosen)
            of_account.update((one, day) for one in chosen)
            of_all.update(chosen)
            yield Opening(moment, chosen)


def _minute_of(customer: str) -> time:
    """The local time of a customer's daily loops: always the same, and spread over the hours of all."""
    minute = int.from_bytes(sha256(customer.encode()).digest()[:8]) % (ROUNDS_HOURS * 60)
    return time(ROUNDS_FROM + minute // 60, minute % 60)


def due_after(customer: str, zone: ZoneInfo, day: date | None, now: datetime) -> tuple[date, datetime]:
    """The local day and the instant of a customer's next daily run: of a later day than `day`, not before `now`, once on each day.

    `day`: the last that was run, None where none was. Days that went by meanwhile are not made up for.
    """
    clock, first = _minute_of(customer), now.astimezone(zone).date()
    if day is not None:
        first = max(first, day + _DAY)
    for number in range(_TRIES):
        moment = moment_on(first + number * _DAY, clock, zone)
        if moment is not None and moment >= now:
            return first + number * _DAY, moment
    raise AssertionError(f"{zone.key} has no day after {first}")
