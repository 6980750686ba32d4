"""Runs on the engine: what is done once, what lies down and wakes, what fails and goes on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from layers_mcp.contract.errors import InsufficientCredits, LayersError, RateLimited, Unreachable
from layers_mcp.loops.patience import HELD, MOST_STARTS
from layers_mcp.loops.run import Came, Given, Loop, Run, key_of
from layers_mcp.store.rows import EVERY, Halt, RunRow, Worker

pytestmark = pytest.mark.anyio
HOUR = timedelta(hours=1)


class Start(Given):
    """A number to begin with."""

    number: int = 1


class End(Came):
    """What was counted."""

    total: int


def toy(do: Callable[[Run, Start], Awaitable[End]], name: str = "toy") -> Loop[Start, End]:
    """A loop that does this."""
    return Loop(name, Start, End, do)


class Done:
    """What was really done, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    async def add(self, word: str, came: int = 1) -> int:
        """Do it."""
        self.words.append(word)
        return came


async def test_a_step_is_done_once_and_gives_the_same_back_after_each_nap(workshop, clock) -> None:
    """`Run.step`: "on record, `do` is not called any more"; what it gave is a value of its type."""
    done, until = Done(), clock.now() + HOUR

    async def do(run: Run, given: Start) -> End:
        first = await run.step("first", lambda: done.add("first", 40), came=int)
        at = await run.step("when", lambda: _now(clock), came=datetime)
        assert await run.nap("night", until=until) == "time"
        assert at == until - HOUR
        return End(total=first + given.number)

    async with workshop.open(toy(do)) as runner:
        assert await runner.start(toy(do), "run", Start(number=2))
        asleep = await workshop.reaches("sleeping")
        clock.advance(HOUR)
        over = await workshop.reaches("completed")

    assert done.words == ["first"]
    assert (asleep.row.name, asleep.row.until) == ("night", until)
    assert over.row.came == '{"total":42}'
    assert [(step.name, step.came) for step in over.steps] == [
        ("first", "40"),
        ("when", '"2026-04-18T17:22:14Z"'),
        ("night", "time"),
    ]


async def _now(clock) -> datetime:
    return clock.now()


async def test_one_id_is_one_run(workshop) -> None:
    """`Runner.start`: "False when there is one of that id, whatever it was given"."""
    done = Done()

    async def do(run: Run, given: Start) -> End:
        return End(total=await run.step("count", lambda: done.add("counted", given.number), came=int))

    async with workshop.open(toy(do)) as runner:
        first = await runner.start(toy(do), "run", Start(number=1))
        second = await runner.start(toy(do), "run", Start(number=2))
        over = await workshop.reaches("completed")
        third = await runner.start(toy(do), "run", Start(number=3))

    assert (first, second, third) == (True, False, False)
    assert (over.row.came, done.words) == ('{"total":1}', ["counted"])


async def test_a_worker_that_parts_takes_nothing_on_any_more_and_loses_nothing(workshop) -> None:
    """Runs come in while it leaves: they are whole in the end, and nothing is begun on what is shut already."""
    done, names = Done(), [f"run {number}" for number in range(15)]

    async def do(run: Run, _given: Start) -> End:
        return End(total=await run.step("count", lambda: done.add(run.id), came=int))

    with capture_logs() as said:
        for number in range(0, len(names), 3):
            async with workshop.open(toy(do)) as runner:
                await asyncio.sleep(0.3)
                for name in names[number : number + 3]:
                    await runner.start(toy(do), name, Start())
                await asyncio.sleep(0.02 * number / 3)
        async with workshop.open(toy(do)):
            for name in names:
                await workshop.reaches("completed", run_id=name)

    assert sorted(set(done.words)) == sorted(names)
    assert [one for one in said if one["event"] == "engine"] == []


async def test_a_bell_wakes_who_lies_by_it_and_who_lies_down_by_it_later_and_each_ringing_once(workshop) -> None:
    """`Run.nap`: "a bell that was rung since the run began, and that no nap of this run has heard, wakes it at once"."""
    woken: list[str] = []

    async def do(run: Run, _given: Start) -> End:
        await run.nap("first", bell="other")
        woken.append(await run.nap("rung before", bell="bell"))
        woken.append(await run.nap("rung later", bell="bell"))
        return End(total=len(woken))

    async with workshop.open(toy(do)) as runner:
        await runner.ring("other")  # before the run began: another's news
        await runner.start(toy(do), "run", Start())
        await workshop.reaches("waiting", names=["first"])
        await runner.ring("bell")
        await runner.ring("other")
        waiting = await workshop.reaches("waiting", names=["rung later"])
        await runner.ring("nobody's")
        await runner.ring("bell")
        await workshop.reaches("completed")

    assert waiting.row.bell == "bell"
    assert woken[-1] == "bell"


async def test_a_nap_ends_by_its_bell_or_its_instant_whichever_is_first(workshop, clock) -> None:
    """`Run.nap`: a late look where no bell is rung."""
    first = clock.now() + HOUR

    async def do(run: Run, _given: Start) -> End:
        woke = await run.nap("news", until=first, bell="bell")
        return End(total=1 if woke == "time" else 2)

    async with workshop.open(toy(do)) as runner:
        for run_id in ("late", "rung"):
            await runner.start(toy(do), run_id, Start())
            await workshop.reaches("waiting", run_id=run_id)
            if run_id == "late":
                clock.advance(HOUR)
                late = await workshop.reaches("completed", run_id="late")
                first = clock.now() + HOUR
        await runner.ring("bell")
        rung = await workshop.reaches("completed", run_id="rung")

    assert (late.row.came, rung.row.came) == ('{"total":1}', '{"total":2}')


async def test_a_cancelled_run_goes_no_further_and_can_be_taken_up_again(workshop) -> None:
    """`Runner.cancel`, `Runner.retry`: with what is on record, from where it stood."""
    done = Done()

    async def do(run: Run, _given: Start) -> End:
        await run.step("first", lambda: done.add("first"), came=int)
        await run.nap("wait", bell="bell")
        return End(total=await run.step("second", lambda: done.add("second"), came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await workshop.reaches("waiting")
        cancelled = await runner.cancel("run"), await runner.cancel("run"), await runner.cancel("nobody's")
        await runner.ring("bell")
        stopped = await workshop.reaches("cancelled")
        retried = await runner.retry("run")
        await workshop.reaches("completed")
        again = await runner.retry("run")

    assert (cancelled, retried, again) == ((True, False, False), True, False)
    assert stopped.row.ended_at is not None
    assert done.words == ["first", "second"]


async def test_a_run_that_is_cancelled_in_a_step_ends_it_and_begins_no_other(workshop) -> None:
    """`Runner.cancel`: "let a run go no further than the step it is in"."""
    done, begun, go = Done(), asyncio.Event(), asyncio.Event()

    async def slow() -> int:
        begun.set()
        await go.wait()
        return await done.add("slow")

    async def do(run: Run, _given: Start) -> End:
        await run.step("slow", slow, came=int)
        return End(total=await run.step("second", lambda: done.add("second"), came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await asyncio.wait_for(begun.wait(), 20)
        await runner.cancel("run")
        go.set()
        await asyncio.sleep(0.3)  # as long as a next step would have taken to begin, and more
        halfway = list(done.words)
        await runner.retry("run")
        over = await workshop.reaches("completed")

    assert halfway == ["slow"]
    assert done.words == ["slow", "slow", "second"], "what was not on record is done again, under the same key"
    assert over.row.came == '{"total":1}'


async def test_a_run_that_failed_says_why_and_a_retry_repeats_only_what_failed(workshop) -> None:
    """Issue 7: "what to do when a run is stuck"; `Runner.retry`."""
    done, poor = Done(), True

    async def pay() -> int:
        if poor:
            raise InsufficientCredits("180 credits are needed", details={"needed": 180}, request_id="req_1")
        return await done.add("paid")

    async def do(run: Run, _given: Start) -> End:
        await run.step("first", lambda: done.add("first"), came=int)
        return End(total=await run.step("pay", pay, came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        failed = await workshop.reaches("failed")
        poor = False
        await runner.retry("run")
        over = await workshop.reaches("completed")

    assert (failed.row.code, failed.row.words) == ("INSUFFICIENT_CREDITS", "180 credits are needed")
    assert failed.steps[-1].came == "INSUFFICIENT_CREDITS: 180 credits are needed"
    assert done.words == ["first", "paid"]
    assert (over.row.code, over.row.words) == (None, None)


async def test_a_loop_that_goes_on_after_an_error_meets_the_same_error_when_it_is_run_again(workshop) -> None:
    """`Run.step`: "what `do` raised, the same class and code each time"."""
    met: list[tuple[str, object]] = []

    async def poor() -> int:
        raise InsufficientCredits("too few", details={"needed": 180})

    async def strange() -> int:
        raise KeyError("a stranger's words")

    async def do(run: Run, _given: Start) -> End:
        for name, step in (("poor", poor), ("strange", strange)):
            try:
                await run.step(name, step, came=int)
            except LayersError as problem:
                met.append((str(problem), problem.details.get("needed")))
        await run.nap("wait", bell="bell")
        return End(total=0)

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await workshop.reaches("waiting")
        await runner.ring("bell")
        await workshop.reaches("completed")

    assert met[:2] == met[2:] == [("INSUFFICIENT_CREDITS: too few", 180), ("SERVER_MISTAKE: KeyError in step strange", None)]


async def test_what_may_work_later_is_tried_again_after_growing_pauses(workshop, clock) -> None:
    """`Run.step`: "transient errors of Layers lay the run down and try again"; Retry-After wins where it is longer."""
    tries: list[datetime] = []

    async def shaky() -> int:
        tries.append(clock.now())
        if len(tries) == 1:
            raise Unreachable("no connection")
        if len(tries) == 2:
            raise RateLimited("slow down", retry_after_s=600)
        return len(tries)

    async def do(run: Run, _given: Start) -> End:
        total = await run.step("shaky", shaky, came=int)
        await run.nap("wait", bell="bell")
        return End(total=total)

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        first = await workshop.until(lambda look: look.row.state == "sleeping" and look.row.tries == 1)
        clock.advance(timedelta(seconds=15))
        second = await workshop.until(lambda look: look.row.state == "sleeping" and look.row.tries == 2)
        clock.advance(timedelta(seconds=600))
        rested = await workshop.reaches("waiting")

    assert (first.row.code, second.row.code) == ("UNREACHABLE", "RATE_LIMITED")
    assert [(at - tries[0]).total_seconds() for at in tries] == [0, 15, 615]
    assert (rested.row.tries, rested.row.code) == (0, None)


async def test_what_never_works_fails_after_sixteen_hours(workshop, clock) -> None:
    """`loops/patience`: within the 24 hours for which Layers keeps an Idempotency-Key."""
    began, tries = clock.now(), 0

    async def never() -> int:
        nonlocal tries
        tries += 1
        raise Unreachable("no connection")

    async def do(run: Run, _given: Start) -> End:
        return End(total=await run.step("never", never, came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        for count in range(1, 40):
            look = await workshop.until(lambda look, count=count: look.row.state == "failed" or look.row.tries == count)
            if look.row.state == "failed":
                break
            clock.advance(look.row.until - clock.now())

    assert (look.row.code, tries) == ("UNREACHABLE", 20)
    assert timedelta(hours=15) < clock.now() - began <= timedelta(hours=16)


async def test_where_writes_are_halted_a_run_lies_until_they_are_let_through(workshop, clock) -> None:
    """design.md §4: `halt` holds our loops for one project, reversibly."""
    done = Done()

    async def do(run: Run, _given: Start) -> End:
        await run.about(project_id="prj_1", customer="acme")
        return End(total=await run.step("write", lambda: done.add("written"), came=int))

    workshop.store.halts.hold(Halt(project_id="prj_1", at=clock.now(), principal="command", by="person"))
    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        held = await workshop.reaches("sleeping")
        clock.advance(HELD)
        still = await workshop.until(lambda look: look.row.state == "sleeping" and look.row.turn == 2)
        workshop.store.halts.lift("prj_1", by="person")
        clock.advance(HELD)
        over = await workshop.reaches("completed")

    assert (held.row.code, held.row.until, still.row.code) == ("HALTED", still.row.until - HELD, "HALTED")
    assert (over.row.project_id, over.row.customer, done.words) == ("prj_1", "acme", ["written"])


async def test_a_halt_of_everything_holds_a_run_between_its_steps_too(workshop, clock) -> None:
    """`Run.check`."""

    async def do(run: Run, _given: Start) -> End:
        await run.check()
        return End(total=1)

    workshop.store.halts.hold(Halt(project_id=EVERY, at=clock.now(), principal="command", by="person"))
    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        held = await workshop.reaches("sleeping")
        workshop.store.halts.lift(EVERY, by="person")
        clock.advance(HELD)
        over = await workshop.reaches("completed")

    assert (held.row.code, over.row.came) == ("HALTED", '{"total":1}')


async def test_a_run_that_ends_its_process_again_and_again_is_given_up(workshop, clock) -> None:
    """`loops/patience`: counted by us, as the engine's own count begins anew with each hand-over."""

    async def do(_run: Run, _given: Start) -> End:
        raise AssertionError("it is not run any more")

    workshop.store.workers.sit("dead", "a machine", now=clock.now())
    row = RunRow(id="run", loop="toy", given="{}", state="queued", began_at=clock.now(), worker="dead")
    for _ in range(MOST_STARTS):
        workshop.store.runs.begin(row, recorded=0)
    workshop.store.workers.gone("dead")
    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        failed = await workshop.reaches("failed")

    assert failed.row.code == "PROCESS_DIED"


@pytest.mark.parametrize("ended", [1, 2, MOST_STARTS - 1])
async def test_a_run_whose_processes_ended_goes_on_and_after_the_second_only_some_time_later(workshop, clock, ended: int) -> None:
    """`loops/patience`: what ends a process takes others with it that were in hand; lying apart, they get a step further without it."""
    done = Done()

    async def do(run: Run, _given: Start) -> End:
        return End(total=await run.step("one", lambda: done.add("one"), came=int))

    workshop.store.workers.sit("dead", "a machine", now=clock.now())
    row = RunRow(id="run", loop="toy", given="{}", state="queued", began_at=clock.now(), worker="dead")
    for _ in range(ended):
        workshop.store.runs.begin(row, recorded=0)
    workshop.store.workers.gone("dead")
    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        if ended > 1:
            lies = await workshop.reaches("sleeping")
            clock.advance(lies.row.until - clock.now())
        over = await workshop.reaches("completed")

    if ended > 1:
        assert (lies.row.code, lies.row.starts) == ("PROCESS_DIED", ended + 1)
        assert 0.5 <= (lies.row.until - lies.row.began_at) / min(timedelta(seconds=15 * 4 ** (ended - 2)), HOUR) <= 1.5
    assert (over.row.code, done.words) == (None, ["one"])


async def test_on_a_server_runs_lie_wake_fail_and_go_on_as_in_a_file(on_postgres, workshop_at, clock) -> None:
    """Issue 7: "with the same code on many machines with Postgres"."""
    done, poor = Done(), True

    async def pay() -> int:
        if poor:
            raise InsufficientCredits("too few")
        return await done.add("paid")

    async def do(run: Run, _given: Start) -> End:
        await run.step("first", lambda: done.add("first"), came=int)
        await run.nap("night", until=clock.now() + HOUR)
        await run.nap("news", bell=f"bell:{run.id}")
        return End(total=await run.step("pay", pay, came=int))

    workshop = workshop_at(on_postgres, on_postgres)
    async with workshop.open(toy(do)) as runner:
        for run_id in ("one", "two"):
            await runner.start(toy(do), run_id, Start())
        for run_id in ("one", "two"):
            await workshop.reaches("sleeping", run_id=run_id)
        clock.advance(HOUR)
        for run_id in ("one", "two"):
            await workshop.reaches("waiting", run_id=run_id)
            await runner.ring(f"bell:{run_id}")
            failed = await workshop.reaches("failed", run_id=run_id)
        poor = False
        for run_id in ("one", "two"):
            await runner.retry(run_id)
            over = await workshop.reaches("completed", run_id=run_id)

    assert sorted(done.words) == ["first", "first", "paid", "paid"]
    assert (failed.row.code, [step.name for step in over.steps]) == ("INSUFFICIENT_CREDITS", ["first", "night", "news", "pay"])


async def test_a_run_whose_row_the_database_does_not_take_fails_and_keeps_no_worker(on_postgres, workshop_at) -> None:
    """A server holds each column to its length; such a run was tried again for ever, in a place that others wait for."""

    async def about(run: Run, _given: Start) -> End:
        await run.about(customer="c" * 300)
        return End(total=0)

    async def nap(run: Run, _given: Start) -> End:
        await run.nap("night", bell="b" * 300)
        return End(total=0)

    workshop = workshop_at(on_postgres, on_postgres)
    loops = {name: toy(do, name) for name, do in {"about": about, "nap": nap}.items()}
    async with workshop.open(*loops.values()) as runner:
        for name, loop in loops.items():
            await runner.start(loop, name, Start())
        looks = [await workshop.reaches("failed", run_id=name) for name in loops]

    assert {(look.row.code, look.row.words) for look in looks} == {("SERVER_MISTAKE", "DataError between its steps; the log has more")}


async def test_a_worker_that_parts_ends_its_step_and_the_next_one_goes_on_after_it(workshop) -> None:
    """Issue 7: "deploying new code does not strand runs"."""
    done, begun, go = Done(), asyncio.Event(), asyncio.Event()

    async def slow() -> int:
        begun.set()
        await go.wait()
        return await done.add("slow")

    async def do(run: Run, _given: Start) -> End:
        await run.step("slow", slow, came=int)
        return End(total=await run.step("second", lambda: done.add("second"), came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await asyncio.wait_for(begun.wait(), 20)
        asyncio.get_running_loop().call_later(0.2, go.set)
    parted = await workshop.runner.look("run")
    async with workshop.open(toy(do)):
        over = await workshop.reaches("completed")

    assert parted is not None
    assert (parted.row.state, [step.name for step in parted.steps]) == ("queued", ["slow"])
    assert (done.words, over.row.starts) == (["slow", "second"], 1)


async def test_a_run_that_a_new_version_would_do_differently_stops_and_goes_on_from_there_when_told_to(workshop) -> None:
    """`CODE_CHANGED`: nothing is done twice by itself."""
    done = Done()

    async def old(run: Run, _given: Start) -> End:
        await run.step("first", lambda: done.add("first"), came=int)
        await run.step("old", lambda: done.add("old"), came=int)
        await run.nap("wait", bell="bell")
        return End(total=0)

    async def new(run: Run, _given: Start) -> End:
        await run.step("first", lambda: done.add("first"), came=int)
        return End(total=await run.step("new", lambda: done.add("new"), came=int))

    async with workshop.open(toy(old)) as runner:
        await runner.start(toy(old), "run", Start())
        await workshop.reaches("waiting")
    async with workshop.open(toy(new)) as runner:
        await runner.ring("bell")
        failed = await workshop.reaches("failed")
        await runner.retry("run")
        await workshop.reaches("completed")

    assert failed.row.code == "CODE_CHANGED"
    assert done.words == ["first", "old", "new"]


async def test_a_run_of_a_loop_that_this_version_does_not_know_waits_for_one_that_does(workshop, clock) -> None:
    """A rolling deploy: the old worker must not fail what the new one started."""

    async def do(_run: Run, _given: Start) -> End:
        return End(total=1)

    async with workshop.open() as runner:
        await runner.start(toy(do), "run", Start())
        waits = await workshop.reaches("sleeping")
    clock.advance(HELD)
    async with workshop.open(toy(do)):
        await workshop.reaches("completed")

    assert waits.row.code == "UNKNOWN_LOOP"


@pytest.mark.parametrize("names", [("same", "same"), ("",)])
async def test_a_step_without_a_name_of_its_own_is_refused(workshop, names) -> None:
    """`Run.step`: the key is made of it, and one key is one request."""

    async def do(run: Run, _given: Start) -> End:
        for name in names:
            await run.step(name, lambda: Done().add("x"), came=int)
        return End(total=0)

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        failed = await workshop.reaches("failed")

    assert (failed.row.code, failed.row.words) == ("SERVER_MISTAKE", "ValueError between its steps; the log has more")


async def test_on_sqlite_a_second_worker_waits_for_the_seat_and_says_who_holds_it(workshop) -> None:
    """Issue 7: one laptop; its queue and its limits count for one process."""
    told: list[Worker] = []

    async with workshop.open(), asyncio.timeout(20):
        while not workshop.store.workers.all():  # noqa: ASYNC110  it sits down on a task of its own
            await asyncio.sleep(0.01)
        async with workshop.of().working("another", waits=told.append):
            while not told:  # noqa: ASYNC110  so is it told
                await asyncio.sleep(0.01)
        alive = workshop.store.workers.all()

    assert [one.place for one in told] == ["a test"]
    assert [one.place for one in alive] == ["a test"]
    assert workshop.store.workers.all() == ()


async def test_runs_that_were_over_for_long_are_forgotten_with_all_their_steps(workshop, clock) -> None:
    """`Runner.forget`: the engine itself keeps them for good."""

    async def do(run: Run, _given: Start) -> End:
        return End(total=await run.step("one", lambda: Done().add("one"), came=int))

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await workshop.reaches("completed")
        early = await runner.forget(HOUR)
        clock.advance(2 * HOUR)
        gone = await runner.forget(HOUR)

        assert (early, gone, await runner.look("run")) == (0, 1, None)
        assert await runner.start(toy(do), "run", Start()), "nothing of it is left"
        await workshop.reaches("completed")


def test_a_key_is_of_its_run_and_step_and_stays() -> None:
    """Design §7: "keys derived from workflow id and step"; a key that changed with a version would send a request twice."""
    assert key_of("onboard:1", "project") == "476bb2e0-5e9e-5b72-ab15-6fcd2697f9eb"
    assert len({key_of("a", "b"), key_of("a", "c"), key_of("b", "b")}) == 3


def test_the_engine_obeys_nothing_in_the_environment_and_says_nothing_on_stdout(tmp_path: Path) -> None:
    """engine-and-dependencies §1.4: it reads DBOS__* by itself; stdout carries protocol frames only."""
    program = (
        "import sys; from pathlib import Path; from layers_mcp.loops.engine import Engine; "
        "engine = Engine(Path(sys.argv[1])); from dbos._utils import GlobalParams as given; engine.close(); "
        "sys.stderr.write(f'{given.dbos_cloud} {given.executor_id}')"
    )
    told = {"DBOS__CLOUD": "true", "DBOS__VMID": "theirs", "DBOS__APPVERSION": "9"}

    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "engine.db")],
        env=dict(os.environ) | told,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert ended.stdout == ""
    assert ended.stderr.endswith("False local")
