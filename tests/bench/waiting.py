"""What waiting for jobs costs, and how late their end is seen: `python tests/bench/waiting.py`.

The real desk on a virtual clock, beside the pollers of both seeds and the docs' schedule on the same jobs. Durations are simulated:
ingest even between 180 and 480 s, generation between 90 and 180 s (seed 004, steps 3 and 6); the desk knows no more than those spans.
With a scale jobs really last so many times what the desk expects, and it learns nothing on the way.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import NamedTuple, cast

from layers_mcp.client.desk import Desk, Progress
from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.thing import job
from layers_mcp.clock import HandClock
from layers_mcp.contract.jobs import Job

SPANS = {"project_ingest_github": (180.0, 480.0), "content_generate": (90.0, 180.0)}
SCALES = (1.0, 0.5, 2.0)
START = datetime(2026, 4, 18, tzinfo=UTC)
Model = Callable[[float, float], float]


def honest(gone_s: float, lasts_s: float) -> float:
    """The true share, in hundredths."""
    return min(0.99, int(100 * gone_s / lasts_s) / 100)


def noisy(gone_s: float, lasts_s: float) -> float:
    """The true share bent in a way of each job's own, in twentieths."""
    return min(0.95, int(20 * (gone_s / lasts_s) ** random.Random(lasts_s).uniform(0.6, 1.6)) / 20)


def stages(gone_s: float, lasts_s: float) -> float:
    """Four marks, entered at times of each job's own."""
    own = random.Random(lasts_s)
    cuts = sorted([own.uniform(0.02, 0.9), own.uniform(0.02, 0.9), 1 - own.uniform(0.05, 0.35)])
    return (0.02, 0.1, 0.4, 0.9)[sum(gone_s / lasts_s >= cut for cut in cuts)]


def none(_gone_s: float, _lasts_s: float) -> float:
    """No progress at all."""
    return 0.0


class Cost(NamedTuple):
    """Requests a job, and seconds between its end and the look that saw it."""

    requests: float
    mean_s: float
    p95_s: float

    @classmethod
    def of(cls, each: Sequence[tuple[int, float]]) -> Cost:
        """Over all jobs."""
        lags = sorted(lag for _, lag in each)
        return cls(mean(asked for asked, _ in each), mean(lags), lags[int(0.95 * len(lags))])


class Far:
    """Layers as the desk sees it: one job that began now."""

    def __init__(self, clock: HandClock, kind: str, lasts_s: float, model: Model) -> None:
        self.clock, self.kind, self.lasts_s, self.model = clock, kind, lasts_s, model
        self.began, self.asked, self.request_id = clock.now(), 0, None

    def now(self) -> datetime:
        """The API's time."""
        return self.clock.now()

    def hear(self, request_id: str | None) -> None:
        """Nobody asks."""

    async def look(self, _endpoint: object, _request: object, _etag: str | None = None) -> Seen[Job]:
        """One look."""
        self.asked += 1
        return Seen(self._job(), None)

    async def pass_on(self, _endpoint: object, _request: object, ask: Callable[[], Awaitable[Job]]) -> Job:
        """What another's look brings."""
        return await ask()

    def _job(self) -> Job:
        gone_s = (self.clock.now() - self.began).total_seconds()
        over = gone_s >= self.lasts_s
        return Job.model_construct(
            job_id="job_1",
            kind=self.kind,
            status="completed" if over else "running",
            progress=1.0 if over else self.model(gone_s, self.lasts_s),
            started_at=self.began,
            finished_at=self.began + timedelta(seconds=self.lasts_s) if over else None,
        )


async def _quiet(_progress: Progress) -> None:
    """Nobody listens."""


async def ours(kind: str, lasts: Sequence[float], model: Model, *, callers: int = 1) -> Cost:
    """The real desk, one job after the other; `callers` wait for each."""
    each: list[tuple[int, float]] = []
    for lasts_s in lasts:
        clock = HandClock(START)
        far = Far(clock, kind, lasts_s, model)
        partner = cast("Partner", far)
        desk = Desk(partner)
        waits = [desk.wait(job("job_1"), by=partner, report=_quiet, at_most_s=1e6) for _ in range(callers)]
        await asyncio.gather(*waits)
        each.append((far.asked, clock.elapsed_s() - lasts_s))
    return Cost.of(each)


def fixed(period_s: float) -> Callable[[int, random.Random], float]:
    """A poller of the seeds; its first look is at once."""
    return lambda number, _luck: period_s if number else 0.0


def docs(number: int, luck: random.Random) -> float:
    """The docs' schedule: 2 s, times 1.3, at most 10 s, up to half a second more (layers-api: concepts/jobs)."""
    return min(10.0, 2.0 * 1.3**number) + luck.uniform(0, 0.5)


def naive(pause: Callable[[int, random.Random], float], lasts: Sequence[float]) -> Cost:
    """A poller that looks by the number of its look alone."""
    luck, each = random.Random(2), list[tuple[int, float]]()
    for lasts_s in lasts:
        at_s, asked = pause(0, luck), 1
        while at_s < lasts_s:
            at_s += pause(asked, luck)
            asked += 1
        each.append((asked, at_s - lasts_s))
    return Cost.of(each)


def _line(name: str, cost: Cost, base: Cost) -> None:
    share = f"{cost.requests / base.requests:>6.2f}"
    print(f"  {name:<28} | {cost.requests:>8.1f} | {share} | {cost.mean_s:>6.2f} | {cost.p95_s:>6.2f}", flush=True)


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--jobs", type=int, default=10_000)
    given = asked.parse_args()
    for kind, span in SPANS.items():
        for scale in SCALES:
            luck = random.Random(1)
            lasts = [scale * luck.uniform(*span) for _ in range(given.jobs)]
            base, schedule = naive(fixed(5), lasts), naive(docs, lasts)
            print(f"SIMULATED {kind}: {given.jobs} jobs of {scale * span[0]:g}-{scale * span[1]:g} s, expected {span[0]:g}-{span[1]:g} s")
            print(f"  {'':<28} | requests | x 5 s  | mean s |  p95 s")
            _line("every 3 s (seed 000)", naive(fixed(3), lasts), base)
            _line("every 5 s (seed 004)", base, base)
            _line("2 s x1.3 to 10 s (docs)", schedule, base)
            for model in (honest, noisy, stages, none):
                cost = asyncio.run(ours(kind, lasts, model))
                behind = cost.requests > schedule.requests and cost.mean_s > schedule.mean_s
                _line(f"desk, progress {model.__name__}" + (" BEHIND" if behind else ""), cost, base)
    few = [random.Random(3).uniform(*SPANS["content_generate"])] * 3
    for callers in (1, 10, 1000):
        cost = asyncio.run(ours("content_generate", few, honest, callers=callers))
        print(f"{callers:>5} callers of one job: {cost.requests:g} requests")


if __name__ == "__main__":
    main()
