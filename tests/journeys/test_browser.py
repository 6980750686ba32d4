"""The consent page in a real browser, by keyboard: what the specifications promise is what Chromium does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

PATIENCE_S = 60
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ATTACK = """<!doctype html><form method="post" action="{url}"><input name="decision" value="allow"></form>
<script>document.forms[0].submit()</script>"""
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH; a browser comes with the system, pip has none"),
]


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
def consent(sandbox: Any, elsewhere: Elsewhere) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
    """A consent that was asked for, whose owner goes back elsewhere; and how it stands."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return httpx2.post(f"{sandbox.root}{path}", json=body, headers={"Authorization": f"Bearer {sandbox.key}"}).raise_for_status().json()

    project = post("/v1/projects", {"name": "Quinns Coffee Co"})["id"]
    url = post(f"/v1/projects/{project}/social/oauth-url", {"platform": "tiktok", "returnUrl": f"{elsewhere.root}/done?a=1#top"})
    return url, lambda: sandbox.get(f"/v1/social/oauth-status/{url['state']}")


@pytest.mark.parametrize(("tabs", "status"), [(1, "completed"), (2, "failed")])
def test_an_owner_decides_by_keyboard_and_comes_back(browser, elsewhere, consent, tabs, status):
    """Seed 004, step 8, in Chromium: its own form counts, and the policy lets the redirect through; no Referer carries the state."""
    url, stands = consent
    browser.open(url["authorizeUrl"])
    named = browser.send("Accessibility.getFullAXTree")["nodes"]

    for _ in range(tabs):
        browser.key("Tab", 9)
    browser.key("Enter", 13, "\r")
    browser.until("document.title == 'Back'")

    outcome = "status=success" if tabs == 1 else "status=error&layers_oauth_error=access_denied"
    path, headers = next((path, headers) for path, headers in elsewhere.asked if path.startswith("/done"))
    assert path == f"/done?a=1&layers_state={url['state']}&{outcome}"
    assert browser.evaluate("location.hash") == "#top"
    assert "Referer" not in headers
    assert stands()["status"] == status
    roles = [(node["role"]["value"], node["name"]["value"]) for node in named if not node.get("ignored") and "name" in node]
    assert ("heading", "Allow Quinns Coffee Co to use this TikTok account?") in roles
    assert ("button", "Allow") in roles
    assert ("button", "Decline") in roles
    assert ("list", "It will be able to") in roles


def test_a_page_elsewhere_can_not_press_allow(browser, elsewhere, consent):
    """A foreign page that sends the form by script, with the right URL, connects nothing."""
    url, stands = consent
    elsewhere.page = ATTACK.format(url=url["authorizeUrl"].replace("&", "&amp;"))

    browser.open(f"{elsewhere.root}/attack")
    browser.until("document.title == 'Nothing was decided'")

    assert stands()["status"] == "pending"


def test_the_page_follows_the_readers_colours_and_fits_a_small_screen(browser, consent):
    """Dark and light, and no sideways scrolling at 320 pixels (WCAG 2.2: 1.4.10)."""
    url, _ = consent
    browser.open(url["authorizeUrl"])
    browser.send("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)

    grounds = []
    for scheme in ("light", "dark"):
        browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        grounds.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert grounds == ["rgb(244, 245, 247)", "rgb(13, 17, 23)"]
    assert browser.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_generated_video_plays(browser, sandbox):
    """Issue 3: media served by URL: Chromium's own player learns how long the video is, and draws it."""

    def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return httpx2.post(f"{sandbox.root}{path}", json=body, headers={"Authorization": f"Bearer {sandbox.key}"}).raise_for_status().json()

    project = post("/v1/projects", {"name": "Quinns Coffee Co"})["id"]
    asked = {"format": "video_remix", "brief": {"hook": "Skip the line."}}
    started = post(f"/v1/projects/{project}/content", asked)
    end = time.monotonic() + 2 * PATIENCE_S
    while (made := sandbox.get(f"/v1/content/{started['containerIds'][0]}"))["status"] not in ("completed", "failed"):
        assert time.monotonic() < end
        post("/_sandbox/advance", {"seconds": 30})
        time.sleep(0.2)  # a process of its own draws it
    (url,) = [asset["url"] for asset in made["mediaAssets"] if asset["url"].endswith(".mp4")]

    browser.open(url)
    seconds = browser.until("document.querySelector('video').duration")
    broken = browser.evaluate("document.querySelector('video').error && document.querySelector('video').error.message")

    assert seconds > 1
    assert broken is None
    assert browser.until("document.querySelector('video').videoHeight") >= 640
