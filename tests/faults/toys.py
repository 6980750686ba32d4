"""A worker of toy loops, in a process of its own: `python toys.py STORE ENGINE HOST`; it ends at SIGTERM.

Each run does its steps in order, and rests between them until an instant or until its own bell, which a step rings. What a step does is a
row in the table `effects`, which says when, in which run, and under which key.
"""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert

from layers_mcp.clock import WallClock
from layers_mcp.database import writing
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.server import log
from layers_mcp.store.store import Store

STEPS = 8
LONG_S = 0.15
EFFECTS = Table(
    "effects",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("at_us", BigInteger, nullable=False),
    Column("run", String(50), nullable=False),
    Column("step", Integer, nullable=False),
    Column("key", String(40), nullable=False),
)


class Toy(Given):
    """Which toy it is."""

    number: int


class Played(Came):
    """How many steps were done, by what they gave back."""

    steps: int


class Place:
    """A store and an engine, in files or on a server."""

    def __init__(self, store: str, engine: str, host: str = "") -> None:
        self.store = Store.open(store if "://" in store else Path(store))
        self.engine = Engine(engine if "://" in engine else Path(engine), poll_s=0.1)
        EFFECTS.metadata.create_all(self.store._engine)
        self.runner = EngineRunner(self.store, self.engine, WallClock(), [self.loop], host=host)

    @property
    def loop(self) -> Loop[Toy, Played]:
        """The one loop."""
        return Loop("toy", Toy, Played, self._play)

    def _done(self, run: Run, step: int) -> None:
        with writing(self.store._engine) as connection:
            row = {"at_us": time.time_ns() // 1000, "run": run.id, "step": step, "key": run.key(f"step {step}")}
            connection.execute(insert(EFFECTS).values(row))

    async def _effect(self, run: Run, step: int) -> int:
        await asyncio.sleep(random.uniform(0, LONG_S))
        await asyncio.to_thread(self._done, run, step)
        await asyncio.sleep(random.uniform(0, LONG_S))
        if step % 4 == 3:
            await self.runner.ring(f"toy:{run.id}:{step}")
        return 1

    async def _play(self, run: Run, given: Toy) -> Played:
        await run.about(customer=f"toy {given.number}")
        total = 0
        for step in range(STEPS):
            total += await run.step(f"step {step}", partial(self._effect, run, step), came=int)
            if step % 4 == 1:
                await run.nap(f"rest {step}", until=WallClock().now() + timedelta(seconds=0.5))
            elif step % 4 == 3:
                await run.nap(f"bell {step}", bell=f"toy:{run.id}:{step}")
        return Played(steps=total)


async def _work(place: Place) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with place.runner.working("toys", pause_s=0.1) as task:
        await asyncio.wait([task, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)


if __name__ == "__main__":
    log.configure("warning")
    asyncio.run(_work(Place(*sys.argv[1:])))
