"""A year of daily loops for one customer, by the hand clock."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.loops.optimization import optimization
from layers_mcp.loops.publish_to_learn import publish_to_learn
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.loops.slots import due_after
from layers_mcp.store.rows import RunRow, RunState

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone, pytest.mark.timeout(300)]
NEW_YORK = ZoneInfo("America/New_York")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AT_MOST_S = 90.0


class _Used(NamedTuple):
    """What this process uses: memory, threads, open files."""

    mb: float
    threads: float
    files: float


def _used() -> _Used:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return _Used(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, threading.active_count(), len(list(Path("/proc/self/fd").iterdir())))


async def _over(town, runner: EngineRunner, row: RunRow) -> RunState:
    """How a run ended; time goes on while it lies."""
    async with asyncio.timeout(60):
        while (now := town.store.runs.find(row.id)).state not in ("completed", "failed", "cancelled"):
            if now.until is not None:
                town.clock.advance(max(now.until - town.clock.now(), timedelta(0)))
            await asyncio.sleep(0.01)
    return now.state


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), tzinfo=NEW_YORK).astimezone(UTC)


async def test_a_year_of_daily_loops_runs_in_ninety_seconds_and_each_day_once(town, shop_of, aloud, monkeypatch) -> None:
    """Issue 7: 730 runs, the dispatcher driven by the hand clock, without leak or drift; daylight-saving days run once."""
    monkeypatch.setitem(sys.modules, "sniffio", None)  # the in-process transport looks for it on disk at every request
    shop = await shop_of(zone=NEW_YORK.key)
    await shop.fed(3.0, 1.0, 1.0, 1.0, 1.0)
    await shop.reviews("review_all")
    loops = {"p2l": publish_to_learn(town.house), "opt": optimization(town.house)}
    runner = EngineRunner(town.store, town.engine, town.clock, loops.values(), owner=shop.owner)
    one = Dispatcher(store=town.store, runner=runner, clock=town.clock, principal=shop.owner, loops=loops)
    await one.tick()
    first = due_after(shop.external_id, NEW_YORK, None, town.clock.now())[0]
    began: Counter[date] = Counter()
    early, started_s, cpu_s = _Used(0, 0, 0), time.perf_counter(), time.process_time()
    town.engine._poll_s = 0.05
    async with runner.working("a test", pause_s=0.1):
        for day in (first + number * DAY for number in range(365)):
            changes = _midnight(day + DAY) - _midnight(day) != DAY
            town.clock.advance(max(_midnight(day) - town.clock.now(), timedelta(0)))
            while town.clock.now() < _midnight(day) + 22 * HOUR:
                if await one.tick():
                    began[day] += 1
                    latest = town.store.runs.recent(limit=2)
                    assert [await _over(town, runner, row) for row in latest] == ["completed", "completed"]
                town.clock.advance(HOUR / 4 if changes else 4 * HOUR)
            early = _used() if day == first + 60 * DAY else early
    lasted_s, cpu_s, late = time.perf_counter() - started_s, time.process_time() - cpu_s, _used()

    runs = town.store.runs.recent(limit=1000)
    grew = _Used(*(after - before for before, after in zip(early, late, strict=True)))
    used = f"{lasted_s:.1f} s, {cpu_s:.1f} s of a core"
    aloud(f"a year of daily loops: {len(runs)} runs in {used}; from day 60 on {grew.mb:+.1f} MB, {grew.threads:+.0f} threads")
    assert Counter((row.loop, row.state) for row in runs) == {("publish_to_learn", "completed"): 365, ("optimization", "completed"): 365}
    assert len({row.id for row in runs}) == 730
    assert (set(began.values()), len(began)) == ({1}, 365)
    assert cpu_s < AT_MOST_S  # other work of the machine stretches the wall's time
    assert grew.mb < 30
    assert grew.threads <= 2
    assert grew.files <= 4
