"""The consent page in a real browser, by keyboard: what the specifications promise is what Chromium does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
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


@pytest.fixture
def consent(sandbox: Any, elsewhere: Any) -> tuple[dict[str, Any], Callable[[], dict[str, Any]]]:
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
