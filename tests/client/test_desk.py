"""When the desk looks, what it reports, and how a wait ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers_mcp.client import desk
from layers_mcp.client.desk import Progress
from layers_mcp.client.layers import Layers
from layers_mcp.clock import Clock, HandClock
from layers_mcp.contract import publishing
from layers_mcp.contract.envelope import envelope
from layers_mcp.contract.errors import LayersError, NotFound, RateLimited, Unavailable

pytestmark = pytest.mark.anyio


class Told:
    """What a wait reported."""

    def __init__(self) -> None:
        self.numbers: list[float] = []
        self.stages: list[str] = []

    async def __call__(self, progress: Progress) -> None:
        """Take one report."""
        self.numbers.append(progress.done)
        self.stages.append(progress.stage)


@pytest.fixture
def told() -> Told:
    """Somebody to report to."""
    return Told()


def a_job(clock: Clock, lasts_s: float) -> Callable[[httpx2.Request], httpx2.Response]:
    """A job that runs evenly for `lasts_s`, with an etag for what it shows."""
    began = clock.elapsed_s()

    def answer(request: httpx2.Request) -> httpx2.Response:
        done = round(min((clock.elapsed_s() - began) / lasts_s, 1.0), 2)
        etag = f'"{done}"'
        if request.headers.get("if-none-match") == etag:
            return httpx2.Response(304)
        body = {"jobId": "job_1", "status": "completed" if done == 1 else "running", "stage": "opening_pr", "progress": done}
        return httpx2.Response(200, json=body, headers={"ETag": etag})

    return answer


def refused(problem: LayersError, **headers: str) -> httpx2.Response:
    """The answer that carries `problem`."""
    return httpx2.Response(problem.status, json=envelope(problem, "req_9"), headers=headers)


def looks(*seen: float | LayersError) -> Callable[[], Awaitable[float]]:
    """Looks that show these numbers or fail so, in order, the last for ever."""
    left = list(seen)

    async def look() -> float:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, LayersError):
            raise now
        return now

    return look


async def watch(look: Callable[[], Awaitable[float]], clock: HandClock, told: Told, at_most_s: float = 45.0) -> float:
    """Wait for a number to become 1."""
    return await desk.wait(
        look,
        over=lambda seen: seen == 1,
        progress=lambda seen: Progress(done=seen, stage="working"),
        report=told,
        clock=clock,
        at_most_s=at_most_s,
    )


@pytest.mark.parametrize(("lasts_s", "most_looks"), [(3.0, 12), (240.0, 45)])
async def test_a_job_is_waited_for_with_few_looks_and_little_delay(layers: Layers, far, told, lasts_s: float, most_looks: int) -> None:
    """design.md §6; a GitHub ingest takes 90-240 s (layers-api: concepts §13), the sandbox's a sixtieth."""
    clock = layers.clock
    far.script = [a_job(clock, lasts_s)]

    job = await desk.job(layers, "job_1", report=told, at_most_s=900)

    assert (job.status, job.job_id) == ("completed", "job_1")
    assert clock.elapsed_s() <= lasts_s + 1.0
    assert len(far.asked) <= most_looks
    assert told.numbers == sorted(set(told.numbers))
    assert (told.numbers[-1], told.stages[-1]) == (1.0, "completed")


async def test_the_time_is_up_and_the_job_is_given_back_as_it_stands(layers: Layers, far, clock: HandClock, told: Told) -> None:
    """design.md §6: when `waitSeconds` ends the wait returns `running`; nothing but reads was sent."""
    far.script = [a_job(clock, 100.0)]

    job = await desk.job(layers, "job_1", report=told, at_most_s=45)

    assert (job.status, job.progress, clock.elapsed_s()) == ("running", 0.45, pytest.approx(45.0))
    assert {sent.method for sent in far.asked} == {"GET"}


async def test_no_time_is_one_look(layers: Layers, far, clock: HandClock, told: Told) -> None:
    """design.md §6: `waitSeconds` 0."""
    far.script = [a_job(clock, 100.0)]

    job = await desk.job(layers, "job_1", report=told, at_most_s=0)

    assert (job.status, len(far.asked), clock.elapsed_s()) == ("running", 1, 0.0)


async def test_progress_that_stands_or_falls_is_not_reported(clock: HandClock, told: Told) -> None:
    """MCP: the progress value must increase with each notification."""
    await watch(looks(0.0, 0.3, 0.3, 0.2, 0.4, 1.0), clock, told)

    assert told.numbers == [0.0, 0.3, 0.4, 1.0]


async def test_without_progress_the_looks_become_seldom_but_never_rarer_than_ten_seconds(clock: HandClock, told: Told) -> None:
    """layers-api: concepts §13, cadence of the samples: x1.3, cap 10 s."""
    moments: list[float] = []

    async def look() -> float:
        moments.append(clock.elapsed_s())
        return 0.0

    await watch(look, clock, told, at_most_s=300)

    pauses = [later - sooner for sooner, later in pairwise(moments)]
    assert pauses[:2] == [pytest.approx(0.5), pytest.approx(0.65)]
    assert max(pauses) == pytest.approx(10.0)
    assert pauses[:-1] == sorted(pauses[:-1])


async def test_a_rate_limit_never_ends_a_wait(layers: Layers, far, clock: HandClock, told: Told) -> None:
    """Brief of `desk`: obey retry_after and go on, however often."""
    limited = refused(RateLimited("slow"), **{"Retry-After": "20"})
    far.script = [limited, limited, *[refused(RateLimited("slow"))] * 6, a_job(clock, 1.0)]

    job = await desk.job(layers, "job_1", report=told, at_most_s=900)

    assert job.over
    assert clock.elapsed_s() == pytest.approx(2 * 20 + 6 * 10)


async def test_a_rate_limit_longer_than_the_wait_is_not_answered_with_another_look(clock: HandClock, told: Told) -> None:
    """Layers asked not to be asked before; the wait ends on time with what was seen."""
    seen = await watch(looks(0.2, RateLimited("slow", retry_after_s=100), NotFound("never looked at")), clock, told)

    assert (seen, clock.elapsed_s()) == (0.2, pytest.approx(45.0))


async def test_a_look_that_hangs_does_not_stretch_the_wait(clock: HandClock, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 2: a wait ends when `waitSeconds` end; what was seen last is handed back."""
    monkeypatch.setattr(desk, "LAST_LOOK_S", 0.01)
    seen = iter([0.2])

    async def look() -> float:
        for now in seen:
            return now
        await asyncio.Event().wait()
        raise AssertionError

    assert await asyncio.wait_for(watch(look, clock, told, at_most_s=0.2), timeout=20) == 0.2


async def test_a_wait_that_could_see_nothing_at_all_says_why(clock: HandClock, told: Told) -> None:
    """There is nothing to give back."""
    with pytest.raises(RateLimited):
        await watch(looks(RateLimited("slow", retry_after_s=100)), clock, told)


async def test_a_short_outage_does_not_end_a_wait_and_a_long_one_does(clock: HandClock, told: Told) -> None:
    """Retry's own count of attempts, begun anew by every look that succeeds."""
    down = Unavailable("down")

    survived = await watch(looks(0.1, down, down, down, 0.2, down, down, down, 1.0), clock, told)
    with pytest.raises(Unavailable):
        await watch(looks(0.1, down), clock, told)

    assert survived == 1.0


async def test_what_is_not_there_ends_the_wait(clock: HandClock, told: Told) -> None:
    """Only what may pass is waited out."""
    with pytest.raises(NotFound):
        await watch(looks(0.1, NotFound("job_1")), clock, told)


async def test_canceling_the_wait_sends_nothing(layers: Layers, far, told: Told) -> None:
    """design.md §6: cancelling the wait never cancels the job."""
    asked = asyncio.Event()
    running = a_job(HandClock(layers.now()), 100.0)

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.set()
        return running(request)

    far.script = [answer]
    waiting = asyncio.ensure_future(desk.job(layers, "job_1", report=told, at_most_s=10_000_000))
    await asked.wait()

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert {sent.method for sent in far.asked} == {"GET"}


async def test_anything_of_the_table_can_be_followed(layers: Layers, far) -> None:
    """A scheduled post has no etag: each look is a whole one, and one that brings none forgets the last."""
    post = {"id": "sp_1", "status": "queued"}
    far.script = [httpx2.Response(200, json=post, headers={"ETag": '"a"'}), httpx2.Response(304), httpx2.Response(200, json=post)]
    look = desk.follow(layers, publishing.GET, publishing.GetPost(scheduled_post_id="sp_1"))

    seen = [await look() for _ in range(4)]

    assert {one.status for one in seen} == {"queued"}
    assert [sent.headers.get("if-none-match") for sent in far.asked] == [None, '"a"', '"a"', None]


@given(waited_s=st.floats(0, 10_000), done=st.floats(0, 1), first=st.floats(0, 1), last_s=st.floats(0, desk.SLOWEST_S))
def test_the_next_look_is_never_sooner_than_a_quarter_second_nor_later_than_ten(
    waited_s: float, done: float, first: float, last_s: float
) -> None:
    """Brief of `desk`."""
    assert desk.QUICKEST_S <= desk.next_look_s(waited_s, done, first=first, last_s=last_s) <= desk.SLOWEST_S


def test_the_rest_is_learned_from_what_this_wait_has_seen() -> None:
    """Half a job in 30 s leaves 30 s; joined at 0.4, a tenth of it in 6 s leaves 30 s too."""
    assert desk.next_look_s(30, 0.5, first=0.0, last_s=1.0) == pytest.approx(5.0)
    assert desk.next_look_s(6, 0.5, first=0.4, last_s=1.0) == pytest.approx(5.0)
