"""`layers-mcp worker`, a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

from layers_mcp.store.store import Store
from layers_mcp.store.told import Told

PATIENCE_S = 60


def test_a_worker_takes_the_seat_and_leaves_it_at_once_when_told_to(tmp_path) -> None:
    """Issue 7: `layers-mcp worker` runs the loops and handles stored events; SIGTERM parts cleanly, and stdout is nobody's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    store = Store.open(tmp_path / "layers.db")
    known = {"endpoint_id": "whe_1", "type": "job.completed", "body": '{"id":"evt_1","type":"job.completed","data":{"jobId":"job_1"}}'}
    store.inbox.keep(Told(id="evt_1", received_at=datetime.now(UTC), **known))
    command = [sys.executable, "-m", "layers_mcp", "worker"]
    settings = {**kept, "LAYERS_STATE_DIR": str(tmp_path)}
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until_s = time.monotonic() + PATIENCE_S

    while (not store.workers.all() or store.inbox.overview().waiting) and process.poll() is None and time.monotonic() < until_s:
        time.sleep(0.05)
    seated = [one.place for one in store.workers.all()]
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)

    left, told = store.workers.all(), store.inbox.find("evt_1")
    store.close()
    assert [place.startswith(f"layers-mcp worker (process {process.pid} on ") for place in seated] == [True], err
    assert (process.returncode, out, left) == (0, "", ())
    assert (told.handled_at is not None, told.tries) == (True, 1)
    assert "works the loops off as soon as there is a seat" in err
    assert "Traceback" not in err
