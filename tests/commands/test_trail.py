"""`layers-mcp trail`, as a person types it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from layers_mcp.store.rows import Entry
from layers_mcp.store.store import Store

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALL = {"at": AT, "principal": "key_1", "tool": "approve_content", "effect": "speaks", "arguments": "a" * 64, "shown": "b" * 64}


def trail(folder, *words: str) -> subprocess.CompletedProcess[str]:
    """The command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    command = [sys.executable, "-m", "layers_mcp", "trail", *words]
    return subprocess.run(command, env=kept | {"LAYERS_STATE_DIR": str(folder)}, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path):
    """A state folder in which something was done."""
    store = Store.open(tmp_path / "layers.db")
    store.trail.add(Entry(**CALL, outcome="confirmation_required", project_id="prj_1"))
    store.trail.add(Entry(**CALL, outcome="done", project_id="prj_1", confirmed_by="person", how="command", request_id="req_1"))
    store.close()
    return tmp_path


def test_it_says_who_did_what_and_who_said_yes(folder):
    """Issue 5: one row a call: tool, who said yes and how, outcome, request id."""
    shown = trail(folder)
    told = [json.loads(line) for line in trail(folder, "--json", "--limit", "1").stdout.splitlines()]

    assert shown.stdout.splitlines()[0] == "2026-11-22T12:00:00Z  approve_content  done  yes by person (command)  prj_1  req_1"
    assert len(shown.stdout.splitlines()) == 2
    assert told == [
        Entry(**CALL, outcome="done", project_id="prj_1", confirmed_by="person", how="command", request_id="req_1").model_dump(
            mode="json", exclude_none=True
        )
    ]


@pytest.mark.parametrize("given", ["prj_AbC", "prj_abc", "AbC", "ABC"])
def test_a_project_is_found_however_it_is_spelt(tmp_path, given):
    """The tools write a project as the API spells it, `halt` and `forget` as all spellings of it."""
    store = Store.open(tmp_path / "layers.db")
    for number, project in enumerate(["prj_AbC", "prj_abc", "prj_abcd", None]):
        store.trail.add(Entry(**CALL, outcome="done", project_id=project, request_id=f"req_{number}"))
    store.close()

    found = [json.loads(line)["request_id"] for line in trail(tmp_path, "--json", "--project", given).stdout.splitlines()]

    assert found == ["req_1", "req_0"]


def test_it_verifies_and_a_changed_row_is_exit_code_1(folder):
    """Issue 5: shows and verifies it."""
    whole = trail(folder, "--verify")
    with sqlite3.connect(folder / "layers.db") as other:
        other.execute("UPDATE trail SET confirmed_by = 'agent' WHERE number = 2")

    broken = trail(folder, "--verify")

    assert (whole.returncode, whole.stdout[:38]) == (0, "2 entries, as they were written; the l")
    assert (broken.returncode, broken.stderr) == (1, "layers-mcp: entry 2 is not what was written\n")
