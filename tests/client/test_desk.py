"""When the desk looks, what it tells, who pays for it, and how a wait ends."""

from __future__ import annotations

import asyncio
import importlib.util
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from layers_mcp.client import desk as desk_module
from layers_mcp.client import thing
from layers_mcp.client.desk import Desk, Progress
from layers_mcp.client.fence import Fence
from layers_mcp.client.layers import Layers
from layers_mcp.clock import WallClock
from layers_mcp.contract.errors import NotFound, OutsideProjects, RateLimited, TimedOut, Unavailable, Unreachable
from layers_mcp.store.store import Store

_spec = importlib.util.spec_from_file_location("hours", Path(__file__).with_name("hours.py"))
hours = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(hours)
Far, Hours = hours.Far, hours.Hours

pytestmark = pytest.mark.anyio


class Told:
    """What a wait reported."""

    def __init__(self) -> None:
        self.numbers: list[float] = []

    async def __call__(self, progress: Progress) -> None:
        """Take one report."""
        self.numbers.append(progress.done)


async def _settled() -> None:
    """Let whatever was ended come to its end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def _alone(far, at_most_s: float = 900.0, told: Told | None = None):
    return await Desk(far).wait(thing.job("job_1"), by=far, report=told or Told(), at_most_s=at_most_s)


@pytest.mark.parametrize(("lasts_s", "speed", "most", "late_s"), [(300.0, 1.0, 13, 3.0), (5.0, 60.0, 13, 1.0)])
async def test_a_job_is_waited_for_with_few_looks_and_little_delay(lasts_s: float, speed: float, most: int, late_s: float) -> None:
    """design.md §6; seed 004, step 3: 3-8 minutes, in the sandbox a sixtieth of that."""
    far, told = Far(Hours(), lasts_s), Told()

    job = await Desk(far, speed=speed).wait(thing.job("job_1"), by=far, report=told, at_most_s=900)

    assert job.status == "completed"
    assert far.clock.elapsed_s() <= lasts_s + late_s
    assert len(far.asked["job_1"]) <= most
    assert told.numbers == sorted(set(told.numbers))
    assert told.numbers[-1] == 1.0


async def test_the_time_is_up_and_the_job_is_given_back_as_it_stands() -> None:
    """design.md §6: when `waitSeconds` ends the wait returns `running`, as of now and not of the last look long ago."""
    far = Far(Hours())

    job = await _alone(far, 45)

    assert (job.status, job.progress, far.clock.elapsed_s()) == ("running", 0.15, pytest.approx(45.0, abs=0.01))


async def test_no_time_is_one_look() -> None:
    """design.md §6: `waitSeconds` 0."""
    far = Far(Hours())

    job = await _alone(far, 0)

    assert (job.status, len(far.asked["job_1"]), far.clock.elapsed_s()) == ("running", 1, 0.0)


@pytest.mark.parametrize("many", [1, 10, 1000])
async def test_many_callers_cost_the_requests_of_one(many: int) -> None:
    """Issue 6: N callers waiting for one job cost the requests of one."""
    alone, far = Far(Hours()), Far(Hours())
    await _alone(alone)
    desk = Desk(far)

    jobs = await asyncio.gather(*[desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900) for _ in range(many)])

    assert {job.status for job in jobs} == {"completed"}
    assert far.asked == alone.asked


async def test_who_joins_late_is_told_at_once_what_was_seen_last() -> None:
    """Brief of `desk`: progress is replayed to late joiners, without a look."""
    far, late = Far(Hours()), Told()
    desk = Desk(far)
    first = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900))
    await far.clock.sleep(100)
    looks = len(far.asked["job_1"])

    second = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=late, at_most_s=900))
    await _settled()

    assert late.numbers[0] > 0
    assert len(far.asked["job_1"]) == looks
    assert (await first, await second)[1].over


@hypothesis(max_examples=10)
@given(
    waits=st.lists(st.tuples(st.floats(0, 200), st.floats(0, 500), st.floats(0, 300)), min_size=1, max_size=8),
    lasts_s=st.floats(1, 900),
    moving=st.booleans(),
)
def test_nobody_starves_progress_rises_and_nothing_is_left(waits, lasts_s: float, moving: bool) -> None:  # noqa: FBT001
    """Issue 6: every wait ends by its deadline or its cancellation; then nothing is looked at, and no task is left."""

    async def story() -> None:
        clock = Hours()
        far = Far(clock, lasts_s, moving=moving)
        desk = Desk(far)

        async def one(join_s: float, at_most_s: float, leaves_s: float) -> None:
            told = Told()
            await clock.sleep(join_s)
            waiting = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=told, at_most_s=at_most_s))
            if leaves_s < at_most_s / 2:
                await clock.sleep(leaves_s)
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            else:
                job = await waiting
                assert job.over or clock.elapsed_s() >= join_s + at_most_s - 0.01
                assert clock.elapsed_s() <= join_s + at_most_s + 0.01
            assert told.numbers == sorted(set(told.numbers))

        await asyncio.gather(*[one(*each) for each in waits])
        await _settled()
        asked = len(far.asked.get("job_1", ()))
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await clock.sleep(1000)
        assert len(far.asked.get("job_1", ())) == asked

    asyncio.run(story())


async def test_retry_after_wins_over_everything() -> None:
    """layers-api: rate-limits; also for a wait that ends before, which is given what was seen."""
    far = Far(Hours())
    far.retry_after_s = 20.0

    await _alone(far, 30)

    assert far.asked["job_1"] == [0.0, pytest.approx(20.0, abs=0.01)]
    assert far.clock.elapsed_s() == pytest.approx(30.0, abs=0.01)


async def test_a_rate_limit_never_ends_a_wait_and_one_that_says_nothing_doubles() -> None:
    """layers-api: social accounts: double on 429 up to 30 s."""
    far, problems = Far(Hours(), 40), iter([RateLimited("slow", retry_after_s=20)] + 4 * [RateLimited("slow")])
    far.fails = lambda: next(problems, None)

    job = await _alone(far)

    pauses = [20.0, 10.0, 20.0, 30.0, 30.0]
    assert job.over
    assert far.asked["job_1"] == [pytest.approx(sum(pauses[:place]), abs=0.01) for place in range(6)]


@pytest.mark.parametrize("problem", [NotFound("job_1"), Unavailable("down")])
async def test_what_can_not_be_looked_at_is_told_to_everybody(problem: Exception) -> None:
    """Only what may pass is waited out, and that as often as a retry says."""
    far = Far(Hours())
    far.fails = lambda: problem
    desk = Desk(far)

    ends = await asyncio.gather(
        *[desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900) for _ in range(3)], return_exceptions=True
    )

    assert [type(end) for end in ends] == 3 * [type(problem)]
    assert far.clock.elapsed_s() < 30


async def test_a_wait_too_short_for_the_rate_limit_that_has_seen_nothing_says_so() -> None:
    """There is nothing to give back."""
    far = Far(Hours())
    far.fails = lambda: RateLimited("slow", retry_after_s=100)

    with pytest.raises(RateLimited):
        await _alone(far, 45)


async def test_a_webhook_wakes_the_watcher() -> None:
    """Brief of `desk`: woken from outside; a thing nobody waits for is not looked at."""
    far = Far(Hours(), 50, moving=False)
    desk = Desk(far)
    waiting = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900))
    await far.clock.sleep(50.5)

    desk.wake("job job_1")
    desk.wake("job other")

    assert (await waiting).over
    assert far.clock.elapsed_s() < 52


async def test_a_machine_that_slept_looks_at_once() -> None:
    """Issue 6: clock jumps are defined; the monotonic clock stands still while a machine sleeps."""
    far = Far(Hours(), moving=False)
    waiting = asyncio.ensure_future(Desk(far).wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900))
    await far.clock.sleep(30)

    far.clock.wall += timedelta(hours=1)

    assert (await waiting).over
    assert far.clock.elapsed_s() <= 36


@hypothesis(max_examples=15, deadline=None)
@given(jumps=st.lists(st.tuples(st.floats(1, 200), st.floats(-86_400, 86_400)), max_size=4), lasts_s=st.floats(5, 250))
def test_a_clock_that_is_set_delays_no_wait_and_ends_none(jumps: list, lasts_s: float) -> None:
    """Issue 6: clock jumps are defined for the desk: pauses and deadlines go by the seconds that pass, whatever the wall shows."""

    class Elsewhere(Far):
        """Layers, whose clock nobody sets."""

        def now(self):
            return hours.EPOCH + timedelta(seconds=self.clock.at_s)

    async def story() -> None:
        clock = Hours()
        far, told = Elsewhere(clock, lasts_s), Told()

        async def set_it(at_s: float, by_s: float) -> None:
            await clock.sleep(at_s)
            clock.wall += timedelta(seconds=by_s)

        sets = [asyncio.ensure_future(set_it(*jump)) for jump in jumps]
        desk = Desk(far)
        long = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=told, at_most_s=900))
        short = await desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=20)
        ended_s = clock.elapsed_s()
        job = await long
        await asyncio.gather(*sets)

        assert ended_s <= 23
        assert short.over or ended_s >= 20
        assert job.over
        assert told.numbers == sorted(set(told.numbers))

    asyncio.run(story())


class Doomed(Hours):
    """The clock of a process that can be killed: its sleeps never end after that."""

    def __init__(self, clock) -> None:
        self._clock, self.killed = clock, False
        self.now, self.elapsed_s = clock.now, clock.elapsed_s

    async def sleep(self, pause_s: float) -> None:
        """Sleep as long as it lives."""
        await self._clock.sleep(pause_s)
        if self.killed:
            await asyncio.Event().wait()


@hypothesis(max_examples=3)
@given(killed_s=st.floats(1, 250))
def test_a_killed_watchers_job_is_taken_over_within_fifteen_seconds(tmp_path_factory, killed_s: float) -> None:
    """Issue 6; two desks on one real SQLite store, each with its own way to Layers. Until then one asks for both."""

    async def story() -> None:
        clock = Hours()
        store = Store.open(tmp_path_factory.mktemp("desks") / "layers.db")
        doomed = Doomed(clock)
        first, second = Far(clock), Far(clock)
        first.clock = doomed
        mine = Desk(first, leases=store.watches("me"), durations=store.durations("me"))
        other = Desk(second, leases=store.watches("me"), durations=store.durations("me"))
        lost = asyncio.ensure_future(mine.wait(thing.job("job_1"), by=first, report=Told(), at_most_s=900))
        await _settled()
        told = Told()
        waiting = asyncio.ensure_future(other.wait(thing.job("job_1"), by=second, report=told, at_most_s=900))
        await clock.sleep(killed_s)
        assert "job_1" not in second.asked
        doomed.killed = first.dead = True
        planned = mine._watches["job job_1"].timer.at_s
        await clock.sleep(15)
        taken = store.watches("me").claim("job job_1", "a third", now=clock.now(), until=clock.now() + timedelta(seconds=12))

        job = await waiting

        assert job.over
        assert taken.holder == other._holder
        assert second.asked["job_1"][0] <= max(killed_s + 15, planned + 2)
        assert told.numbers == sorted(set(told.numbers))
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        store.close()

    asyncio.run(story())


async def test_desks_on_one_store_cost_the_requests_of_one_and_end_together(tmp_path: Path) -> None:
    """design.md §6: across processes too."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    fars = [Far(clock), Far(clock), Far(clock)]
    desks = [Desk(far, leases=store.watches("me"), durations=store.durations("me")) for far in fars]
    ended: list[float] = []

    async def one(desk: Desk, far) -> None:
        assert (await desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900)).over
        ended.append(clock.elapsed_s())

    await asyncio.gather(*[one(desk, far) for desk, far in zip(desks, fars, strict=True)])

    assert [len(far.asked) for far in fars].count(0) == 2
    assert max(ended) - min(ended) <= 1.1
    assert store.durations("me").read("project_ingest_github") == {32: 1.0}
    store.close()


async def test_the_last_waiter_hands_the_lease_on(tmp_path: Path) -> None:
    """A desk that follows looks itself once the other has let go, and not sooner than Layers asked the other to."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    first, second = Far(clock), Far(clock)
    leaving = asyncio.ensure_future(Desk(first, leases=store.watches("me")).wait(thing.job("job_1"), by=first, report=Told(), at_most_s=30))
    await _settled()

    job = await Desk(second, leases=store.watches("me")).wait(thing.job("job_1"), by=second, report=Told(), at_most_s=900)

    assert (await leaving).status == "running"
    assert job.over
    assert second.asked["job_1"][0] >= 30
    store.close()


class Broken:
    """A store that fails whatever is asked of it."""

    def __getattr__(self, name: str):
        def fails(*_: object, **__: object):
            raise OSError("the database is locked")

        return fails


async def test_a_store_that_fails_stops_no_wait_and_loses_no_end() -> None:
    """Issue 6: the desk then looks for itself, and learns nothing; a job that is done is told as done."""
    far = Far(Hours())
    desk = Desk(far, leases=Broken(), durations=Broken())

    short, whole = await asyncio.gather(
        desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=20),
        desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900),
    )

    assert (short.status, whole.status) == ("running", "completed")
    assert far.clock.elapsed_s() <= 310
    assert len(far.asked["job_1"]) <= 15


async def test_a_reply_that_only_another_version_understands_is_looked_up_again(tmp_path: Path) -> None:
    """Servers of two releases share a store while one is replaced by the other."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    leases, now = store.watches("me"), clock.now()
    leases.claim("job job_1", "newer", now=now, until=now + timedelta(days=1))
    odd = ('{"jobId": 7}', None, now, now + timedelta(seconds=60), None)
    leases.publish("job job_1", "newer", odd, until=now + timedelta(days=1))
    far = Far(clock)

    job = await Desk(far, leases=_ForADay(leases)).wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900)

    assert job.over
    assert len(far.asked["job_1"]) <= 15
    store.close()


class _ForADay:
    """Leases whose holder is not taken over within the story."""

    def __init__(self, leases) -> None:
        self._leases = leases

    def __getattr__(self, name: str):
        return getattr(self._leases, name)

    def claim(self, name: str, holder: str, *, now, until):
        return self._leases.claim(name, holder, now=now, until=until + timedelta(days=1))


@pytest.mark.parametrize("follows", [True, False])
async def test_whoever_is_woken_tells_the_other_processes(tmp_path: Path, follows: bool) -> None:  # noqa: FBT001
    """Issue 6: woken from outside; the webhook may come to a process that only follows."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    fars = [Far(clock, moving=False), Far(clock, moving=False)]
    leads, other = (Desk(far, leases=store.watches("me")) for far in fars)
    first = asyncio.ensure_future(leads.wait(thing.job("job_1"), by=fars[0], report=Told(), at_most_s=900))
    await clock.sleep(1)
    second = asyncio.ensure_future(other.wait(thing.job("job_1"), by=fars[1], report=Told(), at_most_s=900))
    await clock.sleep(29)
    for far in fars:
        far.lasts_s = 30.0

    (other if follows else leads).wake("job job_1")

    assert (await asyncio.wait_for(first, 5)).over
    assert (await asyncio.wait_for(second, 5)).over
    assert clock.elapsed_s() <= 30 + desk_module.BEAT_S + 1.1
    store.close()


async def test_nothing_is_looked_at_for_a_client_that_stopped_listening() -> None:
    """Issue 6: nothing is polled after its last waiter left; one whose time is up has left, whatever its client does."""
    far, never = Far(Hours()), asyncio.Event()

    async def stuck(_progress: Progress) -> None:
        await never.wait()

    waiting = asyncio.ensure_future(Desk(far).wait(thing.job("job_1"), by=far, report=stuck, at_most_s=10))
    await far.clock.sleep(400)

    assert max(far.asked["job_1"]) <= 13
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("lasts_s", [5, 60, 200])
async def test_an_outage_at_layers_ends_no_wait_that_has_seen_something(lasts_s: float) -> None:
    """A loop that waits for a job does not fail because Layers was away for a minute."""
    far = Far(Hours(), lasts_s=600.0)
    desk = Desk(far)
    waits = [asyncio.ensure_future(desk.wait(thing.job(f"job_{place}"), by=far, report=Told(), at_most_s=900)) for place in range(10)]
    await far.clock.sleep(100)
    far.fails = lambda: Unreachable("no connection") if far.clock.elapsed_s() < 100 + lasts_s else None

    assert all(job.over for job in await asyncio.gather(*waits))
    assert far.clock.elapsed_s() <= 640


async def test_a_wait_that_is_taken_up_again_and_again_is_learned_from(tmp_path: Path) -> None:
    """README: a call waits for 45 s and is called again; how long the job lasted is known all the same."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    far = Far(clock, lasts_s=140.0)
    desk = Desk(far, leases=store.watches("me"), durations=store.durations("me"))

    for _ in range(4):
        job = await desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=45)
        await clock.sleep(2)

    assert job.over
    assert sum(store.durations("me").read("project_ingest_github").values()) == 1.0
    store.close()


@pytest.mark.parametrize("asked_s", [100.0, 400.0])
async def test_what_layers_asked_of_one_desk_holds_for_whoever_takes_over(tmp_path: Path, asked_s: float) -> None:
    """Issue 6: obeys Retry-After, also the desk that looks next."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    first, second = Far(clock, lasts_s=900), Far(clock, lasts_s=900)
    first.retry_after_s = second.retry_after_s = asked_s
    await Desk(first, leases=store.watches("me")).wait(thing.job("job_1"), by=first, report=Told(), at_most_s=0)
    desk = Desk(second, leases=store.watches("me"))

    await desk.wait(thing.job("job_1"), by=second, report=Told(), at_most_s=asked_s + 20)

    assert second.asked["job_1"][0] >= asked_s
    store.close()


async def test_what_layers_asked_of_one_desk_holds_for_those_that_follow(tmp_path: Path) -> None:
    """Issue 6: obeys Retry-After; also where the time of a call in another process is up meanwhile."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    first, second = Far(clock), Far(clock)
    first.retry_after_s = second.retry_after_s = 100.0
    holds = asyncio.ensure_future(Desk(first, leases=store.watches("me")).wait(thing.job("job_1"), by=first, report=Told(), at_most_s=900))
    await _settled()

    seen = await Desk(second, leases=store.watches("me")).wait(thing.job("job_1"), by=second, report=Told(), at_most_s=45)
    held = store.watches("me").claim("job job_1", "a third", now=clock.now(), until=clock.now() + timedelta(seconds=12))

    assert seen.status == "running"
    assert "job_1" not in second.asked
    assert 40 < (held.not_before - clock.now()).total_seconds() <= 60
    assert (await holds).over
    store.close()


async def test_a_look_that_fails_is_not_published_as_news(tmp_path: Path) -> None:
    """Who follows would take what is old for what is new."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    far = Far(clock)
    waiting = asyncio.ensure_future(Desk(far, leases=store.watches("me")).wait(thing.job("job_1"), by=far, report=Told(), at_most_s=60))
    await _settled()
    seen_s = far.asked["job_1"][-1]
    far.fails = lambda: Unavailable("no", retry_after_s=5.0)
    await clock.sleep(50)

    row = store.watches("me").claim("job job_1", "a third", now=clock.now(), until=clock.now() + timedelta(seconds=12))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert len(far.asked["job_1"]) > 1
    assert (row.seen_at - hours.EPOCH).total_seconds() == pytest.approx(seen_s, abs=0.1)
    store.close()


async def test_rate_limits_take_no_retries_from_what_fails_otherwise() -> None:
    """Issue 6: a rate limit is waited out, however long; then one lost answer ends nobody's wait."""
    far, answers = Far(Hours()), [RateLimited("busy", retry_after_s=3.0)] * 5 + [TimedOut("lost")]
    far.fails = lambda: answers.pop(0) if answers else None

    job = await _alone(far)

    assert job.over
    assert answers == []


async def test_a_job_is_learned_from_once_by_whoever_watched_it_run(tmp_path: Path) -> None:
    """Waiting for what is over already teaches nothing."""
    clock, store = Hours(), Store.open(tmp_path / "layers.db")
    far = Far(clock)
    desk = Desk(far, durations=store.durations("me"))
    await desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900)

    for _ in range(5):
        await desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=0)

    assert store.durations("me").read("project_ingest_github") == {32: 1.0}
    store.close()


@pytest.mark.parametrize("asked_s", [None, 60.0])
async def test_a_desk_that_is_woken_looks_at_once_but_not_before_it_may(asked_s: float | None) -> None:
    """Issue 6: can be woken from outside, and obeys Retry-After."""
    far = Far(Hours())
    far.retry_after_s = asked_s
    desk = Desk(far)
    waiting = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900))
    await far.clock.sleep(2)
    looks = len(far.asked["job_1"])

    desk.wake("job job_1")
    desk.wake("job nobody waits for")
    await _settled()
    at_once = len(far.asked["job_1"]) - looks
    await far.clock.sleep(60)
    then = far.asked["job_1"][looks]
    await waiting

    assert at_once == (1 if asked_s is None else 0)
    assert then == pytest.approx(2.0 if asked_s is None else 60.0, abs=0.1)


async def test_a_wait_whose_first_look_is_never_answered_ends_soon_after_its_time(monkeypatch) -> None:
    """design.md §6: `waitSeconds` bounds the wait; what was not seen is said to be so. While a look is out, only real time passes."""
    monkeypatch.setattr(desk_module, "FIRST_LOOK_S", 0.2)
    far = Far(WallClock())
    far.dead = True

    with pytest.raises(TimedOut, match="no look at job job_1 was answered in time"):
        await asyncio.wait_for(_alone(far, 0.05), 60)


async def test_a_new_stage_is_told_though_the_progress_stands() -> None:
    """Issue 6: uses progress and stage; the numbers that a client hears still only rise."""
    far, said = Far(Hours(), moving=False), []
    look = far.job
    far.job = lambda name: look(name).model_copy(update={"stage": "cloning" if far.clock.elapsed_s() < 100 else "analyzing"})

    async def tell(progress: Progress) -> None:
        said.append((progress.done, progress.stage))

    await Desk(far).wait(thing.job("job_1"), by=far, report=tell, at_most_s=900)

    assert [stage for _, stage in said] == ["cloning", "analyzing", "completed"]
    assert [done for done, _ in said] == sorted({done for done, _ in said})


async def test_a_job_of_the_table_is_looked_at_by_its_etag(layers: Layers, far) -> None:
    """layers-api: concepts/jobs: a 304 when it has not advanced; the last reply stands."""
    import httpx2  # noqa: PLC0415

    body = {"jobId": "job_1", "status": "running", "progress": 0.2}
    done = {**body, "status": "completed", "progress": 1.0}
    unchanged = httpx2.Response(304, headers={"Retry-After": "1"})
    far.script = [httpx2.Response(200, json=body, headers={"ETag": '"a"'}), unchanged, httpx2.Response(200, json=done)]

    job = await Desk(layers).wait(thing.job("job_1"), by=layers, report=Told(), at_most_s=900)

    assert job.over
    assert [sent.headers.get("if-none-match") for sent in far.asked] == [None, '"a"', '"a"']


async def test_a_call_kept_to_some_projects_is_shown_nothing_of_another_though_somebody_waits() -> None:
    """design.md §9, `--projects`: the desk looks for all; each call is handed only what its own client may see."""
    far, told = Far(Hours()), Told()
    desk = Desk(far)
    free = asyncio.ensure_future(desk.wait(thing.job("job_1"), by=far, report=Told(), at_most_s=900))
    await far.clock.sleep(100)

    with pytest.raises(OutsideProjects):
        await desk.wait(thing.job("job_1"), by=Fence(far, ["prj_a"]), report=told, at_most_s=900)
    seen = await desk.wait(thing.job("job_1"), by=Fence(far, ["prj_b"]), report=Told(), at_most_s=900)

    assert told.numbers == []
    assert seen.over
    assert (await free).over
