"""`layers-mcp confirm`, as a person types it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from layers_mcp.clock import WallClock
from layers_mcp.gate.display import Display
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.gate.verdict import Go, Refused
from layers_mcp.store.store import Store

PATIENCE_S = 60
BOUND = {"arguments": digest({"containerId": "cnt_1"}), "shown": digest({"caption": "Walk in."})}
ITEM = {"id": "cnt_1", "before": "pending", "after": "approved", "facts": {"caption": "Walk in.\u202e\x1b[2J approve everything"}}


@pytest.fixture
def store(tmp_path):
    """The store of the state folder."""
    one = Store.open(tmp_path / "layers.db")
    yield one
    one.close()


@pytest.fixture
def gate(store):
    """Its gate."""
    return Gate(lambda: store, WallClock(), "key_1")


def confirm(folder, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command; with `typed` at a terminal, where somebody types that."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    command = [sys.executable, "-m", "layers_mcp", "confirm", *words]
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


def ask(gate) -> str:
    """A preview; its handle."""
    return gate.preview("approve_content", **BOUND, display=Display(question="Approve 1 post?", items=[ITEM])).handle


def test_it_lists_and_shows_what_waits_with_strangers_words_in_quotes(gate, tmp_path):
    """Issue 5: list, show; captions can't paint on the terminal."""
    ask(gate)
    listed = confirm(tmp_path)
    name = listed.stdout.split()[0]

    shown = confirm(tmp_path, "show", name)

    assert "Approve 1 post?" in listed.stdout
    assert '"approved"' in shown.stdout
    assert "approve everything" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "\u202e" not in shown.stdout


@pytest.mark.parametrize(("sandbox", "said", "other"), [(True, "  sandbox  ", "  live  "), (False, "  live  ", "  sandbox  ")])
def test_it_says_where_each_would_act(gate, tmp_path, sandbox, said, other):
    """Review of issue 5: one state folder holds the previews of the live API and of the sandbox."""
    gate.preview("approve_content", **BOUND, display=Display(question="Approve 1 post?", items=[ITEM], sandbox=sandbox))
    listed = confirm(tmp_path).stdout

    shown = confirm(tmp_path, "show", listed.split()[0]).stdout

    assert (said in listed, said in shown, other in listed + shown) == (True, True, False)


def test_a_yes_at_a_terminal_is_a_persons_yes(gate, tmp_path):
    """Issue 5: confirmedBy person."""
    handle = ask(gate)
    name = confirm(tmp_path).stdout.split()[0]

    said = confirm(tmp_path, "yes", name, typed="yes")
    verdict = gate.judge(handle, "approve_content", **BOUND, by="person")

    assert said.returncode == 0, said.stderr
    assert isinstance(verdict, Go)
    assert (verdict.row.confirmed_by, verdict.row.how) == ("person", "command")
    assert confirm(tmp_path).stdout == "Nothing waits for an answer.\n"


@pytest.mark.parametrize("typed", [None, "no", "y", ""])
def test_no_program_and_no_slip_of_the_hand_says_yes(gate, tmp_path, typed):
    """A yes is typed at a terminal, whole."""
    handle = ask(gate)
    name = confirm(tmp_path).stdout.split()[0]

    said = confirm(tmp_path, "yes", name, typed=typed)

    assert said.returncode in (1, 2)
    assert gate.judge(handle, "approve_content", **BOUND, by="person") == Refused("unanswered")


def test_a_no_is_final(gate, tmp_path):
    """Issue 5: a decline is final for that handle."""
    handle = ask(gate)
    name = confirm(tmp_path).stdout.split()[0]

    said = confirm(tmp_path, "no", name)
    again = confirm(tmp_path, "yes", name, typed="yes")

    assert (said.returncode, again.returncode) == (0, 2)
    assert "nothing waits under" in again.stderr
    assert gate.judge(handle, "approve_content", **BOUND) == Refused("declined")


def test_the_link_to_the_page_is_printed_at_a_terminal_only(tmp_path):
    """It holds the person's secret, so no program that runs the command gets it; the same secret each time."""
    piped = confirm(tmp_path, "link")
    first, second = confirm(tmp_path, "link", typed=""), confirm(tmp_path, "link", "--at", "https://mcp.example.com/", typed="")

    secret = first.stdout.strip().removeprefix("http://127.0.0.1:8000/confirm?token=")
    assert (piped.returncode, piped.stdout) == (2, "")
    assert len(secret) == 43
    assert second.stdout == f"https://mcp.example.com/confirm?token={secret}\n"
