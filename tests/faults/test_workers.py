"""Workers that are killed and frozen at random moments: every run ends, nothing is done twice, and another takes over soon."""

from __future__ import annotations

import asyncio
import importlib.util
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from layers_mcp.database import reading

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
FOLDER = Path(__file__).parent
KILLS = 12
TAKEOVER_S = 30.0
"""Issue 7: "a killed or frozen worker's runs continue on another within 30 s"."""


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"of_workers_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOYS, RIG = _module("toys"), _module("rig")


def _free(file: Path) -> bool:
    """Whether a database can be written to now."""
    with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
    return True


class Yard:
    """Toys, and whoever plays with them."""

    def __init__(self, where: Path | str, folder: Path) -> None:
        engine = folder / "engine.db" if isinstance(where, Path) else where
        self.files = [where, engine]
        self.kind = "sqlite" if isinstance(where, Path) else "postgres"
        self.place = TOYS.Place(str(where), str(engine))
        self.rig = RIG.Rig(where, engine, folder / "log")
        self.count = 0

    def add(self, count: int) -> None:
        """Start so many more runs."""

        async def start() -> None:
            for number in range(self.count, self.count + count):
                await self.place.runner.start(self.place.loop, f"toy-{number}", TOYS.Toy(number=number))

        asyncio.run(start())
        self.count += count

    def seated(self) -> set[int]:
        """The processes that have a seat, as soon as there is one of those that live."""
        until_s = time.monotonic() + 30
        while time.monotonic() < until_s:
            pids = {int(one.id.rsplit("-", 2)[1]) for one in self.place.store.workers.all()} & {one.pid for one in self.rig.workers}
            if pids:
                return pids
            time.sleep(0.05)
        raise AssertionError("no worker took a seat")

    def over(self) -> int:
        """How many runs were completed."""
        return len(self.place.store.runs.recent(states=["completed"], limit=10_000))

    def finish(self, at_most_s: float) -> None:
        """Wait until all are."""
        until_s = time.monotonic() + at_most_s
        while self.over() < self.count and time.monotonic() < until_s:
            time.sleep(0.2)

    def account(self) -> Any:
        """What was done."""
        at = TOYS.EFFECTS.c
        with reading(self.place.store._engine) as connection:
            return RIG.account([tuple(row) for row in connection.execute(select(at.at_us, at.run, at.step, at.key))])

    def busiest(self) -> Any:
        """The worker that has the most runs in hand."""
        running = self.place.store.runs.recent(states=["running"], limit=10_000)
        count = Counter(int((row.worker or "-0-").rsplit("-", 2)[1]) for row in running)
        return max(self.rig.workers, key=lambda one: count[one.pid])

    def freeze(self, worker: Any) -> None:
        """Freeze a worker; on SQLite between two writes, as in the middle of one it would hold the file until it goes on."""
        for _ in range(100):
            worker.send_signal(signal.SIGSTOP)
            if self.kind == "postgres" or all(_free(file) for file in self.files):
                return
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        raise AssertionError("it writes all the time")

    def taken_over(self, worker: Any, stop: Callable[[Any], object]) -> float:
        """Stop a worker, and wait until none of its runs is on it any more; how long that took, in seconds."""
        runs = self.place.store.runs

        def on_it() -> set[tuple[str, int]]:
            found = runs.recent(states=["running"], limit=10_000)
            return {(row.id, row.turn) for row in found if int((row.worker or "--").rsplit("-", 2)[1] or 0) == worker.pid}

        stop(worker)
        began_s, left = time.monotonic(), on_it()
        while left & on_it() and time.monotonic() - began_s < 2 * TAKEOVER_S:
            time.sleep(0.1)
        return time.monotonic() - began_s

    def check(self, aloud: Callable[[str], None], what: str, *, takeover_s: float, zombies: int = 0) -> None:
        """All are over, each step was done under one key, and none again after a later one, except what frozen workers had in hand."""
        done, parted_s = self.account(), self.rig.close()
        stuck = [(row.id, row.state, row.name, row.code) for row in self.place.store.runs.recent(limit=10_000) if row.state != "completed"]
        aloud(
            f"{self.kind}, {what}: {self.over()} of {self.count} runs complete, {done.keys} effects, {done.repeated} repeated in flight"
            f" under the same key, {done.twice} after a later step; taken over in {takeover_s:.1f} s, longest standstill of a run"
            f" {done.gap_s:.1f} s, parting {parted_s:.1f} s"
        )

        assert stuck == []
        assert done.keys == self.count * TOYS.STEPS
        assert done.twice <= zombies
        assert takeover_s <= TAKEOVER_S
        came = {row.came for row in self.place.store.runs.recent(limit=10_000)}
        assert came == {f'{{"steps":{TOYS.STEPS}}}'}


@pytest.fixture
def yard(where: Path | str, tmp_path: Path) -> Iterator[Yard]:
    """One that is empty, on a file and on a server."""
    if isinstance(where, Path):
        where.parent.mkdir()
    one = Yard(where, tmp_path)
    yield one
    for worker in one.rig.workers:
        worker.kill()
        worker.wait()
    one.place.engine.close()
    one.place.store.close()


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(yard: Yard, aloud: Callable[[str], None]) -> None:
    """Issue 7: kill -9 at random moments; on SQLite the next process goes on, on Postgres the other worker does."""
    luck = Random(7)
    for _ in range(1 if yard.kind == "sqlite" else 2):
        yard.rig.start()

    for _ in range(KILLS):
        if yard.count - yard.over() < 20:
            yard.add(20)
        yard.seated()
        time.sleep(luck.uniform(0.1, 2.5))
        yard.rig.kill(luck.choice(yard.rig.workers))
        yard.rig.start()
    yard.add(20)
    yard.seated()
    time.sleep(2)
    takeover_s = yard.taken_over(yard.busiest(), lambda worker: [yard.rig.kill(worker), yard.rig.start()])
    yard.finish(90)

    yard.check(aloud, f"{KILLS + 1} times kill -9", takeover_s=takeover_s)


def test_a_worker_that_was_frozen_finds_its_runs_taken_over_and_keeps_out(yard: Yard, aloud: Callable[[str], None]) -> None:
    """Issue 7: "a frozen worker that wakes up cannot commit"; SIGSTOP and SIGCONT."""
    yard.rig.start()
    yard.rig.start()
    yard.add(40)
    yard.seated()
    time.sleep(2)
    frozen = yard.busiest()

    takeover_s = yard.taken_over(frozen, yard.freeze)
    frozen.send_signal(signal.SIGCONT)
    yard.finish(90)

    yard.check(aloud, "SIGSTOP and SIGCONT", takeover_s=takeover_s, zombies=32)
