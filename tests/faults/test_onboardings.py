"""Real onboardings, with their child jobs and what people do, by workers that are killed and frozen: each customer ends whole, once."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from layers_mcp.loops.customer import Onboard

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]
CUSTOMERS, KILLS = 50, 50
FROZEN, FREEZES = 20, 2
REPOSITORY = "quinns-coffee/quinns-app"


class Onboardings:
    """A yard in which customers are onboarded, and the town they live in."""

    def __init__(self, module: Callable[[str], Any], where: Path | str, folder: Path) -> None:
        self._check, program, rigging = module("standing"), module("onboarder"), module("rig")
        self._state = folder / "world"
        self._state.mkdir()
        self.town = module("town").Town(self._state, program.SPEED)
        files = rigging.places(where, folder)
        arguments = [*(str(one) for one in files), self.town.url, self.town.key]
        rig = rigging.Rig(Path(program.__file__), arguments, folder / "log", hosts=isinstance(where, str))
        self.yard = rigging.Yard(program.Place(*arguments), files, rig)
        self.person = self.town.lived_in(self.yard.place)

    def close(self) -> None:
        """End all of it."""
        self.person.cancel()
        self.yard.rig.end()
        self.town.do(self.yard.place.layers.close())
        self.town.close()
        self.yard.close()

    def add(self, count: int) -> None:
        """Ask for so many more customers."""
        for number in range(self.yard.count, self.yard.count + count):
            name = f"customer {number}"
            given = Onboard(customer_external_id=name, name=name, repo_full_name=REPOSITORY, connect=("tiktok",))
            self.town.do(self.yard.place.office.onboard(given))
        self.yard.count += count

    def check(self, aloud: Callable[[str], None], what: str, began_s: float) -> None:
        """Every customer is complete, and has one of everything."""
        yard = self.yard
        if self.person.done():
            self.person.result()
        stuck, took_s = yard.stuck(), time.monotonic() - began_s
        stand = self._check.standing(self._state)
        half, twice = self._check.half(stand), sum(map(self._check.doubled, stand))
        turns = [row.turn for row in yard.place.store.runs.recent(limit=1000)]
        aloud(
            f"{yard.kind}, {what}: {yard.over()} of {yard.count} onboardings complete, {len(stand)} projects, {twice} with two of anything,"
            f" {len(half)} half done; each was taken on {sum(turns) / len(turns):.0f} times, at most {max(turns)}; {took_s:.0f} s"
        )

        assert stuck == []
        assert half == []
        assert len(stand) == len({one["name"] for one in stand}) == yard.count


@pytest.fixture
def onboardings(module, where: Path | str, tmp_path: Path) -> Iterator[Onboardings]:
    """Some that are new, with the store in a file and on a server."""
    one = Onboardings(module, where, tmp_path)
    yield one
    one.close()


def test_onboardings_whose_workers_are_killed_end_whole_and_once(onboardings: Onboardings, aloud: Callable[[str], None]) -> None:
    """Issue 7: 100 times kill -9 in all during 50 onboardings with child jobs, on SQLite and on Postgres with two workers."""
    yard, began_s = onboardings.yard, time.monotonic()
    for _ in range(1 if yard.kind == "sqlite" else 2):
        yard.rig.start()

    yard.kills(Random(50), KILLS, at_most_s=3, before=lambda number: onboardings.add(CUSTOMERS // KILLS if number < CUSTOMERS else 0))
    yard.finish(150)

    onboardings.check(aloud, f"{KILLS} times kill -9", began_s)


def test_onboardings_whose_workers_are_frozen_end_whole_and_once(onboardings: Onboardings, aloud: Callable[[str], None]) -> None:
    """Issue 7: "the same with SIGSTOP and SIGCONT"."""
    yard, began_s = onboardings.yard, time.monotonic()
    yard.rig.start()
    yard.rig.start()

    for _ in range(FREEZES):
        onboardings.add(FROZEN // FREEZES)
        yard.seated()
        time.sleep(3)
        frozen = yard.busiest()
        yard.taken_over(frozen, yard.freeze)
        frozen.send_signal(signal.SIGCONT)
    yard.finish(150)

    onboardings.check(aloud, f"{FREEZES} times SIGSTOP and SIGCONT", began_s)
