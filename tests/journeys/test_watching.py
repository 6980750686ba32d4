"""Watching over a server that runs: its measures, and its spans at a collector, on real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = pytest.mark.anyio
TOKEN = "a-token-of-an-operator-and-its-client"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A collector of OpenTelemetry on the loopback: where it is, and what it was sent."""
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", got
    server.shutdown()
    server.server_close()


async def test_calls_are_measured_and_their_spans_reach_the_collector_before_the_process_ends(serving, tmp_path, collector):
    """Issue 7, Health: /metrics for Prometheus and spans across tool call and API request, no content in them."""
    where, got = collector
    settings = {"LAYERS_HTTP_TOKEN": TOKEN, "OTEL_EXPORTER_OTLP_ENDPOINT": where, "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    served = serving(tmp_path / "state", **settings)
    async with httpx2.AsyncClient(headers=BEARER, timeout=60) as http:
        async with Client(streamable_http_client(f"{served.root}/mcp", http_client=http)) as client:
            await client.call_tool("create_project", {"name": "Nobody may read this name", "timezone": "UTC"})
        measures = (await http.get(f"{served.root}/metrics")).text
    served.close()

    assert "layers_mcp_tool_duration_seconds_count{" in measures
    assert 'route="POST /v1/projects"' in measures
    resources = [each for sent in got for each in ExportTraceServiceRequest.FromString(sent).resource_spans]
    named = {span.name: span for each in resources for scope in each.scope_spans for span in scope.spans}
    assert named["POST /v1/projects"].parent_span_id == named["tool create_project"].span_id
    for secret in (b"Nobody may read", TOKEN.encode(), b"lp_test_"):
        assert secret not in b"".join(got) + measures.encode()
