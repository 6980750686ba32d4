"""Desk and pace together: small versions of what `tests/bench` prints, and that nobody starves when everything is scarce."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from layers_mcp.client.pace import Pace
from layers_mcp.contract.errors import RateLimited

_BENCH = Path(__file__).parents[1] / "bench"


def _bench(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", _BENCH / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = made  # its dataclasses look themselves up there
    spec.loader.exec_module(made)
    return made


fleet, waiting = _bench("onboarding_fleet"), _bench("waiting")
READ, START = fleet.READ, fleet.START
Model = Callable[[float, float], float]


# requests a job, as `tests/bench/waiting.py` prints them for ten thousand


def _lasts(kind: str, scale: float, jobs: int = 60) -> list[float]:
    low_s, high_s = waiting.SPANS[kind]
    return [scale * (low_s + (high_s - low_s) * (place + 0.5) / jobs) for place in range(jobs)]


@pytest.mark.parametrize(("model", "most", "late_s"), [(waiting.honest, 0.20, 1.0), (waiting.none, 0.30, 5.0)])
def test_an_ingest_costs_a_fraction_of_the_guides_polls(model: Model, most: float, late_s: float) -> None:
    """Issue 6: at most 0.20 and 0.30 of the requests of 5 s polling, and seen at most 1 s and 5 s late on average."""
    lasts = _lasts("project_ingest_github", 1.0)

    guide = waiting.naive(waiting.fixed(5), lasts)
    cost = asyncio.run(waiting.ours("project_ingest_github", lasts, model))

    assert cost.requests <= most * guide.requests
    assert cost.mean_s <= late_s


@pytest.mark.parametrize("scale", waiting.SCALES)
@pytest.mark.parametrize("kind", waiting.SPANS)
@pytest.mark.parametrize("model", [waiting.honest, waiting.noisy, waiting.stages, waiting.none])
def test_no_job_is_both_dearer_and_later_than_by_the_docs_schedule(kind: str, scale: float, model: Model) -> None:
    """Issue 6: never worse on both at once, also when jobs take half or twice as long as learned."""
    lasts = _lasts(kind, scale, jobs=30)

    docs = waiting.naive(waiting.docs, lasts)
    cost = asyncio.run(waiting.ours(kind, lasts, model))

    assert cost.requests <= docs.requests or cost.mean_s <= docs.mean_s


# many customers under one key, as `tests/bench/onboarding_fleet.py` prints them


@pytest.mark.parametrize(
    ("tier", "customers", "most_reads"), [("standard", 100, 14), ("pilot", 100, 40), ("partner", 100, 40), ("partner", 200, 40)]
)
def test_a_small_fleet_is_onboarded_in_the_ideal_time_without_a_refusal(tier: str, customers: int, most_reads: float) -> None:
    """Issue 6: within 1.05 of the ideal makespan, no 429 where a bucket holds 10 s of its rate, at most 14 reads a customer.

    Two hundred are more than the window lets in before Layers has told that the key may start more.
    """
    ideal = fleet.onboarded("ideal", tier, customers)
    ours = fleet.onboarded("ours, window", tier, customers)

    assert (ours.failed, len(ours.done_s), ours.server.refused) == (0, customers, 0)
    assert max(ours.done_s) <= 1.05 * max(ideal.done_s)
    assert ours.server.requests[READ] <= most_reads * customers


def test_the_seeds_playbook_leaves_most_customers_half_done() -> None:
    """performance-baselines §5: what the same hundred cost without a budget: 94 % failed."""
    naive = fleet.onboarded("seed 000: 3 s, 5 tries", "standard", 100)

    assert naive.failed > 80
    assert naive.server.refused > 500


# property: whoever waits is served, whatever the others do


@hypothesis(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 60), st.integers(0, 3), st.none() | st.floats(0, 30)), min_size=1, max_size=60),
    st.sampled_from([(READ, 2.0), (READ, 10.0), (START, 10.0), (START, 60.0)]),
)
def test_whoever_stands_in_line_is_served_and_nothing_is_refused(story: list, bucket: tuple) -> None:
    """Issue 6: no waiter starves, no bucket is overdrawn, and who is cancelled takes nothing away.

    Each comes at a time, with a rank, and may leave after a while; the server is the model of `tests/bench`.
    """
    rate, room_s = bucket
    server, luck = fleet.Server("standard", room_s), Random(1)
    served: list[float] = []

    async def one(pace: Pace, came_s: float, rank: int) -> None:
        await asyncio.sleep(came_s)
        ticket = await pace.take(rate, rank=rank)
        try:
            said = await server.exchange(rate, luck)
        except asyncio.CancelledError:
            pace.hear(ticket, None)
            raise
        pace.hear(ticket, said)
        served.append(asyncio.get_running_loop().time())

    async def all_of_them() -> None:
        pace = Pace(fleet.LoopClock())
        tasks = [asyncio.ensure_future(one(pace, came_s, rank)) for came_s, rank, _ in story]
        for task, (came_s, _, leaves_s) in zip(tasks, story, strict=True):
            if leaves_s is not None:
                asyncio.get_running_loop().call_later(came_s + leaves_s, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        pace.close()

    loop = fleet.Loop()
    loop.run_until_complete(all_of_them())
    loop.close()

    assert server.refused == 0
    assert len(served) >= sum(leaves_s is None for _, _, leaves_s in story)
    assert max(served, default=0) <= 60 + 60 * len(story) / fleet.TIERS["standard"].of(rate) * 1.1 + 10


class Jumpy(fleet.LoopClock):
    """A clock whose wall is set, forward or back, while its seconds run on."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        """What the wall shows."""
        return super().now() + timedelta(seconds=self.ahead_s)


@hypothesis(max_examples=15, deadline=None)
@example(jumps=[(1.0, 0.75)], many=23, rate=READ)
@given(
    jumps=st.lists(st.tuples(st.floats(0, 40), st.floats(-7200, 7200)), max_size=4),
    many=st.integers(1, 60),
    rate=st.sampled_from([READ, START]),
)
def test_a_clock_that_is_set_neither_overdraws_the_bucket_nor_stops_the_line(jumps: list, many: int, rate: str) -> None:
    """Issue 6: clock jumps are defined for the pace: set forward nothing is gained, set back nothing stands still."""
    server, luck, clock = fleet.Server("standard", 10.0), Random(1), Jumpy()

    def jump(by_s: float) -> None:
        clock.ahead_s += by_s

    async def one(pace: Pace) -> None:
        ticket = await pace.take(rate)
        pace.hear(ticket, await server.exchange(rate, luck))

    async def all_of_them() -> None:
        pace = Pace(clock)
        for at_s, by_s in jumps:
            asyncio.get_running_loop().call_later(at_s, jump, by_s)
        async with asyncio.timeout(60 + 1.1 * many * 60 / fleet.TIERS["standard"].of(rate)):
            await asyncio.gather(*[one(pace) for _ in range(many)])
        pace.close()

    loop = fleet.Loop()
    loop.run_until_complete(all_of_them())
    loop.close()

    assert server.refused == 0


# property: looks go after work, and yet every wait ends


@hypothesis(max_examples=10, deadline=None)
@given(jobs=st.integers(1, 60), lasts_s=st.floats(20, 400), work_a_second=st.floats(0, 1.9))
def test_waits_end_while_work_takes_nearly_all_reads(jobs: int, lasts_s: float, work_a_second: float) -> None:
    """Issue 6: no waiter starves; work waits little for looks."""
    run = fleet.Fleet(fleet.Server("standard", 10.0), Random(1))
    late: list[float] = []
    waited: list[float] = []

    async def wait_for(client: object) -> None:
        began_s = run.clock.elapsed_s()
        await client.watch(0, lasts_s)
        late.append(run.clock.elapsed_s() - began_s - lasts_s)

    async def work(client: object) -> None:
        while len(late) < jobs:
            await asyncio.sleep(1 / work_a_second)
            began_s = run.clock.elapsed_s()
            await client.ask(READ, 0)
            waited.append(run.clock.elapsed_s() - began_s)

    async def both() -> None:
        client = fleet.Ours(run)
        tasks = [wait_for(client) for _ in range(jobs)] + ([work(client)] if work_a_second > 0.1 else [])
        await asyncio.gather(*tasks)
        client.close()

    loop = fleet.Loop()
    loop.run_until_complete(both())
    loop.close()

    assert run.server.refused == 0
    assert max(late) <= 150 + jobs
    assert max(waited, default=0) <= 30


@pytest.mark.anyio
async def test_a_first_call_is_not_delayed_and_those_beside_it_wait_for_its_answer_only() -> None:
    """Issue 9 wants a first call in 1.5 s: the first request of a class goes at once, and the others with its answer."""
    loop = asyncio.get_running_loop()
    clock = fleet.LoopClock()
    pace = Pace(clock)
    began_s = loop.time()

    first = await pace.take(READ)
    beside = [asyncio.ensure_future(pace.take(READ)) for _ in range(5)]
    await asyncio.sleep(0.02)
    before = [task.done() for task in beside]
    pace.hear(first, fleet.Said(120, 119))
    async with asyncio.timeout(1):
        await asyncio.gather(*beside)

    assert before == [False] * 5
    assert loop.time() - began_s < 1
    pace.close()


@pytest.mark.anyio
async def test_a_wait_that_can_not_be_is_refused_with_the_time_and_not_served_late() -> None:
    """Issue 6: timeouts are defined: patience that runs out in line is a refusal with the time, and nothing was sent."""
    pace = Pace(fleet.LoopClock())
    ticket = await pace.take(START)
    pace.hear(ticket, fleet.Said(20, 0, 90.0))

    with pytest.raises(RateLimited, match="limited by starts: 20 a minute; yours in"):
        await pace.take(START, patience_s=60)

    pace.close()


def test_a_look_is_made_however_long_the_line_is() -> None:
    """Issue 6: no waiter starves: a hundred and fifty readers stand in line before it, all the time."""
    run = fleet.Fleet(fleet.Server("standard", 10.0), Random(1))
    over: list[float] = []

    async def story() -> None:
        client = fleet.Ours(run)
        crowd = [asyncio.ensure_future(_reads_for_ever(client)) for _ in range(150)]
        await client.watch(0, 200.0)
        over.append(run.clock.elapsed_s())
        for reader in crowd:
            reader.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        client.close()

    loop = fleet.Loop()
    loop.run_until_complete(story())
    loop.close()

    assert over[0] <= 1200


async def _reads_for_ever(client: object) -> None:
    while True:
        await client.ask(READ, 0)
