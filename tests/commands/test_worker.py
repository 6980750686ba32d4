"""`layers-mcp worker`, a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.commands import onboarding, webhooks
from layers_mcp.commands.worker import worker
from layers_mcp.contract.signing import SIGNATURE, signature
from layers_mcp.loops.customer import Onboard
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.store import Store
from layers_mcp.store.told import Known, Told

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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_worker_with_a_port_takes_signed_events_and_nothing_else_and_shows_measures(tmp_path) -> None:
    """Issue 7: `POST /webhooks/layers` in the worker, by the rules of the HTTP server; `/metrics`, `/healthz`; a taken port is refused."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    settings, port = {**kept, "LAYERS_STATE_DIR": str(tmp_path)}, _free_port()
    store, now = Store.open(tmp_path / "layers.db"), datetime.now(UTC)
    secret = SecretStr("whsec_0123456789abcdef")
    store.endpoints.keep(Known(id="whe_1", place="http://sandbox.layers", url="http://localhost", made_at=now, secret=secret))
    body = b'{"id":"evt_2","type":"job.completed","createdAt":"2026-04-18T17:22:14Z","data":{"jobId":"job_1"}}'
    command = [sys.executable, "-m", "layers_mcp", "worker", "--port", str(port)]
    process = subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s and process.poll() is None:
            with suppress(httpx2.TransportError):
                healthy = client.get("/healthz")
                break
            time.sleep(0.1)
        good = signature([secret.get_secret_value()], body, int(time.time()))
        taken = client.post("/webhooks/layers", content=body, headers={SIGNATURE: good})
        forged = client.post("/webhooks/layers", content=body, headers={SIGNATURE: good.replace("v1=", "v1=0")[:-1]})
        strange = client.post("/webhooks/layers", content=body, headers={SIGNATURE: good, "Host": "evil.example"})
        measures, mcp = client.get("/metrics"), client.post("/mcp", json={})
    second = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    far = subprocess.run([*command, "--host", "0.0.0.0"], env=settings, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    while store.inbox.overview().waiting and time.monotonic() < until_s:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE_S)

    told, left = store.inbox.find("evt_2"), store.workers.all()
    store.close()
    assert [one.status_code for one in (healthy, taken, forged, strange, mcp)] == [200, 200, 401, 421, 404]
    assert measures.status_code in (200, 501)
    assert (told.handled_at is not None, told.tries) == (True, 1), err
    assert (process.returncode, out, left) == (0, "", ()), err
    assert (second.returncode, f"port {port} of 127.0.0.1 can't be had" in second.stderr) == (1, True), second.stderr
    assert (far.returncode, "--host 0.0.0.0 needs a token" in far.stderr) == (2, True), far.stderr
    assert "Traceback" not in err + second.stderr + far.stderr


@pytest.fixture
def at_work(tmp_path, monkeypatch):
    """A worker that starts while a command is open, in a state folder of their own; its word for itself once it sits."""
    for name in [name for name in os.environ if name.startswith("LAYERS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAYERS_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("LAYERS_TOOLS", "loops")

    async def work(*runs: str) -> list[str]:
        worker, store = App(settings_or_exit(), WallClock()), Store.open(tmp_path / "layers.db")
        try:
            await worker.work("a worker")
            async with asyncio.timeout(PATIENCE_S):
                while not store.workers.all() or any(store.runs.find(one).state != "completed" for one in runs):  # noqa: ASYNC110  it sits on a task of its own
                    await asyncio.sleep(0.05)
            return [one.place for one in store.workers.all()]
        finally:
            await worker.close()
            store.close()

    return work


@pytest.mark.anyio
async def test_what_is_queued_is_worked_off_by_a_worker_and_not_by_the_command_that_queued_it(at_work) -> None:
    """Issue 8: a command that only plans and puts runs in the queue takes no seat, however long it stays open."""
    async with onboarding._opened() as (_, office):
        await office.onboard(Onboard(customer_external_id="cust_1", name="A", posts=0))

        seated = await at_work(office.run_of("cust_1"))

    assert seated == ["a worker"]


def test_a_command_about_webhooks_takes_no_seat_where_loops_are_shown(at_work) -> None:
    """It may wait a minute for a delivery, and a worker works the loops off meanwhile."""
    assert webhooks._run(lambda _: at_work()) == ["a worker"]


PINNED = "prj_00000000-0000-4000-8000-000000000001"


@pytest.mark.anyio
async def test_a_server_for_some_projects_leaves_the_runs_of_all_to_a_worker(at_work, monkeypatch) -> None:
    """Setting LAYERS_PROJECTS: it would fail them as OUTSIDE_PROJECTS, for good."""
    with monkeypatch.context() as pinned:
        pinned.setenv("LAYERS_PROJECTS", PINNED)
        server = App(settings_or_exit(), WallClock())
    try:
        office = (await server.house()).office
        assert office is not None
        await office.onboard(Onboard(customer_external_id="cust_1", name="A", posts=0))

        seated = await at_work(office.run_of("cust_1"))
    finally:
        await server.close()

    assert seated == ["a worker"]


@pytest.mark.parametrize(("name", "value"), [("LAYERS_PROJECTS", PINNED), ("LAYERS_READ_ONLY", "true")])
def test_a_worker_for_some_projects_only_or_that_may_only_read_does_not_start(monkeypatch, capsys, name, value) -> None:
    """It would let everybody else's runs lie, or write where nothing may, and look as if it did what is asked of it."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit):
        worker()

    assert f"without {name}" in capsys.readouterr().err
