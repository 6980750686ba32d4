"""What may be spent without a yes, and what counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.clock import HandClock
from layers_mcp.gate.budget import Budget, Price, standing
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.store.store import Store

AT = datetime(2026, 4, 18, 12, tzinfo=UTC)
LIMITS = st.none() | st.integers(0, 2000)
PRICES = st.lists(st.builds(Price, st.just(""), st.sampled_from(["prj_1", "prj_2"]), st.integers(0, 900)), max_size=5)


def one(credits_: int, project: str = "prj_1") -> Price:
    """The price of a call that makes one thing."""
    return Price("", project, credits_)


@pytest.mark.parametrize(
    ("budget", "spent", "over"),
    [
        (Budget(), 0, ()),
        (Budget(call=120), 0, ()),
        (Budget(call=119), 0, ("call",)),
        (Budget(call=0), 0, ("call",)),
        (Budget(day=220), 100, ()),
        (Budget(day=219), 100, ("day",)),
        (Budget(total=220), 100, ()),
        (Budget(total=219), 100, ("total",)),
        (Budget(call=0, day=0, total=0), 0, ("call", "day", "total")),
        (Budget(call=None, day=None, total=None), 10**9, ()),
    ],
)
def test_a_price_exceeds_a_limit_from_the_first_credit_above_it(budget: Budget, spent: int, over: tuple[str, ...]) -> None:
    """Issue 5: credits per call, per project and day, and in all; 0 means nothing without a yes."""
    now = standing(budget, [one(120)], today={"prj_1": spent}, in_all=spent)

    assert now.over == over


@given(budget=st.builds(Budget, call=LIMITS, day=LIMITS, total=LIMITS), prices=PRICES, spent=st.integers(0, 3000))
def test_what_goes_through_never_passes_a_limit(budget: Budget, prices: list[Price], spent: int) -> None:
    """The same for any limits and prices: each project's day is held against the limit by itself."""
    today = {"prj_1": spent, "prj_2": 0}

    now = standing(budget, prices, today=today, in_all=spent)

    most = sum(price.credits for price in prices)
    assert now.credits == most
    if not now.over and most:
        assert budget.call is None or most <= budget.call
        assert budget.total is None or spent + most <= budget.total
        for name in {price.project_id for price in prices}:
            asked = sum(price.credits for price in prices if price.project_id == name)
            assert budget.day is None or today[str(name)] + asked <= budget.day


def test_the_day_that_is_told_is_that_of_the_project_with_least_left() -> None:
    """A decision about posts of two projects is held against both."""
    now = standing(Budget(day=300), [one(60), one(60, "prj_2")], today={"prj_2": 250}, in_all=250)

    assert (now.over, now.spent_today, now.left_today, now.left) == (("day",), 250, 50, 30_000 - 250)


def test_least_is_left_to_the_project_that_would_have_spent_most() -> None:
    """What counts already and what is asked for, together, say which project's day is told."""
    spent = standing(Budget(), [one(60), one(60, "prj_2")], today={"prj_1": 250}, in_all=250)
    asked = standing(Budget(), [one(100), one(10, "prj_2")], today={"prj_1": 100, "prj_2": 120}, in_all=220)
    close = standing(Budget(), [one(60, "prj_2"), one(60)], today={"prj_1": 1}, in_all=1)

    assert (spent.spent_today, asked.spent_today, close.spent_today) == (250, 100, 1)


def test_nothing_is_spent_where_nothing_is_on_record_and_nothing_is_left_of_what_is_exceeded() -> None:
    """The numbers that a person reads are never below 0, and begin at 0."""
    new = standing(Budget(day=100), [one(100)], today={}, in_all=0)
    nothing = standing(Budget(call=0, day=0, total=0), [], today={}, in_all=7)
    past = standing(Budget(day=300), [one(1)], today={"prj_1": 400}, in_all=400)

    assert (new.over, new.spent_today, new.left_today) == ((), 0, 100)
    assert (nothing.over, nothing.credits, nothing.spent_today, nothing.left_today, nothing.left) == ((), 0, 0, 0, 0)
    assert (past.spent_today, past.left_today) == (400, 0)


def test_the_budgets_that_nobody_set_are_those_of_the_readme() -> None:
    """README: 600 a call, 3,000 a project and day, 30,000 in all."""
    assert (Budget().call, Budget().day, Budget().total) == (600, 3000, 30_000)


def test_what_is_set_aside_counts_once_for_each_key_and_is_given_back_once(gate: Gate, store: Store) -> None:
    """Issue 5: keyed by the operation's key so that a repeat counts once; given back when nothing came of it."""
    purse = gate.purse

    first = [purse.reserve({"k1": one(120)}, AT, confirmed=False) for _ in range(2)]
    counted = store.spending.counted("2026-04-18")
    purse.give_back(["k1"])
    purse.give_back(["k1"])
    after = store.spending.counted("2026-04-18")

    assert first == [None, None]
    assert (counted.today, counted.in_all) == ({"prj_1": 120}, 120)
    assert (after.today, after.in_all, purse.knows(["k1"])) == ({}, 0, False)


def test_a_yes_goes_past_a_limit_and_counts_against_the_next(gate: Gate) -> None:
    """What a person let through is spent as everything else."""
    past = gate.purse.reserve({"k1": one(3000)}, AT, confirmed=True)
    next_ = gate.purse.reserve({"k2": one(1)}, AT, confirmed=False)

    assert past is None
    assert next_ is not None
    assert (next_.over, next_.spent_today) == (("day",), 3000)


def test_a_day_is_one_of_utc_and_one_of_the_project(gate: Gate) -> None:
    """Issue 5: per project and day; an id with or without its prefix is the same project."""
    midnight = datetime(2026, 4, 18, 23, 59, 59, tzinfo=UTC)
    gate.purse.reserve({"k1": one(3000, "PRJ_1".lower())}, midnight, confirmed=True)

    same = gate.purse.standing([one(1, "1")], midnight)
    reserved = gate.purse.reserve({"k2": one(1, "1")}, midnight, confirmed=False)
    other = gate.purse.standing([one(1, "prj_2")], midnight)
    tomorrow = gate.purse.standing([one(1)], midnight + timedelta(seconds=1))

    assert reserved is not None
    assert (same.over, reserved.over, other.over, tomorrow.over) == (("day",), ("day",), (), ())


def test_all_who_share_the_store_share_the_day(gate: Gate, store: Store, clock: HandClock) -> None:
    """Issue 5: a loop or another principal shares the day's numbers."""
    gate.purse.reserve({"k1": one(2900)}, AT, confirmed=True)

    other = Gate(lambda: store, clock, "somebody else").purse.reserve({"k2": one(120)}, AT, confirmed=False)

    assert other is not None


@pytest.mark.parametrize(("charged", "left"), [(True, 120), (False, 0)])
def test_a_job_that_failed_gives_its_credits_back(gate: Gate, store: Store, *, charged: bool, left: int) -> None:
    """layers-api: credits: charged when the job completes, nothing when it fails; told twice, it counts once."""
    gate.purse.reserve({"k1": one(120)}, AT, confirmed=False)
    gate.began("job", "job_1", tool="generate_content", arguments=digest("x"), project_id="prj_1", key="k1")

    for _ in range(2):
        gate.purse.job_over("job_1", charged=charged)
    gate.purse.job_over("job_2", charged=False)

    assert store.spending.counted("2026-04-18").in_all == left
