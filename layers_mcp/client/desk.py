"""Waiting for something that takes a while: when to look again is decided purely, looking and reporting is done thinly."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.retry import pause_before
from layers_mcp.clock import Clock
from layers_mcp.contract import jobs
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.errors import LayersError, RateLimited, TransientError

__all__ = ["Progress", "Report", "follow", "job", "next_look_s", "of_job", "wait"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)
T = TypeVar("T")

QUICKEST_S = 0.25
FIRST_S = 0.5
SLOWEST_S = 10.0
"""The slowest cadence of the docs' samples (layers-api: concepts/jobs); they start at 2 s, our sandbox runs 60 times faster."""
GROWTH = 1.3
"""Same place."""
GRAIN_S = 0.001
"""Less than this is no time left."""
LAST_LOOK_S = 2.0
"""How long a look may outlast the wait, once something was seen."""
LOOKS_LEFT = 6
"""A thing expected in a minute is looked at again after a sixth of it: late by little, asked after seldom."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far something is: `done` 0 to 1, `stage` in words."""

    done: float
    stage: str


Report = Callable[[Progress], Awaitable[None]]
"""What a wait tells of its progress to; it only ever hears rising numbers."""


def next_look_s(waited_s: float, done: float, *, first: float, last_s: float) -> float:
    """Seconds until the next look, 0.25 to 10.

    From `first` (what was done when the wait began) to `done` in `waited_s` seconds gives the rest; without progress to go by,
    or with nothing left to expect, the pause grows from `last_s`, the one before (0: there was none).
    """
    gained = done - first
    if gained <= 0 or done >= 1:
        return min(max(last_s * GROWTH, FIRST_S), SLOWEST_S)
    rest_s = waited_s * (1 - done) / gained
    return min(max(rest_s / LOOKS_LEFT, QUICKEST_S), SLOWEST_S)


def _patience_s(failures: int, problem: LayersError, *, at_most_s: float) -> float:
    """Seconds until the look that follows `failures` failed ones, or `problem` again when the wait must end.

    A rate limit only ends it by asking for more than `at_most_s`.
    """
    luck = random.random()  # noqa: S311  spreads the callers, guards nothing
    limited = isinstance(problem, RateLimited)
    pause_s = problem.retry_after_s or SLOWEST_S if limited else pause_before(failures + 1, problem, safe=True, luck=luck)
    if pause_s is None or pause_s > at_most_s:
        raise problem
    return pause_s


async def wait(  # noqa: PLR0913  what a wait is made of, each by name
    look: Callable[[], Awaitable[T]],
    *,
    over: Callable[[T], bool],
    progress: Callable[[T], Progress],
    report: Report,
    clock: Clock,
    at_most_s: float,
) -> T:
    """Look until it is over or `at_most_s` seconds are up, and give back what was seen last; 0 is one look. Only what rises is reported.

    Raises:
        LayersError: a look failed for good, or nothing was seen in the time.
    """
    began_s, pause_s, failures = clock.elapsed_s(), 0.0, 0
    seen: T | None = None
    first, told = None, -1.0
    while True:
        left_s = began_s + at_most_s - clock.elapsed_s()
        try:
            async with asyncio.timeout(None if seen is None else max(left_s, 0.0) + LAST_LOOK_S):
                seen = await look()
        except TimeoutError:
            assert seen is not None, "only a wait that has seen something is cut short"
            return seen
        except TransientError as problem:
            failures += 1
            left_s = began_s + at_most_s - clock.elapsed_s()
            patience_s = _patience_s(failures, problem, at_most_s=left_s if seen is None else inf)
            await clock.sleep(min(patience_s, left_s))
            if seen is not None and patience_s > left_s:
                return seen
            continue
        failures, now = 0, progress(seen)
        first = first or now
        if now.done > told:
            told = now.done
            await report(now)
        waited_s = clock.elapsed_s() - began_s
        if over(seen) or at_most_s - waited_s < GRAIN_S:
            return seen
        pause_s = next_look_s(waited_s, now.done, first=first.done, last_s=pause_s)
        await clock.sleep(min(pause_s, at_most_s - waited_s))


def follow(layers: Partner, endpoint: Endpoint[Q, R], request: Q) -> Callable[[], Awaitable[R]]:
    """A look for `wait` that sends the etag of what it saw last, so that a thing that has not moved costs next to nothing."""
    last: Seen[R] = Seen(reply=None, etag=None)

    async def look() -> R:
        nonlocal last
        seen = await layers.look(endpoint, request, last.etag)
        last = seen if last.reply is None or seen.reply is not None else Seen(last.reply, seen.etag)
        assert last.reply is not None
        return last.reply

    return look


def of_job(job: jobs.Job) -> Progress:
    """How far a job is, its stage in words."""
    return Progress(done=job.progress, stage=(job.status if job.over else job.stage or job.status).replace("_", " "))


async def job(layers: Partner, job_id: str, *, report: Report, at_most_s: float) -> jobs.Job:
    """Wait until a job is over, at most `at_most_s` seconds, and give it back as it then stands; the job itself is never touched.

    Raises:
        LayersError: as `wait` does.
    """
    look = follow(layers, jobs.GET, jobs.GetJob(job_id=job_id))
    return await wait(look, over=lambda seen: seen.over, progress=of_job, report=report, clock=layers.clock, at_most_s=at_most_s)
