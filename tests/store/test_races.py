"""What many do at the same moment, in a file and on a server: of each, one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.durations import Durations
from layers_mcp.store.rows import Confirmation, Entry, Halt, Operation, RunRow, Spending
from layers_mcp.store.store import Store
from layers_mcp.store.watches import Watches

MANY = 8
T = TypeVar("T")
AtOnce = Callable[[Callable[[Store, int], T]], list[T]]


@pytest.fixture
def at_once(where: Path | str, clock: HandClock) -> Iterator[AtOnce]:
    """Has many do something at the same moment, each with a store of its own, as processes have."""
    stores, barrier = [Store.open(where, clock=clock) for _ in range(MANY)], Barrier(MANY)

    def each(do: Callable[[Store, int], T], number: int) -> T:
        barrier.wait(30)
        return do(stores[number], number)

    with ThreadPoolExecutor(MANY) as pool:
        yield lambda do: list(pool.map(lambda number: each(do, number), range(MANY)))
    for store in stores:
        store.close()


def test_a_database_is_made_once_by_many_who_open_it(where: Path | str) -> None:
    """Workers on many machines start together."""
    with ThreadPoolExecutor(MANY) as pool:
        stores = list(pool.map(lambda _: Store.open(where), range(MANY)))

    assert all(store.runs.recent() == () for store in stores)
    for store in stores:
        store.close()


def test_one_operation_is_taken_on_by_one(at_once: AtOnce, clock: HandClock) -> None:
    """design.md §5: one key for all attempts, and one attempt at a time; also while another forgets it."""
    until = clock.now() + timedelta(seconds=15)

    def claim(store: Store, number: int) -> tuple[str, str]:
        fresh = Operation(
            principal="p",
            tool="create_project",
            name="n",
            arguments="a",
            key=f"k{number}",
            made_at=clock.now(),
            holder=f"h{number}",
            held_until=until,
        )
        known = store.replies.claim(fresh, since=clock.now())
        return known.state, known.operation.key

    for _ in range(5):
        claims = at_once(claim)

        assert sorted(state for state, _ in claims) == ["mine"] + ["running"] * (MANY - 1)
        assert len({key for _, key in claims}) == 1

        def forget(store: Store, number: int, key: str = claims[0][1]) -> None:
            held = Operation(principal="p", tool="create_project", name="n", arguments="a", key=key, made_at=clock.now())
            if number % 2:
                store.replies.forget(held)
            else:
                claim(store, number)

        at_once(forget)
        at_once(lambda store, number: [claim(store, number), store.replies.sweep(until)])


def test_yeses_to_one_act_under_several_previews_go_out_under_one_key(at_once: AtOnce, clock: HandClock) -> None:
    """design.md §5: an act whose end is not known is gone on with, never sent twice."""

    def mint(store: Store, number: int) -> None:
        given = {"principal": "p", "tool": "approve_content", "arguments": "a" * 64, "shown": "b" * 64}
        times = {"minted_at": clock.now(), "expires_at": clock.now() + timedelta(minutes=10)}
        store.confirmations.mint(Confirmation(handle=f"h{number}", key=f"k{number}", **given, **times))

    def spend(store: Store, number: int) -> str:
        since = clock.now() - timedelta(hours=1)
        spent = store.confirmations.spend(
            f"h{number}", now=clock.now(), since=since, confirmed_by="person", refuse=lambda row: None if row else "no"
        )
        assert isinstance(spent, Confirmation)
        return spent.key

    at_once(mint)

    assert len(set(at_once(spend))) == 1


def test_a_watch_is_one_holders_and_credits_trail_and_holds_add_up(at_once: AtOnce, clock: HandClock) -> None:
    """What the first of all rows is made for is made once, too; here nobody is in a hurry."""

    def act(store: Store, number: int) -> tuple[str, str | None]:
        until = clock.now() + timedelta(seconds=12)
        held = Watches(store._engine, "p").claim("job_1", f"h{number}", now=clock.now(), until=until)
        refused = store.spending.reserve(
            [Spending(key=f"k{number}", project_id="prj_1", day="2026-04-18", credits=30)],
            day="2026-04-18",
            refuse=lambda counted: "too much" if counted.in_all >= 120 else None,
        )
        store.trail.add(Entry(at=clock.now(), principal="p", tool="halt", effect="sets", outcome="done", arguments=""))
        store.halts.hold(Halt(project_id="prj_1", at=clock.now(), principal="p", by="person" if number == 3 else "agent"))
        Durations(store._engine, "p").learn("job", 3)
        return held.holder, refused

    outcomes = at_once(act)
    (trail, hold, spent) = at_once(
        lambda one, _: (one.trail.flaw(), one.halts.of(["prj_1"]).by, one.spending.counted("2026-04-18").in_all)
    )[0]

    assert len({holder for holder, _ in outcomes}) == 1
    assert [refused for _, refused in outcomes].count("too much") == MANY - 4
    assert (trail, hold, spent) == (None, "person", 120)


def test_a_run_is_made_once_woken_by_one_and_hears_every_bell(at_once: AtOnce, clock: HandClock) -> None:
    """`store/runs`: who lies down and who rings at that moment miss each other never."""
    row = RunRow(id="run", loop="toy", given="{}", state="queued", began_at=clock.now(), worker="w0")
    at_once(lambda store, number: store.workers.sit("w0", "here", now=clock.now()) if number == 0 else None)

    made = at_once(lambda store, _: store.runs.add(row))
    for turn in range(20):
        taken = at_once(lambda store, number: store.runs.begin(row, recorded=0) if number == 0 else None)[0]
        lying = taken.model_copy(update={"state": "waiting", "step": 1, "bell": f"bell {turn}"})

        def act(store: Store, number: int, taken: RunRow = taken, lying: RunRow = lying) -> None:
            if number == 0:
                store.runs.lie(taken, lying, heard_us=taken.born_us)
            elif number == 1:
                store.runs.ring(lying.bell)

        at_once(act)
        woken = at_once(lambda store, _: store.runs.take_due(clock.now(), limit=10))

        assert sorted(len(some) for some in woken) == [0] * (MANY - 1) + [1], f"turn {turn}"
        assert {one.woken for some in woken for one in some} == {"bell"}

    assert made.count(True) == 1
