"""Runs each client against a server of its own and prints a line for it; code 1 when one failed. Started by `run`, which set them up.

Arguments: the folder with the node packages, and the venv with the older Python SDK.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx2

HERE = Path(__file__).parent
PATIENCE_S = 120
REVISIONS = ("2025-11-25", "2026-07-28")
SCENARIOS = {
    "2025-11-25": "server-initialize server-session-lifecycle ping tools-list resources-list prompts-list completion-complete "
    "server-sse-multiple-streams dns-rebinding-protection",
    "2026-07-28": "server-stateless tools-list resources-list prompts-list completion-complete server-sse-multiple-streams "
    "dns-rebinding-protection caching http-header-validation sep-2164-resource-not-found input-required-result-unsupported-methods",
}
"""What applies to any server, whatever its tools are called."""
SERVER = [sys.executable, "-m", "layers_mcp"]
SETTINGS = {"LAYERS_TOOLS": "all", "LAYERS_SANDBOX_SPEED": "200", "LAYERS_LOG_LEVEL": "warning"}
_LINE = re.compile(r"^[✓✗] (\S+): (\d+) passed, (\d+) failed", re.MULTILINE)
_ONE = re.compile(r"^Passed: (\d+)/\d+, (\d+) failed", re.MULTILINE)


class Failed(Exception):
    """A client that did not get what was promised, with what it said."""


class Homes(NamedTuple):
    """Where the clients are."""

    node: Path
    python: Path

    def package(self, name: str) -> Path:
        """The folder of a node package."""
        return self.node / "node_modules" / "@modelcontextprotocol" / name


def _settings(folder: Path) -> dict[str, str]:
    return {**SETTINGS, "LAYERS_STATE_DIR": str(folder / "state")}


def _environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    return {**kept, **_settings(folder), **more}


def _ran(command: list[str], folder: Path, **more: str) -> str:
    """What a client prints on stdout; `more`: of its environment."""
    try:
        done = subprocess.run(
            command, env=_environment(folder, **more), capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=folder
        )
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{' '.join(command)}\ntook over {PATIENCE_S} s\n{late.stdout or ''}") from None
    if done.returncode:
        raise Failed(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}")
    return done.stdout


@contextmanager
def _served(folder: Path, command: list[str]) -> Iterator[str]:
    """Meanwhile a server over HTTP at the URL given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root, log = f"http://127.0.0.1:{port}", folder / "server.log"
    with log.open("w") as said:
        server = subprocess.Popen([*command, str(port)], env=_environment(folder, LAYERS_HTTP_RATE="6000"), stdout=said, stderr=said)
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and server.poll() is None:
            try:
                httpx2.get(f"{root}/healthz").raise_for_status()
            except httpx2.ConnectError:
                time.sleep(0.05)  # a process of its own: there is nothing else to wait on
            else:
                break
        else:
            raise Failed(f"the server did not come up\n{log.read_text()}")
        yield root
    finally:
        server.terminate()
        server.wait(timeout=PATIENCE_S)


def _conformance(homes: Homes, root: str, folder: Path, *words: str) -> str:
    program = ["node", str(homes.package("conformance") / "dist" / "index.js"), "server", "--url", f"{root}/mcp"]
    try:
        return _ran([*program, *words], folder)
    except Failed:  # it waits half a second for some answers, which a busy machine may miss, once
        return _ran([*program, *words], folder)


def _fixture(homes: Homes, folder: Path) -> str:
    """What each revision requires, and beyond it what the suite does not score, on a server by our factory that has its names."""
    counts: list[str] = []
    with _served(folder, [sys.executable, str(HERE / "fixture.py")]) as root:
        for revision in REVISIONS:
            said = _conformance(homes, root, folder, "--requirements", revision)
            lines = _LINE.findall(said)
            passed, failed = (sum(int(line[column]) for line in lines) for column in (1, 2))
            if failed or not passed:
                raise Failed(f"requirements {revision}: {passed} passed, {failed} failed\n{said[-8000:]}")
            counts.append(f"{revision} {passed} passed, 0 failed")
    return "; ".join(counts)


def _real(homes: Homes, folder: Path) -> str:
    """What applies to any server, on the real one."""
    wanted = [(revision, scenario) for revision, named in SCENARIOS.items() for scenario in named.split()]

    def one(revision: str, scenario: str) -> int:
        words = ["--scenario", scenario, "--spec-version", revision, "--expected-failures", str(HERE / "baseline.yml")]
        said = _conformance(homes, root, folder, *words)
        count = _ONE.search(said)
        if count is None:
            raise Failed(f"{scenario} of {revision}\n{said[-4000:]}")
        return int(count[1])

    with _served(folder, [*SERVER, "serve", "--transport", "http", "--port"]) as root, ThreadPoolExecutor(2) as pool:
        passed = sum(pool.map(lambda two: one(*two), wanted))
    return f"{len(wanted)} scenarios, {passed} passed"


def _inspector(homes: Homes, folder: Path) -> str:
    """The Inspector's command line over stdio: all tools, their schemas without a portability problem, and a call in either era."""
    given = [word for name, value in _settings(folder).items() for word in ("-e", f"{name}={value}")]
    patience = ["--connect-timeout", str(PATIENCE_S * 1000)]  # of its own it gives a server 15 s, which two busy cores may not do
    program = ["mcp-inspector", "--cli", "-q", "--format", "json", *patience, *SERVER, *given]
    home = str(folder)  # it keeps a catalog there
    listed = json.loads(_ran([*program, "--method", "tools/list", "--strict"], folder, HOME=home))
    made = ["--method", "tools/call", "--tool-name", "create_project", "--tool-arg", "name=Quinns", "customerExternalId=one"]
    for era in ("legacy", "modern"):
        called = json.loads(_ran([*program, "--protocol-era", era, *made], folder, HOME=home))
        if called["result"]["structuredContent"]["status"] != "done":
            raise Failed(json.dumps(called))
    return f"{len(listed['result']['tools'])} tools, --strict is clean; a call in each era"


def _each_way(command: list[str], folder: Path) -> str:
    """A client's story over each transport."""
    with _served(folder, [*SERVER, "serve", "--transport", "http", "--port"]) as root:
        targets = {"stdio": SERVER, "http": [f"{root}/mcp"], "sse": [f"{root}/sse"]}
        seen = {way: json.loads(_ran([*command, way, *target], folder)) for way, target in targets.items()}
    return "; ".join(f"{way} " + ", ".join(f"{count} {what}" for what, count in one.items()) for way, one in seen.items())


def _typescript(homes: Homes, folder: Path) -> str:
    return _each_way(["node", str(HERE / "typescript.mjs"), str(homes.node)], folder)


def _older(homes: Homes, folder: Path) -> str:
    return _each_way([str(homes.python / "bin" / "python"), str(HERE / "older.py")], folder)


LEGS: dict[str, Callable[[Homes, Path], str]] = {
    "conformance on the fixture": _fixture,
    "conformance on the real server": _real,
    "Inspector": _inspector,
    "TypeScript SDK v1": _typescript,
    "Python SDK 1.30": _older,
}


def main(homes: Homes) -> int:
    """Run them all, also when one failed."""
    bad = 0
    for name, leg in LEGS.items():
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="layers-clients-") as folder:
            try:
                sign, said = "ok  ", leg(homes, Path(folder))
            except Exception as problem:  # noqa: BLE001  what any client does wrong is its line; the others still run
                sign, said, bad = "bad ", f"{type(problem).__name__}: {problem}", bad + 1
        print(f"{sign} {name}: {said} ({time.monotonic() - began:.0f} s)", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Homes(*map(Path, sys.argv[1:]))))
