"""`layers-mcp halt` and `resume`, as a person types them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from layers_mcp.clock import WallClock
from layers_mcp.gate.gate import Gate
from layers_mcp.store.store import Store

PATIENCE_S = 60
PROJECT = "prj_00000000-0000-4000-8000-000000000001"


@pytest.fixture
def gate(tmp_path):
    """The gate of a server that has the state folder open all along."""
    store = Store.open(tmp_path / "layers.db")
    yield Gate(lambda: store, WallClock(), "key_1")
    store.close()


@pytest.fixture
def type_(tmp_path):
    """A command line; with `typed` at a terminal, where somebody types that."""

    def run(*words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        command = [sys.executable, "-m", "layers_mcp", *words]
        settings = {**kept, "LAYERS_STATE_DIR": str(tmp_path), "COLUMNS": "200"}
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

    return run


def test_halting_everything_is_seen_by_a_running_server_at_once_and_needs_no_key(gate, type_):
    """Issue 5: `layers-mcp halt --all` is the person's switch."""
    said = type_("halt", "--all")

    held = gate.held(["prj_whatever"])
    assert (said.returncode, held.by) == (0, "person"), said.stderr
    assert "layers-mcp resume --all" in said.stdout
    assert not gate.lift(None, by="agent")


def test_a_project_is_halted_however_its_id_is_spelled_and_listed(gate, type_):
    """Ids are bare or prefixed, in either case (layers-api)."""
    gate.hold("prj_other")

    type_("halt", PROJECT.removeprefix("prj_").upper())
    listed = type_("halt", "--list").stdout

    assert gate.held([PROJECT]).by == "person"
    assert [line.split("  ")[0] for line in listed.splitlines()] == ["prj_other", PROJECT]
    assert ("by an assistant" in listed, "by a person" in listed) == (True, True)


def test_a_yes_at_a_terminal_resumes_and_the_trail_says_who(gate, type_):
    """Issue 5: resuming takes a yes; who did it, and how, is on record."""
    type_("halt", PROJECT)

    said = type_("resume", PROJECT, typed="yes")

    rows = [(one.tool, one.confirmed_by, one.how, one.project_id) for one in gate._store().trail.recent()]
    assert (said.returncode, gate.held([PROJECT])) == (0, None), said.stderr
    assert rows == [("halt", "person", "command", PROJECT)] * 2
    assert gate._store().trail.flaw() is None


@pytest.mark.parametrize(("typed", "code"), [(None, 2), ("no", 1), ("y", 1), ("", 1)])
def test_no_program_and_no_slip_of_the_hand_resumes(gate, type_, typed, code):
    """A yes is typed at a terminal, whole."""
    type_("halt", PROJECT)

    said = type_("resume", PROJECT, typed=typed)

    assert said.returncode == code
    assert gate.held([PROJECT]) is not None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("halt",), 2),
        (("halt", PROJECT, "--all"), 2),
        (("halt", "a project"), 2),
        (("halt", "00000000-0000-4000-8000"), 2),
        (("halt", "--list", "--all"), 2),
        (("resume", "--all"), 1),
    ],
)
def test_what_is_not_clear_changes_nothing(gate, type_, words, code):
    """Principle: a refusal says what to do."""
    said = type_(*words)

    assert (said.returncode, gate.held([PROJECT])) == (code, None)
    assert said.stderr


def test_loops_alone_are_paused_and_resumed_by_a_person_and_writes_go_on(gate, type_):
    """Issue 7: a pause of loops is a halt with a narrower reach, at the terminal too."""
    said = [type_("halt", "--all", "--loop", "onboarding"), type_("halt", PROJECT, "--loop", "any")]
    listed, runs, health = type_("halt", "--list"), type_("runs"), type_("health")
    writes = gate.held([PROJECT])
    wrong = type_("resume", "--all", "--loop", "optimization", typed="yes")
    done = type_("resume", "--all", "--loop", "any", typed="yes")
    left = gate.holds(PROJECT, what="loops")

    assert [one.returncode for one in said] == [0, 0], said[0].stderr
    assert "layers-mcp resume --all --loop onboarding" in said[0].stdout
    assert [line.split("  ")[0] for line in listed.stdout.splitlines()] == ["all projects", PROJECT]
    assert "onboarding paused since" in listed.stdout
    assert "rests: onboarding of all projects is paused by a person since" in runs.stdout
    assert (health.returncode, health.stdout.count("LOOPS_PAUSED")) == (1, 2)
    assert writes is None
    assert (wrong.returncode, done.returncode) == (1, 0), done.stderr
    assert f"Still: {PROJECT}  loops paused since" in done.stdout
    assert (gate.holds(None, what="onboarding"), left.by) == (None, "person")
