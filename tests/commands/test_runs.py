"""`layers-mcp runs`, as a person types it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from layers_mcp.clock import WallClock
from layers_mcp.commands.cli import app
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

PROJECT = "prj_00000000-0000-4000-8000-000000000001"


async def _fail(run: Run, _given: Given) -> Came:
    await run.about(project_id=PROJECT, customer="acme")

    async def first() -> str:
        return "kept\x1b[2J"

    await run.step("first", first, came=str)
    await run.nap("wait", bell="project:prj_1", until=datetime.now(UTC) + timedelta(days=9))
    return Came()


TOY = Loop("toy", Given, Came, _fail)


async def _until_it_waits(runner: EngineRunner) -> None:
    await runner.start(TOY, "toy:1", Given())
    async with asyncio.timeout(20), runner.working("a test"):
        while (await runner.look("toy:1")).row.state != "waiting":  # noqa: ASYNC110  another thread gets it there
            await asyncio.sleep(0.05)


@pytest.fixture
def type_(tmp_path, monkeypatch):
    """The command line, in this process."""
    monkeypatch.setenv("LAYERS_STATE_DIR", str(tmp_path))
    return lambda *words: CliRunner().invoke(app(["runs"]), words)


def test_a_stuck_run_is_found_looked_at_stopped_and_let_go_on(tmp_path, type_) -> None:
    """Issue 7: a run's history "in `layers-mcp runs`", and what to do when a run is stuck."""
    store, engine = Store.open(tmp_path / "layers.db"), Engine(tmp_path / "engine.db", poll_s=0.02)
    asyncio.run(_until_it_waits(EngineRunner(store, engine, WallClock(), [TOY])))
    engine.close()

    listed = type_("runs", "--project", PROJECT, "--state", "waiting")
    shown = type_("runs", "show", "toy:1")
    cancelled, twice = type_("runs", "cancel", "toy:1"), type_("runs", "cancel", "toy:1")
    stopped = type_("runs", "show", "toy:1")
    retried = type_("runs", "retry", "toy:1")
    nobody = type_("runs", "retry", "toy:2")
    row = json.loads(type_("runs", "--json").stdout)

    found = store.runs.find("toy:1")
    store.close()
    assert "toy:1  toy  waiting until" in listed.stdout, listed.stderr
    assert "or for project:prj_1 at wait  acme  prj_" in listed.stdout
    assert "No worker is there: start layers-mcp worker" in listed.stdout
    assert '"kept\\u001b[2J"' in shown.stdout, "what was read is shown without what a terminal obeys"
    assert "\x1b" not in shown.stdout
    assert "Cost: no requests; 0 credits; waited " in shown.stdout
    assert (cancelled.exit_code, twice.exit_code, retried.exit_code, nobody.exit_code) == (0, 1, 0, 1)
    assert "is cancelled, so nothing was changed" in twice.stderr
    assert "layers-mcp runs retry toy:1" in stopped.stdout
    assert "there is no run toy:2" in nobody.stderr
    assert (found.state, found.woken, row["state"]) == ("sleeping", "retry", "sleeping")


def test_listing_says_who_works_and_what_failed_needs_no_engine(tmp_path, type_) -> None:
    """A look at the list takes no half second, and shows no customer's given words."""
    store = Store.open(tmp_path / "layers.db")
    now = datetime.now(UTC)
    store.runs.add(RunRow(id="toy:1", loop="toy", given='{"name": "Acme"}', state="failed", began_at=now, code="CODE_CHANGED"))
    store.workers.sit("host-1-x", "layers-mcp worker (process 1)", now=now)
    store.close()

    said = type_("runs")

    assert "toy:1  toy  failed (CODE_CHANGED)" in said.stdout
    assert "worker: layers-mcp worker (process 1), since" in said.stdout
    assert "Acme" not in type_("runs", "--json").stdout
    assert not (tmp_path / "engine.db").exists()
