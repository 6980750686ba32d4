"""Many HTTP sessions on one server, over an API that fails one call in five: `python tests/bench/sessions.py --seconds 60`.

Official clients of both eras, some over SSE, read, add and confirm. It prints what they were answered, and the server's memory and open
files meanwhile.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import anyio
import httpx2
from mcp import Client
from mcp.client.sse import sse_client

SESSIONS = 64
TROUBLES: tuple[dict[str, Any], ...] = ({"status": 429}, {"status": 500}, {"status": 503}, {"reset": True}, {"delay_s": 1.0})
EVERY = 23
"""Each of the five troubles comes to every so-manieth request that the ones before it let by: one in five in all."""
FOR_EVER = 1_000_000
PATIENCE_S = 120
LEAST_PAUSE_S, MOST_PAUSE_S = 0.1, 1.5
"""Between two calls of one session."""
RAMP_S = 0.1
"""Between one session's beginning and the next one's."""
SETTLE_S = 8.0
"""After the last session has gone; idle connections to the API are let go by then, at the next call."""
WAYS = ("2026-07-28 over HTTP", "2025-11-25 over HTTP", "2025-11-25 over SSE")
REFUSED = frozenset({"RATE_LIMITED", "UNAVAILABLE", "TIMEOUT"})
"""What is left to say when every retry met trouble. INTERNAL too, where it is the API's own."""


def _journeys() -> Any:
    spec = importlib.util.spec_from_file_location("of_sessions", Path(__file__).parents[1] / "journeys" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Look(NamedTuple):
    """The server process at one moment: seconds since the sessions began, resident megabytes, open files, threads."""

    at_s: float
    megabytes: float
    files: int
    threads: int


@dataclass
class Report:
    """What came of it. `errors`: what no client caused, in words."""

    answers: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    before: Look | None = None
    after: Look | None = None

    def megabytes(self, at_s: float) -> float:
        """Resident memory around one moment, as the mean of the looks within three seconds."""
        near = [look.megabytes for look in self.looks if abs(look.at_s - at_s) <= 3]
        return sum(near) / len(near) if near else 0.0

    def table(self) -> str:
        """All of it, to print."""
        lines = ["  seconds  megabytes  files  threads"]
        lines += [f"  {look.at_s:7.0f}  {look.megabytes:9.1f}  {look.files:5}  {look.threads:7}" for look in self.looks]
        assert self.before is not None
        assert self.after is not None
        lines.append(f"  before: {self.before.files} files, {self.before.threads} threads; after: {self.after.files}, {self.after.threads}")
        lines += [f"  {words}: {number:,}" for words, number in sorted(self.answers.items())]
        lines += [f"  refused after all retries, {code}: {number:,}" for code, number in sorted(self.refusals.items())]
        lines += [f"  ERROR {words}" for words in self.errors[:20]]
        return "\n".join(lines)


def _look(pid: int, began_s: float) -> Look:
    said = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return Look(time.monotonic() - began_s, int(said["VmRSS"].split()[0]) / 1024, files, int(said["Threads"]))


class Session:
    """One client at work until the time is up."""

    def __init__(self, report: Report, number: int, project: str) -> None:
        self._report, self._dice, self._project = report, Random(number), project
        self.number, self.last = number, "nothing"

    async def _call(self, client: Any, tool: str, **given: Any) -> dict[str, Any]:
        self.last = tool
        with anyio.fail_after(PATIENCE_S):
            answer = await client.call_tool(tool, given)
        record = answer.structured_content
        if "error" not in record:
            self._report.answers[f"{tool}: {record['status']}"] += 1
            return record
        code, words = record["error"]["code"], record["error"]["message"]
        if code in REFUSED or (code == "INTERNAL" and "scripted" in words):
            self._report.refusals[code] += 1
        else:
            self._report.errors.append(f"{tool}: {code} {words}")
        return record

    async def _confirm(self, client: Any) -> None:
        """A control flow: the preview, and the yes to it."""
        policy = self._dice.choice(["review_all", "auto_approve"])
        asked = await self._call(client, "update_review_policy", projectId=self._project, policy=policy)
        if "confirmation" in asked:
            handle = asked["confirmation"]["handle"]
            await self._call(client, "update_review_policy", projectId=self._project, policy=policy, confirm=handle)

    async def work(self, client: Any, until_s: float) -> None:
        """Read, add and confirm, in an order of chance."""
        made = 0
        while time.monotonic() < until_s:
            luck = self._dice.random()
            if luck < 0.15:
                made += 1
                await self._call(client, "create_project", name="Many", customerExternalId=f"of {self.number}, {made}")
            elif luck < 0.3:
                await self._confirm(client)
            elif luck < 0.4:
                self.last = "tools/list"
                await client.list_tools()
            else:
                tool = self._dice.choice(["get_project", "list_content", "list_sdk_apps", "list_app_media", "list_keywords"])
                await self._call(client, tool, projectId=self._project)
            await anyio.sleep(self._dice.uniform(LEAST_PAUSE_S, MOST_PAUSE_S))


def _causes(problem: BaseException) -> list[str]:
    """What is at the bottom of it."""
    if isinstance(problem, BaseExceptionGroup):
        return [cause for one in problem.exceptions for cause in _causes(one)]
    return [f"{type(problem).__name__} {problem}".strip()]


async def _session(root: str, work: Session, until_s: float) -> None:
    """One session from its first word to its last; whatever breaks it is an error."""
    way = WAYS[work.number % len(WAYS)]
    target: Any = sse_client(f"{root}/sse", timeout=PATIENCE_S) if way.endswith("SSE") else f"{root}/mcp"
    mode = "2026-07-28" if way.startswith("2026") else "legacy"
    try:
        await anyio.sleep(work.number * RAMP_S)
        with anyio.fail_after(until_s - time.monotonic() + PATIENCE_S):
            async with Client(target, mode=mode) as client:
                await work.work(client, until_s)
    except Exception as problem:  # noqa: BLE001  every session's end is told
        work._report.errors.append(f"{way}, after {work.last}: {', '.join(_causes(problem))}")


async def _watch(report: Report, pid: int, began_s: float, seconds: float) -> None:
    while time.monotonic() - began_s < seconds:
        report.looks.append(_look(pid, began_s))
        await anyio.sleep(2)


async def _all(report: Report, server: Any, *, sessions: int, seconds: float, project: str) -> None:
    began_s = time.monotonic()
    report.before = _look(server.process.pid, began_s)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch, report, server.process.pid, began_s, seconds)
        for number in range(sessions):
            tasks.start_soon(_session, server.root, Session(report, number, project), began_s + seconds)
    await anyio.sleep(SETTLE_S)
    await _project(server.root)
    report.after = _look(server.process.pid, began_s)


@contextmanager
def _running(folder: Path) -> Iterator[tuple[Any, Any]]:
    """A sandbox on a port, and a server over HTTP before it."""
    journeys = _journeys()
    sandbox = journeys.Sandbox(folder / "world")
    made = httpx2.post(f"{sandbox.root}/_sandbox/keys", json={"tier": "internal"}).raise_for_status().json()
    live = {"LAYERS_BASE_URL": sandbox.root, "LAYERS_API_KEY": made["key"], "LAYERS_TOOLS": "all", "LAYERS_LOG_LEVEL": "error"}
    server = journeys.Served(folder / "state", **live)
    try:
        yield sandbox, server
    finally:
        server.close()
        sandbox.close()


async def _project(root: str) -> str:
    async with Client(f"{root}/mcp") as client:
        made = await client.call_tool("create_project", {"name": "Quinns Coffee Co"})
        return made.structured_content["result"]["project"]["id"]


def run(*, sessions: int = SESSIONS, seconds: float = 60.0) -> Report:
    """Let so many sessions work for so long."""
    report = Report()
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder)) as (sandbox, server):
        project = anyio.run(_project, server.root)
        for trouble in TROUBLES:
            asked = {"every": EVERY, "times": FOR_EVER, **trouble}
            httpx2.post(f"{sandbox.root}/_sandbox/faults", json=asked).raise_for_status()

        async def work() -> None:
            await _all(report, server, sessions=sessions, seconds=seconds, project=project)

        anyio.run(work)
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--seconds", type=float, default=60.0)
    print(run(**vars(parser.parse_args())).table())
