"""Raw JSON-RPC to a server, so that what is measured is the server and not a client's SDK; servers and an API beside it, as processes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

HERE = Path(__file__).parent
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_ERA = "2025-11-25"
_HELLO = {"protocolVersion": _ERA, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
Tell = Callable[[dict[str, Any]], None]


def environment(**more: str) -> dict[str, str]:
    """A user's: none of this machine's switches for Python, some of which keep no byte code."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | more


def cpu_s(pid: int) -> float:
    """Seconds of the processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """What a process holds of memory."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios of what was measured side by side: a machine that slows down slows both."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


class Link(ABC):
    """Requests by id, progress by token."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tells: dict[int, Tell] = {}

    @abstractmethod
    async def send(self, message: dict[str, Any]) -> None:
        """One message to the server."""

    def take(self, message: dict[str, Any]) -> None:
        """One message of the server."""
        if message.get("method") == "notifications/progress":
            tell = self._tells.get(message["params"]["progressToken"])
            if tell is not None:
                tell(message["params"])
        elif message.get("id") in self._waiting:
            self._waiting.pop(message["id"]).set_result(message)

    async def request(self, method: str, params: dict[str, Any] | None = None, tell: Tell | None = None) -> Any:
        """The result of one request."""
        self._last += 1
        number, asked = self._last, dict(params or {})
        if tell is not None:
            self._tells[number] = tell
            asked["_meta"] = {"progressToken": number}
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": asked})
        message = await answer
        self._tells.pop(number, None)
        return message["result"]

    async def call(self, name: str, arguments: dict[str, Any], tell: Tell | None = None) -> Any:
        """One call of a tool, which must not fail."""
        result = await self.request("tools/call", {"name": name, "arguments": arguments}, tell)
        assert not result.get("isError"), result
        return result

    async def greet(self) -> None:
        """The handshake."""
        await self.request("initialize", _HELLO)
        await self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})


class _Stdio(Link):
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__(process.pid)
        assert process.stdin is not None, "it was asked for"
        self._in = process.stdin

    async def send(self, message: dict[str, Any]) -> None:
        self._in.write(json.dumps(message, separators=(",", ":")).encode() + b"\n")

    async def read(self, lines: asyncio.StreamReader) -> None:
        """Take in what the server says, until it ends."""
        while line := await lines.readline():
            self.take(json.loads(line))


class _Http(Link):
    def __init__(self, pid: int, client: httpx2.AsyncClient, url: str) -> None:
        super().__init__(pid)
        self._client, self._url = client, url
        self._headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": _ERA}

    async def send(self, message: dict[str, Any]) -> None:
        async with self._client.stream("POST", self._url, json=message, headers=self._headers) as answer:
            self._headers |= {"Mcp-Session-Id": answer.headers["mcp-session-id"]} if "mcp-session-id" in answer.headers else {}
            async for line in answer.aiter_lines():
                if line.startswith("data:") and line[5:].strip():
                    self.take(json.loads(line[5:]))
                elif line.startswith("{"):
                    self.take(json.loads(line))


@asynccontextmanager
async def stdio(command: list[str], env: Mapping[str, str]) -> Any:
    """A server of its own, spoken to over stdio; it ends with its input."""
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=null, env=dict(env), limit=1 << 26)
    assert process.stdin is not None, "as above"
    assert process.stdout is not None, "as above"
    link = _Stdio(process)
    reading = asyncio.create_task(link.read(process.stdout))
    try:
        yield link
    finally:
        process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 10)
        if process.returncode is None:
            process.kill()
            await process.wait()
        reading.cancel()


@asynccontextmanager
async def http(command: list[str], env: Mapping[str, str]) -> Any:
    """A server of its own, spoken to over Streamable HTTP; `{port}` in the command is where it listens."""
    port, null = str(free_port()), asyncio.subprocess.DEVNULL
    words = [word.replace("{port}", port) for word in command]
    process = await asyncio.create_subprocess_exec(*words, stdout=null, stderr=null, env=dict(env))
    try:
        for _ in range(600):
            with suppress(OSError):
                (await asyncio.open_connection("127.0.0.1", int(port)))[1].close()
                break
            await asyncio.sleep(0.05)
        limits = httpx2.Limits(max_connections=2000, max_keepalive_connections=2000)
        async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
            yield _Http(process.pid, client, f"http://127.0.0.1:{port}/mcp")
    finally:
        process.terminate()
        await process.wait()


def link_to(transport: str, command: list[str], env: Mapping[str, str]) -> AbstractAsyncContextManager[Link]:
    """A link over `stdio` or `http`."""
    return (stdio if transport == "stdio" else http)(command, env)


_KEYWORDS = b'{"projectId":"prj_2481fa5c-a404-44ed-a561-565392499abc","hashtags":[],"refreshedAt":"2026-04-18T17:22:14.312Z"}'
_JOB = b'{"jobId":"%s","kind":"content_generate","status":"running","stage":"rendering","progress":%.3f,"startedAt":"%s"}'
_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-RateLimit-Limit: 6000000\r\nX-RateLimit-Remaining: 5999999\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
REPLY = _REPLY % (len(_KEYWORDS), _KEYWORDS)
_LASTS_S = 1200.0


class _Api(asyncio.Protocol):
    """Answers after a millisecond: a job that goes on for long, and for all else the same keywords from bytes that are ready."""

    began = time.time()
    at = datetime.now(UTC).isoformat().encode()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        for head in data.split(b"\r\n\r\n")[:-1]:
            _, _, job = head.split(b" ", 2)[1].partition(b"/jobs/")
            body = _JOB % (job, min((time.time() - self.began) / _LASTS_S, 0.99), self.at)
            asyncio.get_running_loop().call_later(0.001, self._transport.write, _REPLY % (len(body), body) if job else REPLY)


async def _serve_api(port: int) -> None:
    await (await asyncio.get_running_loop().create_server(_Api, "127.0.0.1", port, backlog=1024)).serve_forever()


@contextmanager
def api() -> Iterator[str]:
    """An API as a process, with a budget that nobody uses up; where it is."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, str(port)], env=environment())
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_api(int(sys.argv[1])))
