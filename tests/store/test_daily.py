"""When daily loops are due, and how projects do: kept, given back, and forgotten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.asked import Customer
from layers_mcp.store.pulses import Alert, Pulse, Score
from layers_mcp.store.rounds import Late, Member
from layers_mcp.store.store import Store

PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"
HOUR = timedelta(hours=1)


def _takes_part(store: Store, clock: HandClock, external_id: str = "quinn-1", principal: str = "key_1") -> None:
    store.customers.keep(
        Customer(principal=principal, external_id=external_id, name="Quinn", zone="Europe/Berlin", asked={}, since=clock.now())
    )
    store.customers.belongs(principal, external_id, PROJECT)
    store.customers.move(principal, external_id, "active", clock.now())


def test_a_minute_is_taken_on_by_one(store: Store, clock: HandClock) -> None:
    """Issue 7: any number of workers may run; the dispatcher of one of them takes on each minute."""
    taken = [store.rounds.claim("key_1", clock.now()) for _ in range(3)]
    others = store.rounds.claim("key_2", clock.now())
    clock.advance(timedelta(minutes=1))
    later = [store.rounds.claim("key_1", clock.now()), store.rounds.claim("key_1", clock.now() - HOUR)]

    assert taken == [True, False, False]
    assert others
    assert later == [True, False]


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


def test_forgetting_a_project_forgets_its_pulse(store: Store, clock: HandClock, pulse: Pulse) -> None:
    """`layers-mcp forget`."""
    store.pulses.keep(pulse)

    store.forget(PROJECT, now=clock.now())

    assert store.pulses.of("key_1", PROJECT) is None
