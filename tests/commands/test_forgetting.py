"""`layers-mcp forget`, as a person types it."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
import sys
from datetime import timedelta
from functools import partial

import pytest

from layers_mcp.clock import WallClock
from layers_mcp.gate.display import Display
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.gate.verdict import Go, Refused
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.store.store import Store

PATIENCE_S = 60
PROJECT = "prj_00000000-0000-4000-8000-00000000000a"
BOUND = {"arguments": digest({"containerId": "cnt_1"}), "shown": digest({"caption": "Zebrafinch."})}
ITEM = {"id": "cnt_1", "before": "pending", "after": "approved", "facts": {"caption": "Zebrafinch."}}


@pytest.fixture
def store(tmp_path):
    """The store that a server has open all along."""
    one = Store.open(tmp_path / "layers.db")
    yield one
    one.close()


@pytest.fixture
def gate(store):
    """Its gate."""
    return Gate(lambda: store, WallClock(), "key_1")


def forget(folder, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command; with `typed` at a terminal, where somebody types that."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    command = [sys.executable, "-m", "layers_mcp", "forget", *words]
    settings = {**kept, "LAYERS_STATE_DIR": str(folder), "COLUMNS": "200"}
    if typed is None:
        return subprocess.run(
            command, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(command, env=settings, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.write(ours, f"{typed}\n".encode())
        out, err = process.communicate(timeout=PATIENCE_S)
    finally:
        os.close(ours)
        os.close(theirs)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def ask(gate, *projects: str) -> str:
    """A preview with a customer's text; its handle."""
    display = Display(project_id=projects[0], projects=projects, question="Approve Zebrafinch?", items=[ITEM])
    return gate.preview("approve_content", **BOUND, display=display).handle


def left(folder) -> list[str]:
    """The files that hold the customer's word."""
    return [place.name for place in folder.rglob("*") if place.is_file() and b"Zebrafinch" in place.read_bytes()]


def test_who_types_the_projects_id_forgets_it_and_the_trail_says_who(gate, store, tmp_path):
    """Issue 5; also where the project is only the second that a preview touches, and however its id is spelled."""
    handles = [ask(gate, PROJECT), ask(gate, PROJECT.removeprefix("prj_").upper()), ask(gate, "prj_other", PROJECT)]
    before = left(tmp_path)

    said = forget(tmp_path, PROJECT, typed=PROJECT)

    assert said.returncode == 0, said.stderr
    assert (before != [], left(tmp_path)) == (True, [])
    assert "previews and their outcomes: 3" in said.stdout
    assert [gate.judge(one, "approve_content", **BOUND) for one in handles] == [Refused("declined")] * 3
    assert [(one.tool, one.confirmed_by) for one in store.trail.recent()] == [("forget", "person")]
    assert store.trail.flaw() is None


@pytest.mark.parametrize(("typed", "code"), [(None, 2), ("yes", 1), ("", 1), ("prj_other", 1)])
def test_no_program_and_no_slip_of_the_hand_forgets(gate, store, tmp_path, typed, code):
    """What can't be taken back is typed out at a terminal."""
    ask(gate, PROJECT)

    said = forget(tmp_path, PROJECT, typed=typed)

    assert said.returncode == code
    assert len(store.confirmations.waiting(WallClock().now())) == 1
    assert left(tmp_path)


@pytest.mark.anyio
async def test_what_loops_were_given_and_did_goes_with_their_steps_and_none_goes_on(store, tmp_path):
    """Issue 7; design.md §8: `forget` leaves no text of the customer, in whatever file; other projects' runs go on."""

    async def do(run: Run, given: Told) -> Heard:
        await run.about(project_id=given.project)
        said = await run.step("said", partial(_echo, given.word), came=str)
        if given.waits:
            await run.nap("wait", bell="bell")
        return Heard(word=said)

    loop = Loop("toy", Told, Heard, do)
    engine = Engine(tmp_path / "engine.db", poll_s=0.02)
    runner = EngineRunner(store, engine, WallClock(), [loop])
    async with runner.working("a test", pause_s=0.02), asyncio.timeout(PATIENCE_S):
        await runner.start(loop, "over", Told(project=PROJECT, word="Zebrafinch."))
        await runner.start(loop, "lies", Told(project=PROJECT, word="Zebrafinch.", waits=True))
        await runner.start(loop, "other", Told(project="prj_other", word="Sparrow.", waits=True))
        runs, so = ("over", "lies", "other"), ["completed", "waiting", "waiting"]
        while [store.runs.find(one).state for one in runs] != so:  # noqa: ASYNC110  they say so in the store
            await asyncio.sleep(0.02)
    engine.close()
    before = left(tmp_path)

    said = forget(tmp_path, PROJECT, "--yes")

    engine = Engine(tmp_path / "engine.db")
    after = left(tmp_path)
    assert said.returncode == 0, said.stderr
    assert {place.removesuffix("-wal") for place in before} == {"layers.db", "engine.db"}
    assert (after, "runs of loops: 2" in said.stdout) == ([], True)
    assert [store.runs.find(one).state for one in ("over", "lies", "other")] == ["completed", "cancelled", "waiting"]
    assert ([*engine.steps("over")], [one.name for one in engine.steps("other")]) == ([], ["said"])
    assert not store.runs.retry("lies")
    engine.close()


async def _echo(word: str) -> str:
    return word


class Told(Given):
    """A word about a project."""

    project: str
    word: str
    waits: bool = False


class Heard(Came):
    """The same word."""

    word: str


def test_what_acts_meanwhile_ends_without_its_outcome_kept(gate, store, tmp_path):
    """A running server must not bring texts back; the same handle is not replayed, and does nothing twice."""
    handle = ask(gate, PROJECT)
    go = gate.judge(handle, "approve_content", **BOUND)
    assert isinstance(go, Go)

    store.forget(PROJECT, now=WallClock().now())
    gate.finish(go, {"caption": "Zebrafinch."})
    store.scrub()

    assert left(tmp_path) == []
    assert gate.judge(handle, "approve_content", **BOUND) == Refused("used")


def test_what_was_swept_away_long_ago_is_not_left_in_free_pages(gate, store, tmp_path):
    """Deleted rows stay in the file until it is written anew."""
    ask(gate, PROJECT)
    store.confirmations.sweep(WallClock().now() + timedelta(days=1))

    said = forget(tmp_path, PROJECT, "--yes")

    assert (said.returncode, left(tmp_path)) == (0, [])


@pytest.mark.parametrize("slip", [PROJECT[:-1], PROJECT[4:-1], "prj", "prj_", "prj_0", "00000000-0000-4000"])
def test_a_mistyped_id_touches_no_other_customers_previews(gate, store, tmp_path, slip):
    """Issue 5: one customer's texts; an id counts whole or not at all."""
    ask(gate, "prj_other", PROJECT)

    said = forget(tmp_path, slip, "--yes")

    assert (said.returncode, "Removed" in said.stdout) in ((0, False), (2, False))
    assert [one.question for one in store.confirmations.waiting(WallClock().now())] == ["Approve Zebrafinch?"]
    assert store.forget(slip, now=WallClock().now()) == 0
