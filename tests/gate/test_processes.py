"""Several processes on one file, and one that is killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from layers_mcp.clock import WallClock
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest, fingerprint
from layers_mcp.gate.verdict import Go, Refused
from layers_mcp.store.store import Store

ARGUMENTS, SHOWN = digest("arguments"), digest("shown")
PROLOGUE = """
import os, signal, sys
from pathlib import Path
from layers_mcp.clock import WallClock
from layers_mcp.gate.gate import Gate
from layers_mcp.store.store import Store
sys.stdin.readline()
store = Store.open(Path(sys.argv[1]))
gate = Gate(lambda: store, WallClock(), "key_1")
judge = lambda: gate.judge(sys.argv[2], "approve_content", arguments=sys.argv[3], shown=sys.argv[4])
"""


def child(story: str, *words: str) -> subprocess.Popen[str]:
    """A process that is ready to tell `story` when it is given a line."""
    return subprocess.Popen([sys.executable, "-c", PROLOGUE + story, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def race(story: str, *words: str) -> list[str]:
    """What four processes print that tell `story` at the same moment."""
    racers = [child(story, *words) for _ in range(4)]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    return [racer.communicate(timeout=60)[0].strip() for racer in racers]


def ask(file: Path) -> str:
    """A handle in the store at `file`."""
    store = Store.open(file)
    handle = Gate(lambda: store, WallClock(), "key_1").preview("approve_content", arguments=ARGUMENTS, shown=SHOWN).handle
    store.close()
    return handle


def test_of_many_processes_with_one_handle_one_acts(file: Path) -> None:
    """Brief of `spend`: two processes racing, exactly one wins."""
    handle = ask(file)

    ends = race("print(type(judge()).__name__)", str(file), handle, ARGUMENTS, SHOWN)

    assert sorted(ends) == ["Go", "Refused", "Refused", "Refused"]


def test_of_many_processes_with_the_same_call_one_runs_under_the_key_of_all(file: Path) -> None:
    """Brief of `claim`; here they race to make the file, too."""
    story = 'c = gate.claim("create_project", arguments=sys.argv[3]); print(c.operation.key, c.state)'

    ends = [line.split() for line in race(story, str(file), "-", ARGUMENTS, SHOWN)]

    assert len({key for key, _ in ends}) == 1
    assert sorted(state for _, state in ends) == ["mine", "running", "running", "running"]


def test_of_many_processes_that_spend_only_those_within_the_budget_do(file: Path) -> None:
    """Issue 5: reserved in one transaction before the request goes out, so that two can't both slip under a limit."""
    story = """
from datetime import UTC, datetime
from layers_mcp.gate.budget import Budget, Price
gate = Gate(lambda: store, WallClock(), "key_1", budget=Budget(call=None, day=250))
prices = {str(os.getpid()): Price("", "prj_1", 120)}
over = gate.purse.reserve(prices, datetime(2026, 4, 18, tzinfo=UTC), confirmed=False)
print("over" if over else "reserved")
"""

    ends = race(story, str(file))

    assert sorted(ends) == ["over", "over", "reserved", "reserved"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_killed_while_acting_leaves_a_handle_that_acts_no_more(file: Path) -> None:
    """design.md §5, 3: the handle is spent in the transaction that writes `acting`, before the request goes out."""
    handle = ask(file)
    killed = child("judge(); os.kill(os.getpid(), signal.SIGKILL)", str(file), handle, ARGUMENTS, SHOWN)

    killed.communicate("go\n", timeout=60)

    store = Store.open(file)
    row = store.confirmations.find(fingerprint(handle) or "")
    verdict = Gate(lambda: store, WallClock(), "key_1").judge(handle, "approve_content", arguments=ARGUMENTS, shown=SHOWN)
    store.close()
    assert killed.returncode == -signal.SIGKILL
    assert row is not None
    assert (row.state, row.finished_at) == ("acting", None)
    assert not isinstance(verdict, Go)
    assert verdict == Refused("acting")
