"""The page where a person says yes, in a real browser and by keyboard: from the agent's preview to the scheduled post."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

PATIENCE_S = 60
MODERN = "2026-07-28"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ATTACK = """<!doctype html><form method="post" action="{url}"><input name="answer" value="yes"><input name="form" value="x"></form>
<script>document.forms[0].submit()</script>"""
LINK = '<!doctype html><title>Chat</title><a href="{url}">The page</a>'
FRAME = '<!doctype html><title>Frame</title><iframe src="{url}"></iframe>'
CONTRAST = """(() => {
  const rgb = words => (words.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = el => { for (; el; el = el.parentElement) { const c = rgb(getComputedStyle(el).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const worst = {ratio: 99, text: ''};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) { const text = walk.currentNode.textContent.trim(); if (!text) continue;
    const el = walk.currentNode.parentElement, a = light(rgb(getComputedStyle(el).color)), b = light(ground(el));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < worst.ratio) { worst.ratio = ratio; worst.text = text; } }
  return worst; })()"""
pytestmark = [
    pytest.mark.long,
    pytest.mark.anyio,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH; a browser comes with the system, pip has none"),
]


class Agent:
    """A client over /mcp that can't ask its person; it keeps no session."""

    def __init__(self, root: str, folder: Path) -> None:
        self.root, self.folder = root, folder

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The record of one call."""
        meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
        params = {"name": tool, "arguments": arguments, "_meta": meta}
        headers = {
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": MODERN,
            "Mcp-Method": "tools/call",
            "Mcp-Name": tool,
        }
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = httpx2.post(f"{self.root}/mcp", json=message, headers=headers, timeout=PATIENCE_S)
        if answer.headers["content-type"].startswith("application/json"):
            return answer.json()["result"]["structuredContent"]
        messages = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]  # a slow answer is a stream
        return next(message for message in messages if message.get("id") == 1)["result"]["structuredContent"]

    def post(self, allow: Any) -> tuple[str, str]:
        """An unapproved post, and the account it is for."""
        project = self.call("create_project", name="Quinns Coffee Co", customerExternalId="c", timezone="America/Los_Angeles")
        project_id = project["result"]["project"]["id"]
        made = self.call("generate_content", projectId=project_id, format="slideshow_remix", hook="Skip the line.", waitSeconds=60)
        asked = self.call("connect_account", projectId=project_id, platform="tiktok", returnUrl="https://localhost/done")
        allow(asked["result"]["authorizeUrl"])
        account = self.call("wait_for_job", state=asked["result"]["state"], projectId=project_id, waitSeconds=60)
        return made["result"]["containerIds"][0], account["result"]["account"]["socialAccountId"]

    def link(self) -> str:
        """What the person is printed at a terminal."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
        command = [sys.executable, "-m", "layers_mcp", "confirm", "link", "--at", self.root]
        ours, theirs = pty.openpty()
        try:
            ended = subprocess.run(
                command,
                env={**kept, "LAYERS_STATE_DIR": str(self.folder)},
                stdin=theirs,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=True,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return ended.stdout.strip()


@pytest.fixture
def agent(serving, tmp_path) -> Iterator[Agent]:
    """An agent at a server where only a person's yes counts."""
    folder = tmp_path / "http"
    served = serving(folder, LAYERS_CONFIRM="human", LAYERS_SANDBOX_SPEED="200", LAYERS_LOG_LEVEL="warning")
    yield Agent(served.root, folder)
    served.close()


def _tab(browser: Any, times: int = 1) -> str:
    """Where the keyboard is after so many steps."""
    for _ in range(times):
        browser.key("Tab", 9)
    return browser.evaluate("document.activeElement.textContent")


def _enter(browser: Any, until: str) -> None:
    browser.key("Enter", 13, "\r")
    browser.until(until)


def _roles(browser: Any) -> list[tuple[str, str]]:
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    return [(node["role"]["value"], node["name"]["value"]) for node in nodes if not node.get("ignored") and "name" in node]


def _said_by_keyboard(browser: Any, heading: str) -> None:
    """Open the newest question, and say yes, with nothing but Tab and Enter."""
    links = browser.evaluate("document.querySelectorAll('ol a').length")
    assert _tab(browser, links).startswith(("Approve", "Publish"))
    _enter(browser, "document.querySelector('form') && document.readyState == 'complete'")
    assert _tab(browser) == "All that waits"
    assert _tab(browser).startswith("Yes, ")
    assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    _enter(browser, f"document.querySelector('h1').textContent == '{heading}'")


def test_a_person_approves_and_schedules_by_keyboard(agent, browser, sandbox_allow):
    """Issue 5: at `human` the agent waits, the person says yes in Chromium, the same call goes through, confirmedBy person."""
    post, account = agent.post(sandbox_allow)
    asked = agent.call("approve_content", containerIds=[post])
    handle = asked["confirmation"]["handle"]
    waits = agent.call("approve_content", containerIds=[post], confirm=handle)

    browser.open(agent.link())
    address = browser.evaluate("location.href")
    _said_by_keyboard(browser, "You said yes")
    approved = agent.call("approve_content", containerIds=[post], confirm=handle)
    at = (datetime.now(UTC) + timedelta(hours=3)).isoformat(timespec="seconds")
    wanted = {"containerId": post, "scheduledFor": at, "targets": [{"socialAccountId": account}]}
    shown = agent.call("schedule_content", **wanted)
    browser.open(f"{agent.root}/confirm")
    _said_by_keyboard(browser, "You said yes")
    done = agent.call("schedule_content", **wanted, confirm=shown["confirmation"]["handle"])

    assert waits["status"] == "needs_action"
    assert f"{agent.root}/confirm/" in waits["summary"]
    assert address == f"{agent.root}/confirm"
    assert (approved["status"], approved["confirmedBy"]) == ("done", "person")
    assert (done["status"], done["confirmedBy"]) == ("done", "person")
    assert done["result"]["schedule"]["scheduledPostIds"]


def test_everybody_can_read_the_page(agent, browser, sandbox_allow):
    """WCAG 2.2: names and landmarks (1.3.1, 2.4.6), contrast of 4.5 in light and dark (1.4.3), no sideways scroll at 320 px (1.4.10)."""
    post, account = agent.post(sandbox_allow)
    agent.call("approve_content", containerIds=[post])
    at = (datetime.now(UTC) + timedelta(hours=3)).isoformat(timespec="seconds")
    agent.call("schedule_content", containerId=post, scheduledFor=at, targets=[{"socialAccountId": account, "captionOverride": "W" * 900}])
    browser.open(agent.link())
    addresses = browser.evaluate("[...document.querySelectorAll('ol a')].map(a => a.href)")

    for address in [f"{agent.root}/confirm", *addresses, f"{agent.root}/confirm/0123456789abcdef"]:
        browser.open(address)
        for scheme in ("light", "dark"):
            browser.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
            worst = browser.evaluate(CONTRAST)
            assert worst["ratio"] >= 4.5, (address, scheme, worst)
            browser.send("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=True)
            assert browser.evaluate("document.documentElement.scrollWidth") <= 320, address
            browser.send("Emulation.clearDeviceMetricsOverride")
        assert browser.evaluate("document.documentElement.lang") == "en"
        assert browser.evaluate("document.querySelectorAll('h1').length + document.querySelectorAll('main').length") == 2

    browser.open(addresses[1])
    roles = _roles(browser)
    assert {("button", "Yes, publish this"), ("button", "No, change nothing"), ("link", "All that waits")} <= set(roles)
    assert {("heading", "When"), ("heading", "What goes out"), ("image", "File 1 of 3")} <= set(roles), roles
    browser.evaluate("for (const one of document.images) one.loading = 'eager'")
    browser.until("[...document.images].every(one => one.complete && one.naturalWidth > 100)")


def test_another_site_can_neither_press_the_button_nor_frame_the_page(agent, browser, elsewhere, sandbox_allow):
    """SameSite, Origin and frame-ancestors in Chromium; a link from a chat asks for one more step, which is ours."""
    post, _ = agent.post(sandbox_allow)
    agent.call("approve_content", containerIds=[post])
    browser.open(agent.link())
    url = browser.evaluate("document.querySelector('ol a').href")

    elsewhere.page = ATTACK.format(url=url)
    browser.open(f"{elsewhere.root}/attack")
    browser.until("document.title.startsWith('This page is for one person')")
    elsewhere.page = FRAME.format(url=url)
    browser.open(f"{elsewhere.root}/frame")
    framed = browser.evaluate("window.frames[0].length >= 0 && document.querySelector('iframe').contentDocument")
    elsewhere.page = LINK.format(url=url)
    browser.open(f"{elsewhere.root}/chat")
    _tab(browser)
    _enter(browser, "document.title.startsWith('This page is for one person')")
    _tab(browser)
    _enter(browser, "!!document.querySelector('button')")

    assert framed is None
    assert browser.evaluate("document.querySelector('button').textContent") == "Yes, approve this"


def test_a_film_plays_on_the_page(agent, browser):
    """Issue 5: the preview's media; Chromium's own player gets the film from this server only, as the policy has it."""
    project = agent.call("create_project", name="Quinns Coffee Co", customerExternalId="c")["result"]["project"]["id"]
    made = agent.call("generate_content", projectId=project, format="video_remix", hook="Skip the line.", waitSeconds=60)
    agent.call("approve_content", containerIds=made["result"]["containerIds"])
    browser.open(agent.link())
    browser.open(browser.evaluate("document.querySelector('ol a').href"))

    browser.evaluate("const film = document.querySelector('video'); film.muted = true; film.play(); 0")
    browser.until("document.querySelector('video').currentTime > 0.2")

    assert browser.evaluate("document.querySelector('video').error") is None
    assert browser.evaluate("document.querySelector('video').videoHeight") >= 640
    assert ("Video", "Film, File 1 of 1") in _roles(browser)
