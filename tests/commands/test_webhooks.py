"""`layers-mcp webhooks`, as a person types it, with a real server beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from layers_mcp.store.store import Store
from layers_mcp.store.told import Told


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """An empty state folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    return kept | {"LAYERS_STATE_DIR": str(tmp_path / "state")}


@pytest.fixture
def webhooks(environment):
    """The command."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "layers_mcp", "webhooks", *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)

    return run


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def serve(environment):
    """Starts the HTTP server on a port."""
    running: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> None:
        command = [sys.executable, "-m", "layers_mcp", "serve", "--transport", "http", "--port", str(port)]
        running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(300):
            time.sleep(0.1)
            with suppress(httpx2.TransportError):
                httpx2.get(f"http://127.0.0.1:{port}/healthz")
                return

    yield start
    for one in running:
        one.terminate()
        one.wait(timeout=20)


def test_an_endpoint_is_registered_tried_and_rotated_and_no_secret_is_shown(webhooks, serve, environment):
    """Issue 7: register creates the endpoint and stores the secret; rotation accepts both."""
    port = _free_port()
    made, empty = webhooks("register", f"http://localhost:{port}"), webhooks("test", "--wait", "3")
    serve(port)

    ended = [webhooks("test", "--wait", "60"), webhooks("rotate"), webhooks("test", "--wait", "60"), webhooks("list")]

    store = Store.open(Path(environment["LAYERS_STATE_DIR"]) / "layers.db")
    (known,) = store.endpoints.at("http://sandbox.layers")
    store.close()
    said = "".join(one.stdout + one.stderr for one in (made, empty, *ended))
    assert (made.returncode, [one.returncode for one in ended]) == (0, [0, 0, 0, 0]), said
    assert (empty.returncode, "reached nobody there" in empty.stderr) == (1, True), empty.stderr
    assert said.count("It arrived after") == 2
    assert f"secret whsec_…{known.secret.get_secret_value()[-4:]}, last heard" in ended[3].stdout
    assert not any(secret.get_secret_value() in said for secret in (known.secret, known.previous_secret))


def test_an_endpoint_is_removed_after_a_yes_only(webhooks):
    """Issue 7: `webhooks remove`, confirmed; a program is nobody at a terminal."""
    webhooks("register", "http://localhost:9")

    asked, done, none = webhooks("remove"), webhooks("remove", "--yes"), webhooks("list")

    assert (asked.returncode, done.returncode) == (2, 0), asked.stderr + done.stderr
    assert "would be deleted" in asked.stdout
    assert "Removed: " in done.stdout
    assert "Layers tells nobody" in none.stdout


def test_what_can_not_be_meant_is_refused_by_name(webhooks):
    """A command that needs an endpoint says where one comes from."""
    nowhere, none = webhooks("register", "http://growth.example.com"), webhooks("rotate")

    assert (nowhere.returncode, none.returncode) == (2, 2)
    assert "must be https" in nowhere.stderr.replace("\n", " ")
    assert "layers-mcp webhooks" in none.stderr


def test_what_a_killed_server_had_stored_is_handled_by_the_next_one(serve, environment):
    """Issue 7: exactly once after being stored; nobody has to deliver again for it, nor to call a tool."""
    store = Store.open(Path(environment["LAYERS_STATE_DIR"]) / "layers.db")
    known = {"endpoint_id": "whe_1", "type": "job.completed", "body": '{"id":"evt_1","type":"job.completed","data":{"jobId":"job_1"}}'}
    store.inbox.keep(Told(id="evt_1", received_at=datetime.now(UTC), **known))

    serve(_free_port())
    for _ in range(300):
        if store.inbox.overview().waiting == 0:
            break
        time.sleep(0.1)
    handled = store.inbox.find("evt_1")
    store.close()

    assert (handled.handled_at is not None, handled.tries) == (True, 1)
