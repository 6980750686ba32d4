"""Workers that are killed and frozen at random moments: every run ends, nothing is done twice, and another takes over soon."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from layers_mcp.database import reading

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
KILLS = 12


class Toys:
    """A yard in which toys are played with."""

    def __init__(self, module: Callable[[str], Any], where: Path | str, folder: Path) -> None:
        self._toys, self._rig = module("toys"), module("rig")
        files = self._rig.places(where, folder)
        arguments = [str(one) for one in files]
        rig = self._rig.Rig(Path(self._toys.__file__), arguments, folder / "log", hosts=isinstance(where, str))
        self.yard = self._rig.Yard(self._toys.Place(*arguments), files, rig)

    def add(self, count: int) -> None:
        """Start so many more runs."""
        yard = self.yard

        async def start() -> None:
            for number in range(yard.count, yard.count + count):
                await yard.place.runner.start(yard.place.loop, f"toy-{number}", self._toys.Toy(number=number))

        asyncio.run(start())
        yard.count += count

    def account(self) -> Any:
        """What was done."""
        at = self._toys.EFFECTS.c
        with reading(self.yard.place.store._engine) as connection:
            return self._rig.account([tuple(row) for row in connection.execute(select(at.at_us, at.run, at.step, at.key))])

    def check(self, aloud: Callable[[str], None], what: str, *, takeover_s: float, zombies: int = 0) -> None:
        """All are over, each step was done under one key, and none again after a later one, except what frozen workers had in hand."""
        yard = self.yard
        done, parted_s, steps = self.account(), yard.rig.close(), self._toys.STEPS
        aloud(
            f"{yard.kind}, {what}: {yard.over()} of {yard.count} runs complete, {done.keys} effects, {done.repeated} repeated in flight"
            f" under the same key, {done.twice} after a later step; taken over in {takeover_s:.1f} s, longest standstill of a run"
            f" {done.gap_s:.1f} s, parting {parted_s:.1f} s"
        )

        assert yard.stuck() == []
        assert done.keys == yard.count * steps
        assert done.twice <= zombies
        assert takeover_s <= self._rig.TAKEOVER_S
        assert {row.came for row in yard.place.store.runs.recent(limit=self._rig.MOST)} == {f'{{"steps":{steps}}}'}


@pytest.fixture
def toys(module, where: Path | str, tmp_path: Path) -> Iterator[Toys]:
    """Some that are new, on a file and on a server."""
    one = Toys(module, where, tmp_path)
    yield one
    one.yard.close()


def test_workers_that_are_killed_lose_nothing_and_do_nothing_twice(toys: Toys, aloud: Callable[[str], None]) -> None:
    """Issue 7: kill -9 at random moments; on SQLite the next process goes on, on Postgres the other worker does."""
    yard = toys.yard
    for _ in range(1 if yard.kind == "sqlite" else 2):
        yard.rig.start()

    yard.kills(Random(7), KILLS, before=lambda _: toys.add(20 if yard.count - yard.over() < 20 else 0))
    toys.add(20)
    yard.seated()
    time.sleep(2)
    takeover_s = yard.taken_over(yard.busiest(), lambda worker: [yard.rig.kill(worker), yard.rig.start()])
    yard.finish(90)

    toys.check(aloud, f"{KILLS + 1} times kill -9", takeover_s=takeover_s)


def test_a_worker_that_was_frozen_finds_its_runs_taken_over_and_keeps_out(toys: Toys, aloud: Callable[[str], None]) -> None:
    """Issue 7: "a frozen worker that wakes up cannot commit"; SIGSTOP and SIGCONT."""
    yard = toys.yard
    yard.rig.start()
    yard.rig.start()
    toys.add(40)
    yard.seated()
    time.sleep(2)
    frozen = yard.busiest()

    takeover_s = yard.taken_over(frozen, yard.freeze)
    frozen.send_signal(signal.SIGCONT)
    yard.finish(90)

    toys.check(aloud, "SIGSTOP and SIGCONT", takeover_s=takeover_s, zombies=32)
