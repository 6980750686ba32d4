"""Media as a client of the process meets them: the preview in the answer, the files at their URLs."""

from __future__ import annotations

import base64
import io

import httpx2
import pytest
from PIL import Image

PREVIEW_AT_MOST = 200_000


def test_what_was_generated_comes_with_its_picture_and_opens_at_its_url(serve):
    """Issue 3: real media, served by URL; previews come back with the image (under 200 KB)."""
    av = pytest.importorskip("av", reason="the video extra")
    wire = serve()
    project = wire.call("create_project", {"name": "Quinns Coffee Co"})["result"]["project"]["id"]

    made = wire.result("generate_content", {"projectId": project, "hook": "Skip the line.", "waitSeconds": 60})

    container = made["structuredContent"]["result"]["containers"][0]
    words, title, image = made["content"]
    (media,) = container["mediaAssets"]
    small = base64.b64decode(image["data"])
    assert (words["type"], title["type"], image["type"], image["mimeType"]) == ("text", "text", "image", "image/jpeg")
    assert title["text"].startswith(f"preview of {container['id']}: http://127.0.0.1:")
    assert len(small) < PREVIEW_AT_MOST
    assert Image.open(io.BytesIO(small)).format == "JPEG"
    assert httpx2.get(title["text"].rpartition(" ")[2]).content == small
    assert media["url"] in words["text"]
    with av.open(io.BytesIO(httpx2.get(media["url"]).content)) as probed:
        assert sum(1 for _ in probed.decode(video=0)) * 1000 == media["durationMs"] * 24
