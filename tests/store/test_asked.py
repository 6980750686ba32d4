"""What the loops go by: kept, given back, and forgotten."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.asked import Customer, Option, Plan, Question
from layers_mcp.store.store import Store

PROJECT = "prj_2481fa5c-a404-44ed-a561-565392499abc"


def a_customer(clock: HandClock, external_id: str = "quinn-1", **given: object) -> Customer:
    """A customer whose onboarding was asked for."""
    known = {"principal": "key_1", "name": "Quinn", "zone": "UTC", "asked": {"repo": "quinns-coffee/quinns-app"}, **given}
    return Customer(external_id=external_id, since=clock.now(), **known)


def a_plan(clock: HandClock, name: str = "pln_1", **given: object) -> Plan:
    """A plan that a person said yes to."""
    known = {"principal": "key_1", "project_id": PROJECT, "accounts": ("sa_1",), "slots": ("10:00",), "zone": "UTC", "a_day": 1, **given}
    return Plan(id=name, until=date(2026, 5, 1), made_at=clock.now(), confirmed_by="person", confirmation="k1", **known)


def a_question(clock: HandClock, name: str = "q_1", **given: object) -> Question:
    """A question that waits."""
    options = (Option(word="yes", means="it is made", weighs=True), Option(word="no", means="it is not made"))
    known = {"principal": "key_1", "kind": "budget", "words": "Make it?", "project_id": PROJECT, "facts": {"credits": 9}, **given}
    return Question(id=name, options=options, asked_at=clock.now(), **known)


def test_a_customer_is_kept_once_and_moves_on(store: Store, clock: HandClock) -> None:
    """One project for each customer (seed 004, step 1): until it is in the daily loops the last wish stands."""
    store.customers.keep(a_customer(clock, name="Misspelt"))
    first = store.customers.keep(a_customer(clock))
    store.customers.belongs("key_1", "quinn-1", PROJECT)
    clock.advance(timedelta(days=1))
    store.customers.move("key_1", "quinn-1", "active", clock.now())
    store.customers.move("key_1", "quinn-1", "active", clock.now() + timedelta(days=1))
    store.customers.keep(a_customer(clock, name="Somebody else"))

    assert first.name == "Quinn"
    now = first.model_copy(update={"project_id": PROJECT, "stage": "active", "since": clock.now()})
    assert store.customers.find("key_1", "quinn-1") == store.customers.of_project("key_1", PROJECT) == now
    assert store.customers.find("key_2", "quinn-1") is store.customers.of_project("key_2", PROJECT) is None


def test_a_customer_can_be_given_another_priority(store: Store, clock: HandClock) -> None:
    """Issue 7: over the cap it spreads by priority; who was onboarded before may matter more later."""
    for owner in ("key_1", "key_2"):
        store.customers.keep(a_customer(clock, principal=owner, priority=1))

    store.customers.rank("key_1", "quinn-1", 5)

    assert [store.customers.find(owner, "quinn-1").priority for owner in ("key_1", "key_2")] == [5, 1]


def test_one_plan_stands_for_a_project_until_it_is_revoked(store: Store, clock: HandClock) -> None:
    """Issue: a standing plan that a person confirmed once, revocable."""
    store.plans.set(a_plan(clock))
    clock.advance(timedelta(hours=1))
    second = a_plan(clock, "pln_2", a_day=2)

    store.plans.set(second)
    store.plans.set(second)

    assert store.plans.of("key_1", PROJECT) == second
    assert store.plans.of("key_2", PROJECT) is None
    assert store.plans.revoke("key_1", PROJECT, clock.now())
    assert not store.plans.revoke("key_1", PROJECT, clock.now())
    assert store.plans.of("key_1", PROJECT) is None


@pytest.mark.parametrize(("day", "stands"), [(date(2026, 5, 1), True), (date(2026, 5, 2), False)], ids=str)
def test_a_plan_ends_with_its_last_day(clock: HandClock, day: date, stands) -> None:
    """Issue: end date."""
    plan = a_plan(clock)

    assert plan.stands_on(day) is stands
    assert not plan.model_copy(update={"revoked_at": clock.now()}).stands_on(day)


def test_a_thing_is_asked_once_and_the_first_answer_counts(store: Store, clock: HandClock) -> None:
    """Questions stand in one queue, and are answered once."""
    asked = store.questions.ask(a_question(clock))

    assert store.questions.ask(a_question(clock, words="Make it after all?")) == asked
    assert store.questions.answer("q_1", "yes", by="person", now=clock.now())
    assert not store.questions.answer("q_1", "no", by="agent", now=clock.now())

    store.questions.withdraw("q_1", clock.now() + timedelta(days=1))
    answered = store.questions.find("key_1", "q_1")
    assert answered == asked.model_copy(update={"answer": "yes", "answered_by": "person", "closed_at": clock.now()})
    assert not answered.open
    assert store.questions.find("key_2", "q_1") is None


def test_open_questions_are_listed_oldest_first_and_withdrawn_ones_not(store: Store, clock: HandClock) -> None:
    """`list_questions` pages through what still wants an answer."""
    for name in ("q_1", "q_2", "q_3", "q_4"):
        store.questions.ask(a_question(clock, name, kind="budget" if name != "q_2" else "connect"))
        clock.advance(timedelta(minutes=1))
    store.questions.withdraw("q_4", clock.now())

    first = store.questions.waiting("key_1", limit=2)
    rest = store.questions.waiting("key_1", after=(first[-1].asked_at, first[-1].id), limit=2)

    assert [one.id for one in (*first, *rest)] == ["q_1", "q_2", "q_3"]
    assert [one.id for one in store.questions.waiting("key_1", kind="connect", limit=5)] == ["q_2"]
    assert store.questions.waiting("key_1", project_id="prj_other", limit=5) == ()
    assert store.questions.waiting("key_2", limit=5) == ()


def test_forgetting_a_project_empties_what_loops_know_of_its_customer(store: Store, clock: HandClock) -> None:
    """A customer who leaves is forgotten with the previews of the project, whichever way its id is spelt."""
    store.customers.keep(a_customer(clock, project_id=PROJECT, stage="active"))
    store.questions.ask(a_question(clock))

    store.forget(PROJECT.removeprefix("prj_").upper(), now=clock.now())

    left = store.customers.find("key_1", "quinn-1")
    assert (left.name, left.asked, left.stage) == ("", {}, "left")
    asked = store.questions.find("key_1", "q_1")
    assert (asked.words, asked.facts, asked.options, asked.open) == ("", {}, (), False)
