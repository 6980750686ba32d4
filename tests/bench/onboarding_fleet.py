"""Many customers onboarded under one key, by our pace and by the clients of both seeds: `python tests/bench/onboarding_fleet.py`.

Desk, pace and retry are the real code on a virtual clock. The server is a model of the documented limits: a bucket for each class, the
writes of a day, 429 with Retry-After in whole seconds. A customer is 5 writes, 2 starts, 5 reads, and the looks at its two jobs, which
show how far they are (or do not: `--still`); the desk knows no more of them than the docs' spans.

Makespans are given against the ideal: the same order of work, requests that take no time, no margin, and word of each job's end at once.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import random
import selectors
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from math import ceil, floor, inf
from statistics import mean
from typing import Any, cast

from layers_mcp.client.bucket import Said
from layers_mcp.client.desk import Desk, Progress
from layers_mcp.client.limits import plan
from layers_mcp.client.manner import manner
from layers_mcp.client.pace import Pace
from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.retry import pause_before
from layers_mcp.client.thing import job
from layers_mcp.client.window import Window
from layers_mcp.contract.errors import RateLimited
from layers_mcp.contract.jobs import GetJob, Job
from layers_mcp.contract.rates import TIERS
from layers_mcp.contract.scalars import RateClass

READ, WRITE, START = "read-light", "write-light", "long-running"
PATH: tuple[tuple[RateClass | int, int, int], ...] = (
    (WRITE, 1, 2), (WRITE, 1, 3), (START, 1, 2), (0, 1, 0), (READ, 2, 3), (START, 1, 1), (1, 1, 0),
    (READ, 1, 0), (WRITE, 3, 0), (READ, 2, 0),
)  # fmt: skip
"""Class, how many, rank; a job by its number."""
SPANS = ((180.0, 480.0), (90.0, 180.0))
"""Seconds of an ingest (seed 004, step 3: 3 to 8 minutes) and of a generation (step 6: 90 to 180 seconds)."""
RTT_S = 0.08
ALL_AT_ONCE = 1_000
"""With more customers than this ours lets them in through the window only."""
DAWN = datetime(2026, 4, 18, tzinfo=UTC)
KINDS = ("project_ingest_github", "content_generate")


class _Skip(selectors.DefaultSelector):
    """Instead of waiting, the time moves."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None, "everybody waits for something that never comes"
        self.now_s += max(timeout, 0.0)
        return []


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self) -> None:
        self._skip = _Skip()
        super().__init__(self._skip)

    def time(self) -> float:
        """Seconds of this loop's own time."""
        return self._skip.now_s


class LoopClock:
    """The clock of the running loop."""

    def now(self) -> datetime:
        """The instant, from a midnight on."""
        return DAWN + timedelta(seconds=self.elapsed_s())

    def elapsed_s(self) -> float:
        """Seconds since that midnight."""
        return asyncio.get_running_loop().time()

    async def sleep(self, pause_s: float) -> None:
        """Let them pass."""
        await asyncio.sleep(pause_s)


class Bucket:
    """One class on the server."""

    def __init__(self, per_minute: int, room_s: float) -> None:
        self.per_minute, self.a_second = per_minute, per_minute / 60
        self.room = max(self.a_second * room_s, 1.0)
        self.left, self.at_s = self.room, 0.0

    def missing_s(self, now_s: float) -> float:
        """Seconds until there is one."""
        self.left = min(self.left + (now_s - self.at_s) * self.a_second, self.room)
        self.at_s = now_s
        return max((1 - self.left - 1e-9) / self.a_second, 0.0)


class Server:
    """The limits of one key."""

    def __init__(self, tier: str, room_s: float) -> None:
        self.buckets = {rate: Bucket(TIERS[tier].of(rate), room_s) for rate in (READ, WRITE, START)}
        self.writes_a_day, self.day, self.written = TIERS[tier].writes_a_day, 0, 0
        self.requests, self.refused = dict.fromkeys(self.buckets, 0), 0

    def missing_s(self, rate: RateClass, now_s: float) -> float:
        """Seconds until a request of this class is let through; it is counted when that is now."""
        bucket = self.buckets[rate]
        if (wait_s := bucket.missing_s(now_s)) > 0:
            return wait_s
        if rate == WRITE:
            if now_s // 86_400 != self.day:
                self.day, self.written = now_s // 86_400, 0
            if self.written >= self.writes_a_day:
                return (self.day + 1) * 86_400 - now_s
            self.written += 1
        bucket.left -= 1
        return 0.0

    async def exchange(self, rate: RateClass, luck: random.Random) -> Said:
        """One request over the net, and what its answer says."""
        await asyncio.sleep(luck.uniform(0.25, 0.75) * RTT_S)
        self.requests[rate] += 1
        wait_s = self.missing_s(rate, asyncio.get_running_loop().time())
        self.refused += wait_s > 0
        bucket = self.buckets[rate]
        said = Said(bucket.per_minute, max(floor(bucket.left), 0), ceil(wait_s) if wait_s else None)
        await asyncio.sleep(luck.uniform(0.25, 0.75) * RTT_S)
        return said


class GaveUp(Exception):
    """A customer is left half done."""


@dataclass(eq=False)
class Fleet:
    """One run: its server, its luck, and what came of it; `moving`: whether its jobs show how far they are."""

    server: Server
    luck: random.Random
    moving: bool = True
    clock: LoopClock = field(default_factory=LoopClock)
    done_s: list[float] = field(default_factory=list)
    failed: int = 0


class Far:
    """Layers as the desk sees it: a look is a request of the fleet."""

    def __init__(self, ours: Ours) -> None:
        self.ours, self.clock, self.request_id = ours, ours.fleet.clock, None

    def now(self) -> datetime:
        """The API's time."""
        return self.clock.now()

    def hear(self, request_id: str | None) -> None:
        """Nobody asks."""

    async def look(self, _endpoint: object, request: GetJob, _etag: str | None = None) -> Seen[Job]:
        """One look, as `client/layers` does it: in the manner of the task."""
        said = await self.ours.sent(READ, manner.get().rank, manner.get().patience_s)
        if said.refused_s is not None:
            raise RateLimited("", retry_after_s=said.refused_s)
        return Seen(self.ours.job(request.job_id), None)

    async def pass_on(self, _endpoint: object, _request: object, ask: Callable[[], Awaitable[Job]]) -> Job:
        """What another's look brings."""
        return await ask()


async def _quiet(_progress: Progress) -> None:
    """Nobody listens."""


class Ours:
    """Every request by the real pace and retry, every wait at the real desk."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.pace = fleet, Pace(fleet.clock)
        self._far = cast("Partner", Far(self))
        self._desk = Desk(self._far, pace=self.pace)
        self._jobs: dict[str, tuple[str, datetime, float]] = {}

    async def sent(self, rate: RateClass, rank: int, patience_s: float = inf) -> Said:
        """One request in its turn, and what its answer says."""
        ticket = await self.pace.take(rate, rank=rank, patience_s=patience_s)
        said = await self.fleet.server.exchange(rate, self.fleet.luck)
        self.pace.hear(ticket, said)
        return said

    async def ask(self, rate: RateClass, rank: int) -> None:
        """One request, retried as `client/layers` does."""
        for attempt in count(2):
            said = await self.sent(rate, rank)
            if said.refused_s is None:
                return
            pause_s = pause_before(attempt, RateLimited("", retry_after_s=said.refused_s), safe=True, luck=self.fleet.luck.random())
            if pause_s is None:
                raise GaveUp
            await self.fleet.clock.sleep(pause_s)

    async def watch(self, what: int, lasts_s: float) -> None:
        """Wait until a job that takes `lasts_s` is seen to be over."""
        name = f"job_{len(self._jobs)}"
        self._jobs[name] = (KINDS[what], self.fleet.clock.now(), lasts_s)
        await self._desk.wait(job(name), by=self._far, report=_quiet, at_most_s=1e7)

    def job(self, name: str) -> Job:
        """How a job stood half a way ago."""
        kind, began, lasts_s = self._jobs[name]
        gone = ((self.fleet.clock.now() - began).total_seconds() - RTT_S / 2) / lasts_s
        over = gone >= 1
        return Job.model_construct(
            job_id=name,
            kind=kind,
            status="completed" if over else "running",
            progress=1.0 if over else int(100 * gone) / 100 if self.fleet.moving else 0.0,
            started_at=began,
            finished_at=began + timedelta(seconds=lasts_s) if over else None,
        )

    def close(self) -> None:
        """Stop serving."""
        self.pace.close()


class Naive:
    """As the seeds' samples do: fixed polls, and backoff that knows of nobody else."""

    def __init__(self, fleet: Fleet, *, every_s: float, jitter: bool, tries: float) -> None:
        self.fleet, self._every_s, self._jitter, self._tries = fleet, every_s, jitter, tries

    async def ask(self, rate: RateClass, rank: int) -> None:
        """One request, again with backoff while it is refused."""
        del rank
        for attempt in count(1):
            said = await self.fleet.server.exchange(rate, self.fleet.luck)
            if said.refused_s is None:
                return
            if attempt >= self._tries:
                raise GaveUp
            most_s = min(60.0, 2.0 ** min(attempt - 1, 10))
            await asyncio.sleep(self.fleet.luck.uniform(0, most_s) if self._jitter else most_s)

    async def watch(self, what: int, lasts_s: float) -> None:
        """Poll until the job is over."""
        del what
        over_s = self.fleet.clock.elapsed_s() + lasts_s
        while True:
            await self.ask(READ, 0)
            if self.fleet.clock.elapsed_s() >= over_s:
                return
            await asyncio.sleep(self._every_s)

    def close(self) -> None:
        """Nothing to stop."""


class Ideal:
    """Requests take no time, tokens go to who is first by rank, and a job's end is known at once."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._lines: dict[RateClass, list[tuple[int, int, asyncio.Future[None]]]] = {READ: [], WRITE: [], START: []}
        self._numbers = count()

    async def ask(self, rate: RateClass, rank: int) -> None:
        """One request, when there is a token."""
        line, granted = self._lines[rate], asyncio.get_running_loop().create_future()
        heapq.heappush(line, (-rank, next(self._numbers), granted))
        if len(line) == 1:
            self._serve(rate)
        await granted

    def _serve(self, rate: RateClass) -> None:
        loop = asyncio.get_running_loop()
        while self._lines[rate]:
            if (wait_s := self.fleet.server.missing_s(rate, loop.time())) > 0:
                loop.call_later(wait_s + 1e-6, self._serve, rate)
                return
            self.fleet.server.requests[rate] += 1
            heapq.heappop(self._lines[rate])[2].set_result(None)

    async def watch(self, what: int, lasts_s: float) -> None:
        """Wait, and read once."""
        del what
        await asyncio.sleep(lasts_s)
        await self.ask(READ, 2)

    def close(self) -> None:
        """Nothing to stop."""


CLIENTS: dict[str, Callable[[Fleet], Any]] = {
    "ideal": Ideal,
    "ours": Ours,
    "ours, window": Ours,
    "seed 000: 3 s, 5 tries": partial(Naive, every_s=3.0, jitter=False, tries=5),
    "seed 000: 3 s, for ever": partial(Naive, every_s=3.0, jitter=False, tries=inf),
    "seed 004: 5 s, jitter": partial(Naive, every_s=5.0, jitter=True, tries=inf),
}


async def _customer(fleet: Fleet, client: Any, lasts: tuple[float, float], window: Any) -> None:
    async with window:
        try:
            for what, how_many, rank in PATH:
                for _ in range(how_many):
                    asked: Awaitable[None] = client.watch(what, lasts[what]) if isinstance(what, int) else client.ask(what, rank)
                    await asked
            fleet.done_s.append(fleet.clock.elapsed_s())
        except GaveUp:
            fleet.failed += 1


Lasts = Sequence[tuple[float, float]]
"""How long the two jobs of each customer take."""


def drawn(customers: int, seed: int) -> Lasts:
    """As the docs have it."""
    luck = random.Random(seed)
    return [(luck.uniform(*SPANS[0]), luck.uniform(*SPANS[1])) for _ in range(customers)]


async def _onboard(fleet: Fleet, name: str, lasts: Lasts) -> None:
    client = CLIENTS[name](fleet)
    window = Window(client.pace, longest_s=SPANS[0][1] + SPANS[1][1]) if name.endswith("window") else nullcontext()
    await asyncio.gather(*[_customer(fleet, client, one, window) for one in lasts])
    client.close()


def onboarded(name: str, tier: str, customers: int | Lasts, *, room_s: float = 10.0, seed: int = 0, moving: bool = True) -> Fleet:
    """A run of one client; `customers`: how many, or how long their jobs take; `room_s`: seconds of its rate that a bucket holds."""
    lasts = drawn(customers, seed) if isinstance(customers, int) else customers
    fleet = Fleet(Server(tier, room_s), random.Random(f"{seed} on the way"), moving=moving)
    loop = Loop()
    try:
        loop.run_until_complete(_onboard(fleet, name, lasts))
    finally:
        loop.close()
    return fleet


def _table(tier: str, customers: int, room_s: float, seeds: int, names: list[str], *, moving: bool) -> None:
    print(f"\n{customers:,} customers, tier {tier}, buckets of {room_s:g} s, {seeds} seeds; {plan(customers, TIERS[tier])}", flush=True)
    print(f"{'client':>24} | {'failed':>6} | {'minutes':>8} | {'x ideal':>7} | {'mean done x':>11} | {'429s':>9} | {'requests':>9} | reads")
    ideal: list[Fleet] = []
    for name in names:
        runs = [onboarded(name, tier, customers, room_s=room_s, seed=seed, moving=moving) for seed in range(seeds)]
        ideal = ideal or runs
        whole = not any(run.failed for run in runs)
        longest = mean(max(run.done_s, default=0) for run in runs) / 60
        against = mean(max(run.done_s) / max(best.done_s) for run, best in zip(runs, ideal, strict=True)) if whole else inf
        done = mean(mean(run.done_s) / mean(best.done_s) for run, best in zip(runs, ideal, strict=True)) if whole else inf
        asked = mean(sum(run.server.requests.values()) for run in runs)
        reads = mean(run.server.requests[READ] for run in runs) / customers
        print(
            f"{name:>24} | {mean(run.failed for run in runs) / customers:>6.1%} | {longest:>8.1f} | {against:>7.3f} | {done:>11.3f} | "
            f"{mean(run.server.refused for run in runs):>9,.1f} | {asked:>9,.0f} | {reads:.1f}",
            flush=True,
        )


def main() -> None:
    """Print the tables."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--customers", default="100,1000,10000")
    asked.add_argument("--tiers", default="standard,pilot,partner")
    asked.add_argument("--room-s", default="10", help="seconds of its rate that a bucket holds; several with commas")
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--naive-up-to", type=int, default=100, help="the seeds' clients run up to so many customers")
    asked.add_argument("--still", action="store_true", help="jobs show no progress")
    given = asked.parse_args()
    for room_s in map(float, given.room_s.split(",")):
        for customers in map(int, given.customers.split(",")):
            names = [name for name in CLIENTS if customers <= given.naive_up_to or not name.startswith("seed")]
            names = [name for name in names if customers <= ALL_AT_ONCE or name != "ours"]
            for tier in given.tiers.split(","):
                _table(tier, customers, room_s, given.seeds if customers <= 100 else 1, names, moving=not given.still)


if __name__ == "__main__":
    main()
