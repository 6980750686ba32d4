"""A worker of onboardings, in a process of its own: `python onboarder.py STORE ENGINE URL KEY HOST`; it ends at SIGTERM.

The loop, its hands, desk, pace, gate, store and engine are the real ones, over HTTP; the jobs at URL run `SPEED` times as fast as life.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from pydantic import SecretStr

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.client.pace import Pace
from layers_mcp.clock import WallClock
from layers_mcp.gate.budget import Budget
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.gate.policy import Policy
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.hands import House
from layers_mcp.loops.office import Office
from layers_mcp.loops.onboarding import onboarding
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.server import log
from layers_mcp.store.store import Store

SPEED = 500.0
RETURN = "https://app.your-partner.com/done"
RICH = Budget(call=100_000, day=100_000, total=1_000_000)


class Place:
    """A store and an engine, in files or on a server, and the API at a URL."""

    def __init__(self, store: str, engine: str, url: str, key: str, host: str = "") -> None:
        clock, who = WallClock(), principal_of(SecretStr(key))
        self.store = Store.open(store if "://" in store else Path(store))
        self.engine = Engine(engine if "://" in engine else Path(engine), poll_s=0.1)
        self.layers = Layers(url, SecretStr(key), clock=clock, pace=Pace(clock, shelf=self.store.levels(url, who)))
        house = House(
            layers=self.layers,
            desk=Desk(
                self.layers,
                leases=self.store.watches(who),
                durations=self.store.durations(who),
                pace=self.layers.pace,
                speed=SPEED,
            ),
            gate=Gate(lambda: self.store, clock, who, budget=RICH),
            store=self.store,
            clock=clock,
            policy=Policy(),
            return_url=RETURN,
        )
        loop = onboarding(house)
        self.runner = EngineRunner(self.store, self.engine, clock, [loop], host=host)
        self.office = Office(house, self.runner, [loop])


async def _work(place: Place) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with place.runner.working("onboarder", pause_s=0.1) as task:
        await asyncio.wait([task, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    await place.layers.close()


if __name__ == "__main__":
    log.configure("warning")
    asyncio.run(_work(Place(*sys.argv[1:])))
