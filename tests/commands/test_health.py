"""`layers-mcp health`, as a person or a probe types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime

from pydantic import SecretStr

from layers_mcp.gate.handle import principal_of
from layers_mcp.store.pulses import Alert, Pulse
from layers_mcp.store.rows import RunRow
from layers_mcp.store.store import Store

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALERT = Alert(code="NO_POSTS", words="Nothing was published in 14 days.", project_id="prj_1", customer="quinn-1")


def health(folder, *words: str) -> subprocess.CompletedProcess[str]:
    """The command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    command = [sys.executable, "-m", "layers_mcp", "health", *words]
    return subprocess.run(command, env=kept | {"LAYERS_STATE_DIR": str(folder)}, capture_output=True, text=True, timeout=60, check=False)


def test_the_exit_code_says_whether_anything_is_wrong(tmp_path) -> None:
    """Issue 7: `layers-mcp health`."""
    well = health(tmp_path)
    store = Store.open(tmp_path / "layers.db")
    store.runs.add(RunRow(id="onboard:1", loop="onboarding", given="{}", state="failed", began_at=AT, ended_at=AT, code="CONFLICT"))
    failed = health(tmp_path)
    store.runs.forget(["onboard:1"])
    store.pulses.keep(Pulse(principal=principal_of(SecretStr("sandbox")), project_id="prj_1", at=AT, alerts=(ALERT,)))
    store.close()

    ill, told = health(tmp_path), health(tmp_path, "--json", "--project", "prj_1")

    assert (well.returncode, well.stdout) == (0, "Nothing is wrong that is known.\n")
    assert (failed.returncode, failed.stdout.partition(":")[0]) == (
        1,
        "RUNS_FAILED  1 runs of onboarding failed with CONFLICT, like onboard",
    )
    assert (ill.returncode, ill.stdout) == (1, "NO_POSTS  quinn-1 prj_1  Nothing was published in 14 days.\n")
    assert told.returncode == 1
    assert Alert.model_validate(json.loads(told.stdout)) == ALERT
