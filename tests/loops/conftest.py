"""A store and an engine in files of their own, a clock in hand, and whoever works runs off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Look, Loop
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.store.rows import RunState
from layers_mcp.store.store import Store

PAUSE_S = 0.02


class Workshop:
    """Where runs are worked off in a test; time passes by `clock` only."""

    def __init__(self, store: Store, engine: Engine, clock: HandClock) -> None:
        self.store, self.engine, self.clock = store, engine, clock
        self.runner = self.of()

    def of(self, *loops: Loop[Any, Any]) -> EngineRunner:
        """A runner that knows these loops; the last one made looks at runs."""
        self.runner = EngineRunner(self.store, self.engine, self.clock, loops)
        return self.runner

    @asynccontextmanager
    async def open(self, *loops: Loop[Any, Any]) -> AsyncIterator[EngineRunner]:
        """A worker that knows these loops."""
        runner = self.of(*loops)
        async with runner.working("a test", pause_s=PAUSE_S):
            yield runner

    async def until(self, fits: Callable[[Look], bool], run_id: str = "run") -> Look:
        """The run, as soon as it is so; within 20 seconds."""
        async with asyncio.timeout(20):
            while True:
                look = await self.runner.look(run_id)
                if look is not None and fits(look):
                    return look
                await asyncio.sleep(PAUSE_S)

    async def reaches(self, *states: RunState, run_id: str = "run", names: Sequence[str | None] = ()) -> Look:
        """The run, as soon as it is in one of these states, where given at one of these places."""
        return await self.until(lambda look: look.row.state in states and (not names or look.row.name in names), run_id)


@pytest.fixture
def workshop(tmp_path: Path, clock: HandClock):
    """One that is empty."""
    store, engine = Store.open(tmp_path / "layers.db", clock=clock), Engine(tmp_path / "engine.db", poll_s=PAUSE_S)
    yield Workshop(store, engine, clock)
    engine.close()
    store.close()
