"""A day of a fleet, started by two dispatchers at once, as `tests/bench/dispatching.py` measures it for a large one."""

from __future__ import annotations

import importlib.util
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from layers_mcp.store.store import Store

pytestmark = [pytest.mark.anyio, pytest.mark.long]
BENCH = Path(__file__).parents[2] / "bench" / "dispatching.py"
CUSTOMERS = 1000


@pytest.fixture(scope="module")
def bench():
    """The bench as a module."""
    spec = importlib.util.spec_from_file_location("bench_dispatching", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


async def test_on_postgres_each_customers_day_is_started_exactly_once_for_both_loops(bench, on_postgres, aloud) -> None:
    """Issue 7: the dispatcher enqueues each customer's day exactly once, whoever of several takes a minute on."""
    store = Store.open(on_postgres)
    try:
        figures = await bench.day_of(store, CUSTOMERS, step=timedelta(minutes=5))
    finally:
        store.close()

    aloud(f"a day of {CUSTOMERS} customers: {figures.started} started, {figures.twice} asked for twice, in {figures.day_s:.1f} s")
    assert (figures.started, figures.distinct, figures.twice) == (2 * CUSTOMERS, 2 * CUSTOMERS, 0)
