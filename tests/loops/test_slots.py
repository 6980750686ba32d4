"""When posts go out by a standing plan, and when daily loops are due, on days on which clocks change, too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from layers_mcp.loops.judgement import HORIZON_DAYS, POSTS_A_DAY, ROUNDS_FROM, ROUNDS_HOURS
from layers_mcp.loops.slots import Taken, due_after, moment_on, openings
from layers_mcp.store.asked import Plan

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 4, 17, 12, 0, tzinfo=UTC)
"""A Friday, 08:00 in New York."""


def _plan(*clocks: str, **more) -> Plan:
    said = {"id": "pln_1", "principal": "key_1", "project_id": "prj_1", "made_at": NOW, "confirmed_by": "person", "confirmation": "k1"}
    planned = {"accounts": ("sa_1",), "slots": clocks or ("10:00", "15:00"), "zone": NEW_YORK.key, "a_day": 2, "until": date(2026, 12, 31)}
    return Plan.model_validate({**said, **planned, **more})


def _local(plan: Plan, now: datetime = NOW, taken: tuple[Taken, ...] = ()) -> list[str]:
    return [f"{one.at.astimezone(NEW_YORK):%a %H:%M} {'+'.join(one.accounts)}" for one in openings(plan, taken, now)]


def _utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "moment"),
    [
        (date(2026, 3, 7), time(2, 30), _utc(2026, 3, 7, 7, 30)),
        (date(2026, 3, 8), time(2, 30), _utc(2026, 3, 8, 7, 30)),  # skipped: it is 03:30 then
        (date(2026, 11, 1), time(1, 30), _utc(2026, 11, 1, 5, 30)),  # shown twice: the first
    ],
)
def test_a_local_time_that_is_skipped_or_comes_twice_is_one_instant(day, clock, moment):
    """Issue 7: a local time that does not exist or exists twice runs once."""
    assert moment_on(day, clock, NEW_YORK) == moment


def test_a_day_that_a_zone_never_had_has_no_instants():
    """Samoa went over the date line: there was no 30 December 2011."""
    assert moment_on(date(2011, 12, 30), time(10), ZoneInfo("Pacific/Apia")) is None


def test_a_slot_in_the_hour_that_is_skipped_never_doubles_the_next():
    """The clocks skip 02:30, which would be 03:30."""
    plan = _plan("02:30", "03:30", a_day=4)

    assert _local(plan, _utc(2026, 3, 8, 0, 0))[:2] == ["Sun 03:30 sa_1", "Mon 02:30 sa_1"]


def test_the_next_three_days_are_filled_soonest_first():
    """layers-api: social distribution planner, a horizon of three days."""
    assert _local(_plan()) == ["Fri 10:00 sa_1", "Fri 15:00 sa_1", "Sat 10:00 sa_1", "Sat 15:00 sa_1", "Sun 10:00 sa_1", "Sun 15:00 sa_1"]
    assert HORIZON_DAYS == 3


def test_nothing_opens_so_soon_that_nobody_could_see_it_coming():
    """Ours: a quarter of an hour."""
    assert _local(_plan(), _utc(2026, 4, 17, 13, 46))[0] == "Fri 15:00 sa_1"
    assert _local(_plan(), _utc(2026, 4, 17, 13, 45))[0] == "Fri 10:00 sa_1"


def test_nothing_opens_after_the_last_day_of_the_plan():
    """Issue 7: a standing plan has an end date; its last day is a local one."""
    assert _local(_plan(until=date(2026, 4, 17))) == ["Fri 10:00 sa_1", "Fri 15:00 sa_1"]
    assert _local(_plan(until=date(2026, 4, 16))) == []


def test_nothing_opens_by_a_plan_that_was_revoked():
    """Issue 7: a standing plan is revocable."""
    assert _local(_plan(revoked_at=NOW)) == []


def test_whatever_goes_out_that_day_counts_against_the_posts_a_day():
    """Issue 7: posts a day. A person's own post counts, on whatever account."""
    hers = Taken("sa_9", _utc(2026, 4, 17, 22, 0))

    assert _local(_plan(), taken=(hers,))[:2] == ["Fri 10:00 sa_1", "Sat 10:00 sa_1"]


def test_a_slot_that_is_taken_on_an_account_is_not_given_again():
    """Posts of yesterday's run stand in the slots of today's."""
    assert _local(_plan(), taken=(Taken("sa_1", _utc(2026, 4, 17, 14, 0)),))[:2] == ["Fri 15:00 sa_1", "Sat 10:00 sa_1"]


def test_posts_are_spread_over_the_accounts_when_a_day_has_not_room_for_all():
    """Issue 7: posts a day, over all accounts."""
    plan = _plan("10:00", accounts=("sa_1", "sa_2"), a_day=1)

    assert _local(plan) == ["Fri 10:00 sa_1", "Sat 10:00 sa_2", "Sun 10:00 sa_1"]


def test_one_account_never_gets_more_than_platforms_bear():
    """layers-api: guardrails, 4 posts a day."""
    plan = _plan("10:00", "11:00", "12:00", "13:00", "14:00", a_day=50)

    assert len([one for one in _local(plan) if one.startswith("Sat")]) == POSTS_A_DAY


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC"])
def test_a_year_of_days_is_due_once_each_and_at_the_same_local_time(zone):
    """Issue 7: daylight-saving days run once."""
    where, day, now, seen = ZoneInfo(zone), None, _utc(2026, 1, 1, 12, 0), []
    for _ in range(365):
        day, due = due_after("cus_42", where, day, now)
        seen.append((day, due))
        now = due + timedelta(seconds=30)

    assert [one for one, _ in seen] == [seen[0][0] + timedelta(days=number) for number in range(365)]
    assert all(due.astimezone(where).date() == one for one, due in seen)
    clocks = [due.astimezone(where).time() for _, due in seen]
    assert sum(one != clocks[0] for one in clocks) <= 1  # the day on which that time is skipped


def test_days_on_which_nobody_was_there_are_not_made_up_for():
    """Ours: a review of a day that is over helps nobody."""
    day, due = due_after("cus_42", NEW_YORK, date(2026, 4, 1), NOW)

    assert day == date(2026, 4, 18)
    assert due > NOW


def test_customers_are_spread_evenly_over_the_hours():
    """layers-api: rate limits; a burst of all at one minute would find no room."""
    dues = [due_after(f"cus_{number}", NEW_YORK, None, _utc(2026, 4, 17, 4, 0))[1].astimezone(NEW_YORK) for number in range(6000)]
    hours = [sum(one.hour == hour for one in dues) for hour in range(24)]

    assert all(900 < hours[hour] < 1100 for hour in range(ROUNDS_FROM, ROUNDS_FROM + ROUNDS_HOURS))
    assert sum(hours[ROUNDS_FROM : ROUNDS_FROM + ROUNDS_HOURS]) == 6000


def test_openings_are_only_looked_for_as_far_as_they_are_wanted():
    """A loop takes as many as it has posts."""
    assert [one.at for one in islice(openings(_plan(), (), NOW), 1)] == [_utc(2026, 4, 17, 14, 0)]
