"""Measures over HTTP: for who may come in, in Prometheus' format, or with how to get them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.exporting import wants_spans
from layers_mcp.server.access import Access
from layers_mcp.server.bind import bind
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.http import Door, build
from layers_mcp.server.names import Names

pytestmark = pytest.mark.anyio
TOKEN = "a-token-that-nobody-guesses"
AUTH = {"Authorization": f"Bearer {TOKEN}"}


async def _never(*_args, **_kwargs):
    raise AssertionError("no tool is called here")


@asynccontextmanager
async def _served(metrics):
    access = Access(SecretStr(TOKEN), None, shown=["halt"])
    edge = build(
        bind(read_catalog(), _never, _never), Door(names=Names(), access=access, requests_per_minute=100, sessions=1, metrics=metrics)
    )
    async with (
        edge.app.router.lifespan_context(edge.app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=edge), base_url="http://127.0.0.1:8000") as client,
    ):
        yield client


async def test_measures_need_the_token_that_everything_needs():
    """Issue 7: /metrics for Prometheus; the server's own rules hold for it."""
    async with _served(lambda: b"layers_mcp_up 1\n") as client:
        refused = await client.get("/metrics")
        told = await client.get("/metrics", headers=AUTH)
        strange = await client.get("/metrics", headers={**AUTH, "Host": "evil.example"})

    assert (refused.status_code, strange.status_code) == (401, 421)
    assert (told.status_code, told.text) == (200, "layers_mcp_up 1\n")
    assert told.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_without_the_extra_it_says_how_to_get_it():
    """Issue 7: a refusal that names the extra."""
    async with _served(None) as client:
        refused = await client.get("/metrics", headers=AUTH)

    assert refused.status_code == 501
    assert "pip install 'layers-mcp[prometheus]'" in refused.json()["error"]["message"]


def test_what_was_measured_is_told_in_prometheus_format():
    """Counts and seconds of calls and requests, by names of ours; a process of its own, as its measures are for good."""
    program = """
from layers_mcp import telemetry
from layers_mcp.exporting import metrics_reader
read = metrics_reader()
with telemetry.measured(telemetry.TOOL, tool="get_project", outcome="canceled") as labels:
    labels["outcome"] = "done"
print(read().decode())
"""

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    counted = next(line for line in told.splitlines() if line.startswith("layers_mcp_tool_duration_seconds_count"))
    assert 'tool="get_project"' in counted
    assert 'outcome="done"' in counted
    assert counted.endswith(" 1.0")


@pytest.mark.parametrize(
    ("hidden", "call", "says"),
    [("opentelemetry.sdk", "export_spans()", "layers-mcp[otel]"), ("prometheus_client", "metrics_reader()", "None")],
)
def test_without_its_extra_nothing_is_exported_and_nothing_breaks(hidden, call, says):
    """The SDK is an extra; a module that is None in sys.modules can't be imported."""
    program = f"import sys; sys.modules[{hidden!r}] = None; from layers_mcp import exporting; print(exporting.{call})"

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout

    assert says in told


def test_spans_go_to_the_collector_that_opentelemetrys_own_names_name():
    """The SDK's variables, not more of ours; OTEL_SDK_DISABLED keeps it shut."""
    assert wants_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"})
    assert not wants_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "TRUE"})
    assert not wants_spans({"OTEL_EXPORTER_OTLP_ENDPOINT": " "})
