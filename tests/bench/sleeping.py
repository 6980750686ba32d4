"""What runs that sleep cost: a worker's memory, its rounds while nothing is due, and how soon one is awake again.

    python tests/bench/sleeping.py [runs]

The real runner and engine by the wall clock, in files and on a server. Each run does a step, lies down by a bell of its own, and does
another step when that is rung.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from layers_mcp.clock import WallClock
from layers_mcp.database import reading
from layers_mcp.loops.caretaker import Lost, _wake_due, hand_over
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.server import log
from layers_mcp.store.run_tables import runs
from layers_mcp.store.store import Store

IDLE_S = 30.0
WAKES, ROUNDS = 20, 20
AWAKE: dict[str, float] = {}
"""When each run did its second step."""


@dataclass
class Figures:
    """Of one kind of database; memory in MiB, the others as their names say. `laid_s`: until all had done a step and lay."""

    where: str
    runs: int
    laid_s: float = 0.0
    empty_mib: float = 0.0
    asleep_mib: float = 0.0
    idle_percent: float = 0.0
    due_ms: float = 0.0
    takeover_ms: float = 0.0
    lost_ms: float = 0.0
    wake_ms: float = 0.0
    wake_most_ms: float = 0.0


def _mib() -> float:
    """What this process has in memory."""
    gc.collect()
    said = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(said["VmRSS"].split()[0]) / 1024


async def _one(run: Run) -> int:
    AWAKE[run.id] = time.perf_counter()
    return 1


async def _sleeper(run: Run, _given: Given) -> Came:
    await run.step("before", partial(_one, run), came=int)
    await run.nap("night", bell=f"bell:{run.id}")
    await run.step("after", partial(_one, run), came=int)
    return Came()


LOOP = Loop("sleeper", Given, Came, _sleeper)


def _ms(do: Callable[[], object]) -> float:
    """What one round takes, by the median of several."""
    took: list[float] = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        do()
        took.append((time.perf_counter() - began_s) * 1000)
    return median(took)


async def _asleep(store: Store, number: int) -> None:
    wanted = select(func.count()).select_from(runs).where(runs.c.state == "waiting")
    lie = 0
    while lie < number:
        await asyncio.sleep(2)
        with reading(store._engine) as connection:
            lie = connection.execute(wanted).scalar_one()


async def _wakes(runner: EngineRunner, number: int) -> list[float]:
    """Milliseconds from the bell to the next step, of some, one after the other."""
    took: list[float] = []
    for one in Random(1).sample(range(number), WAKES):
        run_id, rung_s = f"run:{one}", time.perf_counter()
        await runner.ring(f"bell:{run_id}")
        while AWAKE[run_id] < rung_s:  # noqa: ASYNC110  it is set on another thread
            await asyncio.sleep(0.002)
        took.append((AWAKE[run_id] - rung_s) * 1000)
    return took


async def _measured(store: Store, engine: Engine, figures: Figures) -> None:
    clock = WallClock()
    runner = EngineRunner(store, engine, clock, [LOOP])
    async with runner.working("a bench"):
        await asyncio.sleep(3)
        figures.empty_mib, began_s = _mib(), time.perf_counter()
        for one in range(figures.runs):
            await runner.start(LOOP, f"run:{one}", Given())
        await _asleep(store, figures.runs)
        figures.laid_s = time.perf_counter() - began_s
        await asyncio.sleep(3)
        figures.asleep_mib, began_s = _mib(), time.process_time()
        await asyncio.sleep(IDLE_S)
        figures.idle_percent = (time.process_time() - began_s) / IDLE_S * 100
        figures.due_ms = _ms(lambda: _wake_due(store, engine, clock, None))
        figures.takeover_ms = _ms(lambda: (store.workers.bury(host="nobody"), hand_over(store, engine)))
        figures.lost_ms = _ms(Lost(store, engine).look)
        took = await _wakes(runner, figures.runs)
        figures.wake_ms, figures.wake_most_ms = median(took), max(took)


@contextmanager
def _databases() -> Iterator[dict[str, tuple[Path | str, Path | str]]]:
    """Where store and engine are, by kind."""
    spec = importlib.util.spec_from_file_location("dispatching", Path(__file__).with_name("dispatching.py"))
    assert spec is not None
    assert spec.loader is not None
    dispatching = importlib.util.module_from_spec(spec)
    sys.modules["dispatching"] = dispatching
    spec.loader.exec_module(dispatching)
    with TemporaryDirectory() as folder, dispatching.postgres() as url:
        yield {"SQLite": (Path(folder) / "layers.db", Path(folder) / "engine.db"), "Postgres": (url, url)}


def _print(all_of: list[Figures]) -> None:
    print(f"{all_of[0].runs} runs asleep" + "".join(f"{one.where:>12}" for one in all_of))
    for words, name in (
        ("started, one step each, and asleep, s", "laid_s"),
        ("memory of the worker with no run, MiB", "empty_mib"),
        ("memory with all of them asleep, MiB", "asleep_mib"),
        ("a core while they sleep, %", "idle_percent"),
        ("a round of who is due, ms", "due_ms"),
        ("a round of who is dead, ms", "takeover_ms"),
        ("a round of who is lost, ms", "lost_ms"),
        ("from a bell to the next step, median ms", "wake_ms"),
        ("the same, at most, ms", "wake_most_ms"),
    ):
        print(f"{words:<40}" + "".join(f"{getattr(one, name):>12.1f}" for one in all_of))


async def _main() -> None:
    log.configure("error")
    number, found = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, list[Figures]()
    with _databases() as databases:
        for name, (of_store, of_engine) in databases.items():
            figures = Figures(name, number)
            store, engine = Store.open(of_store), Engine(of_engine)
            try:
                await _measured(store, engine, figures)
            finally:
                engine.close()
                store.close()
            found.append(figures)
    _print(found)


if __name__ == "__main__":
    asyncio.run(_main())
