"""One moment as people write it: with an offset, or as a clock's time in a named zone, never as a bare time that could be anywhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import JsonValue, StringConstraints

from layers_mcp.clock import zone_of
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.scalars import wire_time
from layers_mcp.tool.advice import refusal_of

__all__ = ["SKEW", "YEARS", "When", "again_after", "apart", "clock_words", "moment_of", "too_late"]

When = Annotated[str, StringConstraints(min_length=10, max_length=80)]
"""`2026-04-18T22:00:00Z`, `2026-04-18T15:00:00-07:00`, or `2026-04-18T15:00[America/Los_Angeles]` (RFC 9557)."""
_ZONED = re.compile(r"(?P<clock>[^\[\]]+)\[(?P<zone>[A-Za-z0-9_+\-/]{1,60})\]", re.ASCII)
_DAY = timedelta(days=1)
SKEW = timedelta(seconds=30)
"""How far in the past a time to publish at may lie (layers-api: schedule-content)."""
YEARS = range(2, 9999)
"""The years whose moments every zone's clocks can show: a year less at both ends than there are (Python docs: datetime.MINYEAR)."""
_TRIES = 4
"""Days that are looked at for a time of day: today's has passed, tomorrow's may be skipped."""


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _both(clock: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A clock's time in a zone, by the offset before and after a change; equal where nothing changes."""
    return clock.replace(tzinfo=zone, fold=0), clock.replace(tzinfo=zone, fold=1)


def _exists(moment: datetime, zone: ZoneInfo) -> bool:
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None)


def _amiss(clock: datetime, zone: ZoneInfo) -> str | None:
    """Why the clocks of `zone` show this time never or twice, with what can be written instead; None where they show it once."""
    first, second = _both(clock, zone)
    if first.utcoffset() == second.utcoffset():
        return None
    if not _exists(first, zone):
        later = first.astimezone(UTC).astimezone(zone)
        return f"does not exist in {zone.key}: the clocks skip it; the time after the gap is {_written(later)}"
    return f"comes twice in {zone.key}, as the clocks go back: write {_written(first)} or {_written(second)}"


def _in_zone(path: str, clock: datetime, zone: ZoneInfo) -> datetime:
    """The one moment at which the clocks of `zone` show this time."""
    if (amiss := _amiss(clock, zone)) is not None:
        raise refusal_of(path, amiss)
    return clock.replace(tzinfo=zone)


def _bare(path: str, clock: datetime, zone: ZoneInfo) -> Invalid:
    """The refusal of a time that could be anywhere, with what it would be in `zone`."""
    amiss = _amiss(clock, zone)
    if amiss is not None:
        return refusal_of(path, f"needs an offset or a zone, as it could be anywhere; and it {amiss}")
    meant = f"{_written(clock.replace(tzinfo=zone))} or {_written(clock)}[{zone.key}]"
    return refusal_of(path, f"needs an offset or a zone, as it could be anywhere: write {meant}")


def moment_of(path: str, given: str, *, local: ZoneInfo | None = None) -> datetime:
    """The moment that `given` names; `local`: the zone that a suggestion is made in.

    Raises:
        Invalid: it is no time, names no offset or zone, or a time that its zone's clocks skip or show twice; with the corrected form.
    """
    zoned = _ZONED.fullmatch(given)
    try:
        clock = datetime.fromisoformat(zoned["clock"] if zoned else given)
    except ValueError:
        raise refusal_of(path, "is no time; write it like 2026-04-18T22:00:00Z or 2026-04-18T15:00[America/Los_Angeles]") from None
    if clock.year not in YEARS:
        raise refusal_of(path, f"lies beyond what the clocks of every zone can show; its year must be {YEARS[0]} to {YEARS[-1]}")
    if zoned is None:
        if clock.tzinfo is None:
            raise _bare(path, clock, local or ZoneInfo("UTC"))
        return clock
    zone = zone_of(zoned["zone"])
    if zone is None:
        raise refusal_of(path, "names a zone that nobody knows; it must be one like America/Los_Angeles")
    if clock.tzinfo is None:
        return _in_zone(path, clock, zone)
    if clock.astimezone(zone).utcoffset() != clock.utcoffset():
        raise refusal_of(path, f"has an offset that {zone.key} does not have then; leave one of the two out")
    return clock


def again_after(moment: datetime, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    """The next time after `now` that the clocks of `zone` show what they show at `moment`, written with its offset.

    Both, where they show it twice on that day and both are ahead; a day on which they skip it is passed over.
    """
    clock = moment.astimezone(zone).replace(tzinfo=None)
    today = now.astimezone(zone).date()
    days = (today + number * _DAY for number in range(_TRIES))
    each = (_both(clock.replace(year=day.year, month=day.month, day=day.day), zone) for day in days)
    ahead = (dict.fromkeys(_written(one) for one in both if one > now and _exists(one, zone)) for both in each)
    return tuple(next(found for found in ahead if found))


def too_late(at: datetime, now: datetime, zone: ZoneInfo | None) -> list[JsonValue]:
    """What is wrong with a `scheduledFor` that has passed, and the next such time; nothing where it has not."""
    if at >= now - SKEW:
        return []
    following = again_after(at, now, zone or ZoneInfo("UTC"))
    twice = ", as the clocks go back and show it twice" if len(following) > 1 else ""
    said = f"is in the past, as it is {wire_time(now)} now; the next such time is {' or '.join(following)}{twice}"
    return [{"path": "scheduledFor", "message": said}]


def clock_words(moment: datetime, zone: ZoneInfo | None) -> str:
    """A moment for a person: the zone's clock and UTC; which of two it is where the clocks show it twice."""
    if zone is None:
        return wire_time(moment)
    here = moment.astimezone(zone)
    first, second = _both(here.replace(tzinfo=None), zone)
    which = ""
    if first.utcoffset() != second.utcoffset():
        which = f", the {'second' if here.fold else 'first'} of two as the clocks go back"
    return f"{here:%a %d %b %Y %H:%M} {zone.key} ({wire_time(moment)}{which})"


def apart(span: timedelta) -> str:
    """How far off a moment is, as people say it: `in 3 h 12 m`, `at once` once it is there."""
    seconds = round(span.total_seconds())
    if seconds < 60:
        return f"in {seconds} s" if seconds > 0 else "at once"
    minutes = round(seconds / 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{left} m" if left else ""]
    return "in " + " ".join(part for part in parts if part)
