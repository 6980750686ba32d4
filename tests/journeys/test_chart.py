"""A chart as a real client gets it: an image beside the words, over stdio, from an API that is asked over HTTP."""

from __future__ import annotations

import base64
import io
import os
import sys

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from PIL import Image

pytestmark = pytest.mark.anyio


def _advertised(sandbox) -> str:
    """A project whose ads have run for some days; its id."""
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    made = httpx2.post(f"{sandbox.root}/v1/projects", json={"name": "Acme"}, headers=headers).json()["id"]
    asked = {"platform": "meta_ads", "returnUrl": "https://app.your-partner.com/done"}
    httpx2.post(f"{sandbox.root}/v1/projects/{made}/ads/ad-accounts/oauth-url", json=asked, headers=headers).raise_for_status()
    httpx2.post(f"{sandbox.root}/_sandbox/clock", json={"at": "2026-05-08T12:00:00Z"}).raise_for_status()
    return made


async def test_a_chart_reaches_a_client_as_an_image_after_its_title(sandbox, tmp_path):
    """Issue 4: a chart as an image when asked (`chart: true`); data alone when not."""
    pytest.importorskip("matplotlib", reason="the extra charts")
    project = _advertised(sandbox)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    own = {"LAYERS_API_KEY": sandbox.key, "LAYERS_BASE_URL": f"{sandbox.root}/v1", "LAYERS_STATE_DIR": str(tmp_path / "own")}
    target = StdioServerParameters(command=sys.executable, args=["-m", "layers_mcp"], env={**kept, **own})

    asked = {"projectId": project, "groupBy": "project", "since": "2026-05-01", "until": "2026-05-08"}

    async with Client(target, mode="2026-07-28") as client:
        drawn = await client.call_tool("read_ads_metrics", {**asked, "chart": True})
        plain = await client.call_tool("read_ads_metrics", asked)

    words, title, image = drawn.content
    picture = Image.open(io.BytesIO(base64.b64decode(image.data)))
    assert (words.type, title.type, image.type) == ("text", "text", "image")
    assert title.text.startswith("spend and conversions by day, 2026-05-01T00:00")
    assert (image.mime_type, picture.format) == ("image/png", "PNG")
    assert min(picture.size) > 200
    assert [one.type for one in plain.content] == ["text"]
    assert drawn.structured_content["result"] == plain.structured_content["result"]
