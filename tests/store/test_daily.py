"""When daily loops are due, and how projects do: kept, given back, and forgotten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.asked import Customer
from layers_mcp.store.failed import Failed
from layers_mcp.store.pulses import Alert, Pulse, Score, Unseen
from layers_mcp.store.rounds import Late, Member
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _takes_part(store: Store, clock: HandClock, external_id: str = "quinn-1", principal: str = "key_1", **given: object) -> None:
    known = {"principal": principal, "external_id": external_id, "name": "Quinn", "zone": "Europe/Berlin", "asked": {}, **given}
    store.customers.keep(Customer(since=clock.now(), **known))
    store.customers.belongs(principal, external_id, PROJECT)
    store.customers.move(principal, external_id, "active", clock.now())


def test_a_minute_is_taken_on_by_one(store: Store, clock: HandClock) -> None:
    """Issue 7: any number of workers may run; the dispatcher of one of them takes on each minute."""
    taken = [store.rounds.claim("key_1", clock.now()) for _ in range(3)]
    others = store.rounds.claim("key_2", clock.now())
    clock.advance(timedelta(minutes=1))
    later = [store.rounds.claim("key_1", clock.now()), store.rounds.claim("key_1", clock.now() - timedelta(minutes=1))]

    assert taken == [True, False, False]
    assert others
    assert later == [True, False]


def test_a_clock_that_was_wrong_once_keeps_nobody_from_later_minutes(store: Store, clock: HandClock) -> None:
    """A machine whose clock was a day ahead would have kept all dispatchers still for that day."""
    ahead = store.rounds.claim("key_1", clock.now() + 24 * HOUR)

    taken = [store.rounds.claim("key_1", clock.now()) for _ in range(2)]

    assert ahead
    assert taken == [True, False]


def test_who_takes_part_is_a_newcomer_until_they_have_a_round(store: Store, clock: HandClock) -> None:
    """Issue 7: each loop of each customer has a round of its own."""
    _takes_part(store, clock)
    store.customers.keep(Customer(principal="key_1", external_id="new", name="N", zone="UTC", asked={}, since=clock.now()))
    first = store.rounds.newcomers("key_1", "p2l", limit=9)

    store.rounds.enter("key_1", "p2l", [("quinn-1", clock.now() + HOUR)])
    store.rounds.enter("key_1", "p2l", [("quinn-1", clock.now())])  # as another who looked at the same time

    assert first == (Member("quinn-1", "Europe/Berlin"),)
    assert store.rounds.newcomers("key_1", "p2l", limit=9) == ()
    assert store.rounds.newcomers("key_1", "opt", limit=9) == first
    assert store.rounds.due("key_1", clock.now(), limit=9) == ()


def test_newcomers_are_read_on_from_where_the_last_page_ended(store: Store, clock: HandClock) -> None:
    """`Rounds.newcomers`: what was read is not read again, so that a large fleet's pages cost the same from first to last."""
    for name in ("quinn-3", "quinn-1", "quinn-4", "quinn-2"):
        _takes_part(store, clock, name)
    _takes_part(store, clock, "quinn-2b", principal="key_2")
    store.rounds.enter("key_1", "p2l", [("quinn-3", clock.now())])
    store.rounds.enter("key_1", "opt", [("quinn-4", clock.now())])

    first = store.rounds.newcomers("key_1", "p2l", limit=2)
    rest = store.rounds.newcomers("key_1", "p2l", limit=2, after="quinn-2")

    assert [one.external_id for one in first] == ["quinn-1", "quinn-2"]
    assert [one.external_id for one in rest] == ["quinn-4"]


def test_a_round_is_due_until_it_is_moved_on_and_by_one_only(store: Store, clock: HandClock) -> None:
    """`Rounds.move_on`: one that somebody else has moved on meanwhile stays as they left it."""
    _takes_part(store, clock)
    _takes_part(store, clock, "ulla-2")
    store.rounds.enter("key_1", "p2l", [("quinn-1", clock.now()), ("ulla-2", clock.now() - HOUR)])
    due = store.rounds.due("key_1", clock.now(), limit=9)
    late = store.rounds.late("key_1", clock.now() - HOUR)

    store.rounds.move_on("key_1", [(due[1], clock.now() + HOUR)])
    store.rounds.move_on("key_1", [(due[1], clock.now()), (due[0], clock.now() + 2 * HOUR)])

    assert [(one.external_id, one.zone, one.project_id) for one in due] == [
        ("ulla-2", "Europe/Berlin", PROJECT),
        ("quinn-1", "Europe/Berlin", PROJECT),
    ]
    assert late == Late(1, clock.now() - HOUR)
    assert store.rounds.due("key_1", clock.now(), limit=9) == ()
    assert [one.external_id for one in store.rounds.due("key_1", clock.now() + HOUR, limit=9)] == ["quinn-1"]
    assert store.rounds.late("key_1", clock.now()) == Late(0, None)


def test_who_waited_longest_stands_first_and_a_priority_is_a_head_start(store: Store, clock: HandClock) -> None:
    """Issue 7: over the cap it spreads by priority; a priority of 1 is worth a week, no priority more than four."""
    now = clock.now()
    waited = {"b": 6 * DAY, "e": 27 * DAY, "f": 29 * DAY}
    fleet = {"a": 0, "b": 0, "c": 1, "d": 1_000_000, "e": 0, "f": 0, "g": -1, "h": 2}
    for name, priority in fleet.items():
        _takes_part(store, clock, name, priority=priority)
    _takes_part(store, clock, "other", principal="key_2")
    store.rounds.enter("key_2", "p2l", [("other", now)])
    for loop in ("p2l", "opt"):
        store.rounds.enter("key_1", loop, [(name, now - waited.get(name, 0 * DAY)) for name in fleet])

    whole = "".join(store.rounds.beyond("key_1", "p2l", now, room=room).external_id for room in range(len(fleet)))
    line = store.rounds.beyond("key_1", "p2l", now, room=3)
    due = store.rounds.due("key_1", now, limit=99, waiting=line)

    assert whole == "fdehcbag"
    assert store.rounds.beyond("key_1", "p2l", now, room=len(fleet)) is None
    assert [one.external_id for one in due if one.loop == "p2l"] == ["f", "d", "e"]
    assert {one.external_id for one in due if one.loop == "opt"} == set(fleet)
    assert store.rounds.waiting("key_1", now, line) == Late(5, now - 6 * DAY)
    assert store.rounds.late("key_1", now, without=["opt"], waiting=line) == Late(3, now - 29 * DAY)


def test_those_that_stand_alike_are_told_apart_by_their_ids(store: Store, clock: HandClock) -> None:
    """Many are due in the same minute, and only as many have room as there is."""
    for name in ("a", "b", "c"):
        _takes_part(store, clock, name)
    store.rounds.enter("key_1", "p2l", [(name, clock.now()) for name in ("c", "a", "b")])

    line = store.rounds.beyond("key_1", "p2l", clock.now(), room=2)

    assert sorted(one.external_id for one in store.rounds.due("key_1", clock.now(), limit=9, waiting=line)) == ["a", "b"]
    assert store.rounds.waiting("key_1", clock.now(), line) == Late(1, clock.now())


def test_who_takes_part_no_more_is_never_due(store: Store, clock: HandClock) -> None:
    """A customer that was forgotten is in no loop any more."""
    _takes_part(store, clock)
    store.rounds.enter("key_1", "p2l", [("quinn-1", clock.now())])

    store.forget(PROJECT, now=clock.now())

    assert store.rounds.due("key_1", clock.now(), limit=9) == ()


@pytest.fixture
def pulse(clock: HandClock) -> Pulse:
    """What was found of a project that ails."""
    alert = Alert(code="NO_POSTS", words="Nothing was published.", project_id=PROJECT, customer="quinn-1", facts={"waiting": 3})
    score = Score(day=date(2026, 4, 18), average=6.5, creatives=4)
    return Pulse(principal="key_1", project_id=PROJECT, at=clock.now(), customer="quinn-1", scores=(score,), alerts=(alert,))


def test_the_last_pulse_of_a_project_is_kept_and_told_while_it_ails(store: Store, clock: HandClock, pulse: Pulse) -> None:
    """Issue 7: health, of a fleet, without a request for each project."""
    store.pulses.keep(pulse.model_copy(update={"scores": ()}))
    store.pulses.keep(pulse)
    found = (store.pulses.of("key_1", PROJECT), store.pulses.ailing("key_1", limit=9), store.pulses.of("key_2", PROJECT))
    store.pulses.keep(pulse.model_copy(update={"alerts": ()}))

    assert found == (pulse, (pulse,), None)
    assert store.pulses.ailing("key_1", limit=9) == ()


def test_who_is_in_the_loops_and_has_no_pulse_for_long_is_unseen(store: Store, clock: HandClock, pulse: Pulse) -> None:
    """README: `REVIEW_MISSING`; a round that is due is late, or waits, and is told as that."""
    began, soon = clock.now(), clock.now() + 9 * DAY
    _takes_part(store, clock)
    store.rounds.enter("key_1", "opt", [("quinn-1", soon)])

    def unseen(**given: object) -> tuple[Unseen, ...]:
        known = {"principal": "key_1", "loop": "opt", "now": clock.now(), "limit": 9}
        return store.pulses.unseen(before=clock.now() - 2 * DAY, **{**known, **given})

    clock.advance(2 * DAY)
    young = unseen()
    clock.advance(HOUR)
    never, other = unseen(project_id=PROJECT), (*unseen(principal="key_2"), *unseen(project_id="prj_2"), *unseen(now=soon))
    store.pulses.keep(pulse.model_copy(update={"at": clock.now()}))
    seen = unseen()
    clock.advance(3 * DAY)
    old = unseen(loop="p2l")

    assert (young, other, seen) == ((), (), ())
    assert never == (Unseen("quinn-1", PROJECT, began),)
    assert old == (Unseen("quinn-1", PROJECT, began + 2 * DAY + HOUR),)


def test_failed_runs_are_counted_by_loop_and_code_onboardings_however_long_ago(store: Store, clock: HandClock) -> None:
    """README: `RUNS_FAILED`; tomorrow's daily run comes by itself, and no other onboarding does."""
    rows = [
        ("onboard:1", "onboarding", 9, {"code": "CONFLICT"}),
        ("onboard:2", "onboarding", 0, {"code": "CONFLICT", "owner": "key_1"}),
        ("onboard:3", "onboarding", 0, {"code": "CONFLICT", "owner": "key_2"}),
        ("onboard:4", "onboarding", 0, {"code": "CONFLICT", "given": ""}),
        ("opt:1", "optimization", 0, {"code": "BAD_REPLY"}),
        ("opt:2", "optimization", 1.1, {"code": "BAD_REPLY"}),
        ("opt:3", "optimization", 0, {"state": "completed"}),
    ]
    for name, loop, days, given in rows:
        ended = clock.now() - days * DAY
        store.runs.add(
            RunRow(**{"id": name, "loop": loop, "given": "{}", "state": "failed", "began_at": ended, "ended_at": ended, **given})
        )

    told = store.failures.told("key_1", clock.now() - DAY, once="onboarding")

    assert told == (Failed("onboarding", "CONFLICT", 2, "onboard:1"), Failed("optimization", "BAD_REPLY", 1, "opt:1"))


def test_forgetting_a_project_forgets_its_pulse(store: Store, clock: HandClock, pulse: Pulse) -> None:
    """`layers-mcp forget`."""
    store.pulses.keep(pulse)

    store.forget(PROJECT, now=clock.now())

    assert store.pulses.of("key_1", PROJECT) is None
