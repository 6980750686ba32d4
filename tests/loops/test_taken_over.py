"""Runs that more than one worker believes to have: of each turn one counts, nothing is done again, and no run is left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from layers_mcp.loops.caretaker import Lost, wake
from layers_mcp.loops.engine import Take
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.store.rows import OTHER_KEY, RunRow

pytestmark = pytest.mark.anyio
ZOMBIE = "host-1-zombie"
PAUSE_S = 0.02


class Start(Given):
    """Nothing."""


class End(Came):
    """What was done, in order."""

    words: list[str]


def toy(do: Callable[[Run], Awaitable[End]]) -> Loop[Start, End]:
    """A loop that does this."""
    return Loop("toy", Start, End, lambda run, _given: do(run))


class Slow:
    """Two steps, of which the first lasts until `go` is set."""

    def __init__(self) -> None:
        self.begun, self.go = asyncio.Event(), asyncio.Event()
        self.words: list[str] = []
        self.loop = toy(self._do)

    async def say(self, word: str) -> str:
        """Do one thing."""
        self.words.append(word)
        return word

    async def _slow(self) -> str:
        self.begun.set()
        await self.go.wait()
        return await self.say("first")

    async def _do(self, run: Run) -> End:
        first = await run.step("first", self._slow, came=str)
        return End(words=[first, await run.step("second", lambda: self.say("second"), came=str)])


class Napping:
    """A step, a nap, a step, a nap and a step."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.loop = toy(self._do)

    async def say(self, word: str) -> str:
        """Do one thing."""
        self.words.append(word)
        return word

    async def _do(self, run: Run) -> End:
        words = [await run.step("one", lambda: self.say("one"), came=str)]
        for word in ("two", "three"):
            await run.nap(f"before {word}", bell=f"bell {word}")
            words.append(await run.step(word, lambda word=word: self.say(word), came=str))
        return End(words=words)


async def test_a_worker_that_lost_its_seat_takes_no_run_on_from_whoever_has_it(workshop) -> None:
    """Issue 7: "a frozen worker that wakes up cannot commit"; here it had got a run from the queue, and no more, when it was frozen."""
    slow, runs = Slow(), workshop.store.runs

    async with workshop.open(slow.loop) as runner:
        await runner.start(slow.loop, "run", Start())
        await asyncio.wait_for(slow.begun.wait(), 20)
        before = runs.find("run")
        taken = runs.begin(before.model_copy(update={"worker": ZOMBIE}), recorded=0)
        runs.part(ZOMBIE)
        after = runs.find("run")
        slow.go.set()
        over = await workshop.reaches("completed")

    assert (taken, after) == (None, before)
    assert (slow.words, over.row.came) == (["first", "second"], '{"words":["first","second"]}')


async def test_no_step_begins_in_a_turn_that_is_not_the_last(workshop) -> None:
    """A frozen worker that goes on looks whether the run is its own before each step."""
    slow, runs = Slow(), workshop.store.runs

    async with workshop.open(slow.loop) as runner:
        await runner.start(slow.loop, "run", Start())
        await asyncio.wait_for(slow.begun.wait(), 20)
        later = runs.begin(runs.find("run"), recorded=0)
        slow.go.set()
        await workshop.until(lambda look: len(look.steps) == 1)
        await asyncio.sleep(0.3)  # as long as a next step would have taken to begin, and more
        begun = list(slow.words)
        lost = Lost(workshop.store, workshop.engine)
        lost.look()
        suspects = lost.suspects
        lost.look()
        over = await workshop.reaches("completed")

    assert (begun, suspects) == (["first"], {"run": later.turn})
    assert slow.words == ["first", "second"]
    assert over.row.turn == later.turn + 1


async def test_a_run_that_is_woken_late_by_who_was_frozen_keeps_all_that_it_did_meanwhile(workshop) -> None:
    """Who takes a run to wake it and is frozen then leaves it to others after ten seconds; when it thaws it wakes the run once more."""
    napping = Napping()

    async with workshop.open(napping.loop) as runner:
        await runner.start(napping.loop, "run", Start())
        taken = (await workshop.reaches("waiting", names=["before two"])).row.model_copy(update={"woken": "bell"})
        await runner.ring("bell two")
        lies = await workshop.reaches("waiting", names=["before three"])
        wake(workshop.store, workshop.engine, taken)
        again = await workshop.until(lambda look: look.row.turn > lies.row.turn and look.row.state == "waiting")
        await runner.ring("bell three")
        await workshop.reaches("completed")

    assert again.row.name == "before three"
    assert napping.words == ["one", "two", "three"]


async def test_a_cancelled_run_that_is_retried_does_nothing_again_that_it_did_after_it_last_lay(workshop) -> None:
    """`Runner.retry`: "have a run that failed or was cancelled go on from where it stood"."""
    words, begun, go = [], asyncio.Event(), asyncio.Event()

    async def say(word: str) -> str:
        words.append(word)
        if word == "three":
            begun.set()
            await go.wait()
        return word

    async def do(run: Run) -> End:
        await run.nap("night", bell="bell")
        return End(words=[await run.step(word, lambda word=word: say(word), came=str) for word in ("one", "two", "three")])

    async with workshop.open(toy(do)) as runner:
        await runner.start(toy(do), "run", Start())
        await workshop.reaches("waiting")
        await runner.ring("bell")
        await asyncio.wait_for(begun.wait(), 20)
        await runner.cancel("run")
        go.set()
        await runner.retry("run")
        await workshop.reaches("completed")

    assert words == ["one", "two", "three", "three"], "what was not on record is done again, under the same key"


@pytest.mark.parametrize("state", ["queued", "running"])
async def test_a_run_that_the_engine_takes_for_over_is_found_and_goes_on_where_it_was(workshop, state: str) -> None:
    """Whatever left it behind: who looks twice, and finds the same turn of it with nobody, wakes it again."""
    napping, store = Napping(), workshop.store

    async with workshop.open(napping.loop) as runner:
        await runner.start(napping.loop, "run", Start())
        lies = await workshop.reaches("waiting", names=["before two"])
        await workshop.until(lambda _: not workshop.engine.active(["run"]))
        store.runs.woken(lies.row, queued=True)
        if state == "running":
            store.runs.begin(lies.row.model_copy(update={"worker": store.workers.all()[0].id}), recorded=1)
        lost = Lost(store, workshop.engine)
        lost.look()
        first, seen = lost.suspects, store.runs.find("run")
        lost.look()
        await workshop.reaches("waiting", names=["before two"])
        await runner.ring("bell two")
        await workshop.reaches("waiting", names=["before three"])
        await runner.ring("bell three")
        await workshop.reaches("completed")

    assert (seen.state, first, lost.suspects) == (state, {"run": seen.turn}, {})
    assert napping.words == ["one", "two", "three"]


async def test_a_run_that_goes_on_is_not_taken_for_lost(workshop) -> None:
    """Who is in the queue or on a worker has nothing to be found by."""
    slow = Slow()
    late = RunRow(id="late", loop="toy", given="{}", state="queued", began_at=workshop.clock.now())

    workshop.store.runs.add(late)
    workshop.engine.enqueue(late.id, late.loop, late.given)
    lost = Lost(workshop.store, workshop.engine, {"late": 0})
    lost.look()
    queued = workshop.store.runs.find("late")
    async with workshop.open(slow.loop) as runner:
        await runner.start(slow.loop, "run", Start())
        await asyncio.wait_for(slow.begun.wait(), 20)
        lost.suspects = {"run": 1, "late": 1, "gone": 3}
        lost.look()
        running = workshop.store.runs.find("run")
        slow.go.set()
        await workshop.reaches("completed")

    assert (queued.state, running.state, lost.suspects) == ("queued", "running", {})


async def test_a_run_of_which_the_engine_has_lost_its_record_begins_anew_under_the_same_keys(workshop) -> None:
    """A backup of one file and not the other: each step looks first for what it made, so a run is done again rather than left behind."""
    napping = Napping()

    async with workshop.open(napping.loop) as runner:
        await runner.start(napping.loop, "run", Start())
        await workshop.reaches("waiting", names=["before two"])
        workshop.engine.forget(["run"])
        await runner.ring("bell two")
        await workshop.reaches("waiting", names=["before three"])
        await runner.ring("bell three")
        await workshop.reaches("completed")

    assert napping.words == ["one", "one", "two", "three"]


async def test_a_run_that_a_worker_takes_on_while_it_is_being_started_was_started_now(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Runner.start`: "False when there is one of that id", which there was not."""
    napping, enqueue = Napping(), workshop.engine.enqueue

    def slowly(run_id: str, loop: str, given: str) -> None:
        enqueue(run_id, loop, given)
        until_s = time.monotonic() + 20
        while (row := workshop.store.runs.find(run_id)) is None or row.state != "waiting":
            assert time.monotonic() < until_s
            time.sleep(0.02)

    async with workshop.open(napping.loop) as runner:
        monkeypatch.setattr(workshop.engine, "enqueue", slowly)
        assert await runner.start(napping.loop, "run", Start())
        assert not await runner.start(napping.loop, "run", Start())


async def test_a_run_whose_start_was_broken_off_is_found(workshop) -> None:
    """The process died between its row and the engine's; whoever starts it again finds it started."""
    napping = Napping()
    row = RunRow(id="run", loop="toy", given="{}", state="queued", began_at=workshop.clock.now())

    workshop.store.runs.add(row)
    async with workshop.open(napping.loop):
        lost = Lost(workshop.store, workshop.engine, {"run": 0})
        lost.look()
        await workshop.reaches("waiting", names=["before two"])


async def test_a_worker_that_can_not_begin_tries_again(workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that goes away while a worker takes its seat leaves no process without loops that seems to run them."""
    napping, work = Napping(), workshop.engine.work
    tries: list[str] = []
    monkeypatch.setattr("layers_mcp.loops.runner._SEAT_S", 0.02)

    def fails_once(worker_id: str, take: Take) -> None:
        tries.append(worker_id)
        if len(tries) == 1:
            raise RuntimeError("no database")
        work(worker_id, take)

    monkeypatch.setattr(workshop.engine, "work", fails_once)
    async with workshop.open(napping.loop) as runner:
        await runner.start(napping.loop, "run", Start())
        await workshop.reaches("waiting", names=["before two"])

    assert len(tries) == len(set(tries)) == 2


def _of_key(workshop, owner: str, words: list[str]) -> tuple[EngineRunner, Loop[Start, End]]:
    """What a process with this key has: its runner, and a loop that says whose key did the work, before a nap of a day and after it."""

    async def say() -> str:
        words.append(owner)
        return owner

    async def do(run: Run) -> End:
        first = await run.step("first", say, came=str)
        await run.nap("nap", until=workshop.clock.now() + timedelta(days=1))
        return End(words=[first, await run.step("second", say, came=str)])

    loop = toy(do)
    return EngineRunner(workshop.store, workshop.engine, workshop.clock, [loop], owner=owner), loop


async def test_a_run_is_worked_off_with_the_key_that_it_was_asked_for_under_and_no_other(workshop):
    """A key of another organization would make the customer there, and spend there: whoever tries the sandbox first has runs of that."""
    words: list[str] = []
    (ours, loop), (others, _) = _of_key(workshop, "sandbox", words), _of_key(workshop, "live", words)
    await ours.start(loop, "run", Start())

    async with others.working("another key", pause_s=PAUSE_S):
        met = await workshop.until(lambda look: look.row.code == OTHER_KEY)
        workshop.clock.advance(timedelta(days=2))
        await asyncio.sleep(1)
    assert (words, met.row.turn) == ([], 0)

    async with ours.working("its own", pause_s=PAUSE_S):
        own = await workshop.reaches("sleeping", names=["nap"])
    assert own.row.code is None

    workshop.clock.advance(timedelta(days=2))
    async with others.working("another key", pause_s=PAUSE_S):
        await asyncio.sleep(1)
    assert words == ["sandbox"]

    async with ours.working("its own", pause_s=PAUSE_S):
        await workshop.reaches("completed")
    assert words == ["sandbox", "sandbox"]


async def test_a_run_that_can_not_be_woken_keeps_no_other_one_asleep(workshop, monkeypatch):
    """They are woken some at a time: whatever is wrong with one, the others' time has come."""

    async def do(run: Run) -> End:
        await run.nap("nap", until=workshop.clock.now() + timedelta(hours=1))
        return End(words=[])

    loop = toy(do)
    woken = workshop.engine.wake

    def unwilling(run_id: str, *, again: int = 0) -> bool:
        if run_id == "a":
            raise ValueError(run_id)
        return woken(run_id, again=again)

    async with workshop.open(loop) as runner:
        for run_id in ("a", "b", "c"):
            await runner.start(loop, run_id, Start())
            await workshop.reaches("sleeping", run_id=run_id)
        monkeypatch.setattr(workshop.engine, "wake", unwilling)
        workshop.clock.advance(timedelta(hours=2))
        for run_id in ("b", "c"):
            await workshop.reaches("completed", run_id=run_id)
        left = await runner.look("a")

    assert left.row.state == "sleeping"
