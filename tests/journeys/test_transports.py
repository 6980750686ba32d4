"""The same onboarding over every transport, in both eras, by the official client and by raw JSON-RPC: all agree."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

from layers_mcp.commands.browser import walk

pytestmark = pytest.mark.anyio
PATIENCE_S = 60
MODERN, OLDER = "2026-07-28", "2025-11-25"
SPEED = {"LAYERS_SANDBOX_SPEED": "100", "LAYERS_LOG_LEVEL": "warning"}
Call = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


@pytest.fixture(scope="module")
def served(serving, tmp_path_factory) -> Iterator[Any]:
    """One server for every leg over HTTP."""
    made = serving(tmp_path_factory.mktemp("http"), **SPEED)
    yield made
    made.close()


def _events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Server-sent events: their name and their data."""
    name, data = "message", []
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].strip())
        elif not line and data:
            yield name, "\n".join(data)
            name, data = "message", []


class RawHttp:
    """Streamable HTTP in plain JSON: a POST a request, the answer as JSON or as events."""

    def __init__(self, root: str, era: str) -> None:
        self._http = httpx2.Client(base_url=root, timeout=PATIENCE_S)
        self._era = era
        self._session: dict[str, str] = {}
        self._next = 0
        if era != MODERN:
            hello = {"protocolVersion": era, "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}}
            self.request("initialize", hello)
            self._post({"method": "notifications/initialized"})

    def _post(self, message: dict[str, Any], **headers: str) -> httpx2.Response:
        standing = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": self._era, **self._session}
        answer = self._http.post("/mcp", json={"jsonrpc": "2.0", **message}, headers={**standing, **headers})
        if "mcp-session-id" in answer.headers:
            self._session = {"Mcp-Session-Id": answer.headers["mcp-session-id"]}
        return answer

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        self._next += 1
        headers: dict[str, str] = {}
        if self._era == MODERN:
            meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
            params = {**params, "_meta": meta}
            headers = {"Mcp-Method": method, **({"Mcp-Name": params["name"]} if "name" in params else {})}
        answer = self._post({"id": self._next, "method": method, "params": params}, **headers)
        if answer.headers["content-type"].startswith("application/json"):
            return answer.json()
        messages = [json.loads(data) for _, data in _events(iter([*answer.text.splitlines(), ""]))]
        return next(message for message in messages if message.get("id") == self._next)

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


class RawSse:
    """The older SSE transport in plain JSON: one stream of events, messages posted beside it."""

    def __init__(self, root: str, era: str) -> None:
        self._root, self._era = root, era
        self._http = httpx2.Client(timeout=httpx2.Timeout(PATIENCE_S, read=None))
        self._stream = self._http.send(self._http.build_request("GET", f"{root}/sse"), stream=True)
        self._events: Queue[tuple[str, str]] = Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        _, self._messages = self._events.get(timeout=PATIENCE_S)
        self._next = 0
        if era != MODERN:
            hello = {"protocolVersion": era, "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}}
            self.request("initialize", hello)
            self._post({"method": "notifications/initialized"})

    def _read(self) -> None:
        try:
            for event in _events(self._stream.iter_lines()):
                self._events.put(event)
        except (httpx2.StreamError, httpx2.TransportError):
            pass  # closed from our side

    def _post(self, message: dict[str, Any]) -> None:
        httpx2.post(self._root + self._messages, json={"jsonrpc": "2.0", **message}).raise_for_status()

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The answer to one request."""
        self._next += 1
        if self._era == MODERN:
            meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
            params = {**params, "_meta": meta}
        self._post({"id": self._next, "method": method, "params": params})
        while True:
            message = json.loads(self._events.get(timeout=PATIENCE_S)[1])
            if message.get("id") == self._next:
                return message

    def close(self) -> None:
        """End the stream."""
        self._stream.close()
        self._http.close()
        self._thread.join(timeout=PATIENCE_S)


def _called(raw: Any) -> Call:
    async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = await anyio.to_thread.run_sync(lambda: raw.request("tools/call", {"name": tool, "arguments": arguments}))
        return answer["result"]["structuredContent"]

    return call


@asynccontextmanager
async def official(target: Any, era: str) -> AsyncIterator[Call]:
    """The SDK's own client."""
    async with Client(target, mode="legacy" if era != MODERN else MODERN) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            return (await client.call_tool(tool, arguments)).structured_content

        yield call


@asynccontextmanager
async def leg(way: tuple[str, str, str], *, served: Any, serve: Any, folder: Path) -> AsyncIterator[Call]:
    """One way to the server: transport, era, client."""
    transport, era, client = way
    if client == "raw":
        made = serve(era, **SPEED) if transport == "stdio" else {"http": RawHttp, "sse": RawSse}[transport](served.root, era)
        yield _called(made)
        if transport != "stdio":
            made.close()
        return
    target = {
        "stdio": StdioServerParameters(
            command=sys.executable, args=["-m", "layers_mcp"], env={**SPEED, "LAYERS_STATE_DIR": str(folder / "official")}
        ),
        "http": f"{served.root}/mcp",
        "sse": sse_client(f"{served.root}/sse"),
    }[transport]
    async with official(target, era) as call:
        yield call


def _alike(value: Any) -> Any:
    """A record without what differs between two customers: ids, handles, times, requests."""
    words = json.dumps(value, sort_keys=True)
    words = re.sub(r"\b(prj|org|inf|cnt|pl|sa|sp|key|app)_[0-9a-f-]{8,}", "<id>", words)
    words = re.sub(r"\b(job|req|st|gh_state|asset)_[0-9A-Z]{26}|\bcf_[a-z2-7]+", "<id>", words)
    words = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", words)
    words = re.sub(r"/video/\d+|(?<=externalId\": \")\d+", "<number>", words)
    words = re.sub(r"http://127\.0\.0\.1:\d+/brand/logo_[0-9a-f-]+", "<logo>", words)
    words = re.sub(r"http://127\.0\.0\.1:\d+/", "<site>/", words)
    words = re.sub(r"\w{3} \d\d \w{3} \d{4} \d\d:\d\d|in \d+ s", "<now>", words)
    words = re.sub(r"(?<=\"available\": )\d+|(?<=\"validForSeconds\": )\d+|(?<=\"leftInAll\": )\d+", "0", words)
    return json.loads(re.sub(r"customer-\w+", "<customer>", words))


async def onboard(call: Call, customer: str) -> list[Any]:
    """The ten steps; what was answered, comparable between legs."""
    seen: list[Any] = []

    async def do(tool: str, **arguments: Any) -> dict[str, Any]:
        record = await call(tool, arguments)
        seen.append((tool, _alike(record)))
        return record

    project = (await do("create_project", name="Quinns Coffee Co", customerExternalId=customer))["result"]["project"]["id"]
    url = await do("ingest_repo", projectId=project, repoFullName="quinns-coffee/quinns-app")
    seen.pop()  # a later leg on the same server finds the installation registered
    if url["status"] == "needs_action":
        await do("ingest_repo", **url["next"][0]["arguments"], waitSeconds=60)
        seen.pop()
    await do("get_project", projectId=project)
    made = await do("generate_content", projectId=project, hook="Skip the line.", waitSeconds=60)
    post = made["result"]["containerIds"][0]
    asked = await do("approve_content", containerIds=[post])
    await do("approve_content", containerIds=[post], confirm=asked["confirmation"]["handle"])
    consent = await do("connect_account", projectId=project, platform="tiktok", returnUrl="https://localhost/done")
    async with httpx2.AsyncClient(timeout=PATIENCE_S) as browser:
        await walk(browser, consent["result"]["authorizeUrl"], "Allow")
    account = await do("wait_for_job", state=consent["result"]["state"], projectId=project, waitSeconds=60)
    at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    wanted = {"containerId": post, "scheduledFor": at, "targets": [{"socialAccountId": account["result"]["account"]["socialAccountId"]}]}
    asked = await do("schedule_content", **wanted)
    queued = await do("schedule_content", **wanted, confirm=asked["confirmation"]["handle"])
    await do("wait_for_job", scheduledPostId=queued["result"]["schedule"]["scheduledPostIds"][0], waitSeconds=60)
    return seen


@pytest.mark.long
@pytest.mark.timeout(400)  # twelve onboardings, one after another
async def test_all_ways_to_the_server_agree(served, serve, tmp_path):
    """Issue 3, done when: stdio, HTTP and SSE, both eras, the official client and raw JSON-RPC, one onboarding each."""
    stories: dict[str, list[Any]] = {}
    for transport in ("stdio", "http", "sse"):
        for era in (MODERN, OLDER):
            for client in ("raw", "official"):
                async with leg((transport, era, client), served=served, serve=serve, folder=tmp_path) as call:
                    stories[f"{transport} {era} {client}"] = await onboard(call, f"customer-{len(stories)}")

    first = stories["stdio 2026-07-28 raw"]
    assert len(stories) == 12
    assert [tool for tool, _ in first][-1] == "wait_for_job"
    assert first[-1][1]["result"]["post"]["status"] == "published"
    for name, story in stories.items():
        assert story == first, name


@pytest.mark.parametrize("transport", ["http", "sse"])
@pytest.mark.parametrize("era", [MODERN, OLDER])
async def test_progress_rises_and_a_cancelled_call_ends_only_the_wait(served, transport, era):
    """Issue 3: progress and cancellation on each transport; the job goes on."""
    target = f"{served.root}/mcp" if transport == "http" else sse_client(f"{served.root}/sse")
    shares: list[float] = []
    started = anyio.Event()

    async def told(progress: float, total: float | None, message: str | None) -> None:
        shares.append(progress)
        started.set()

    async with Client(target, mode="legacy" if era != MODERN else MODERN) as client:
        made = await client.call_tool("create_project", {"name": "Q", "customerExternalId": f"cancel-{transport}-{era}"})
        project = made.structured_content["result"]["project"]["id"]
        consent = await client.call_tool(
            "connect_account", {"projectId": project, "platform": "tiktok", "returnUrl": "https://localhost/x"}
        )
        state = consent.structured_content["result"]["state"]
        wanted = {"projectId": project, "format": "slideshow_remix", "hook": "Hi.", "waitSeconds": 60}
        done = await client.call_tool("generate_content", wanted, progress_callback=told)
        post = done.structured_content["result"]["containerIds"][0]
        assert shares == sorted(set(shares))
        assert len(shares) >= 2
        await client.call_tool("wait_for_job", {"state": state, "waitSeconds": 1})
        with anyio.move_on_after(0.01):
            await client.call_tool("generate_content", {**wanted, "hook": "Bye."})
        listed = await client.call_tool("wait_for_job", {"containerId": post, "waitSeconds": 1})

    assert listed.structured_content["status"] == "done"


async def test_a_foreign_host_or_origin_is_refused(served):
    """Mcp-notes §7: DNS rebinding; the server listens to this machine only."""
    mcp = httpx2.post(f"{served.root}/mcp", json={}, headers={"Host": "evil.example"})
    sse = httpx2.get(f"{served.root}/sse", headers={"Host": "evil.example"})
    origin = httpx2.get(f"{served.root}/sse", headers={"Origin": "http://evil.example"})

    assert (mcp.status_code, sse.status_code, origin.status_code) == (421, 421, 403)


def test_a_host_beyond_this_machine_is_refused_at_the_start(tmp_path):
    """Issue 3: loopback by default; design §9: beyond it not without token and allowed hosts, which do not exist yet."""
    command = [sys.executable, "-m", "layers_mcp", "serve", "--transport", "http", "--host", "0.0.0.0"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    assert ended.returncode == 2
    assert "127.0.0.1" in ended.stderr


def test_a_signal_ends_the_http_server_also_with_an_open_stream(serving, tmp_path):
    """Mcp-notes §2: the SDK's own runner never exits on SIGTERM while a stream is open; nothing stands on stdout."""
    made = serving(tmp_path)
    stream = RawSse(made.root, OLDER)
    began = time.monotonic()

    code, out = made.close()

    stream.close()
    assert code in (0, -signal.SIGTERM)
    assert time.monotonic() - began < 20
    assert out == ""
