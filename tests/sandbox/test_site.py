"""What a browser opens, over a real port."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from layers_mcp.sandbox.port import Port
from layers_mcp.sandbox.site import build_site

pytestmark = pytest.mark.anyio


async def test_a_world_inside_another_program_serves_its_files_on_a_port_of_this_machine(house):
    """Issue 3: media served by URL; nothing beside them is."""
    media = house.world.ground.folder / "media"
    media.mkdir()
    (media / "one.jpg").write_bytes(b"picture")
    port = Port()

    async with port.serving(build_site(house.world)), httpx2.AsyncClient(base_url=port.url) as browser:
        found = await browser.get("/media/one.jpg")
        refused = [
            (await browser.get(path)).status_code for path in ("/media/../sandbox.db", "/media/%2e%2e/sandbox.db", "/media/", "/v1/whoami")
        ]

    assert port.url.startswith("http://127.0.0.1:")
    assert (found.content, found.headers["content-type"]) == (b"picture", "image/jpeg")
    assert refused == [404, 404, 404, 404]
    port.release()


async def test_a_folder_keeps_its_port_and_two_processes_at_once_have_one_each(tmp_path):
    """Seed 004, step 8: a consent URL is good for half an hour, also when the process that handed it out was started anew."""
    first = Port.of(tmp_path)
    first.keep(tmp_path)
    beside = Port.of(tmp_path)
    beside.keep(tmp_path)
    first.release()
    again = Port.of(tmp_path)

    assert again.number == first.number != beside.number
    again.release()
    beside.release()
    for wrong in ("", "x", "-1", "70000"):
        (tmp_path / "site.port").write_text(wrong)
        Port.of(tmp_path).release()


async def test_a_form_that_never_comes_whole_does_not_hold_up_the_end(house, caplog):
    """House-style 25: no stack for what is no mistake of ours."""
    caplog.set_level("WARNING")
    port = Port()
    half = b"POST /oauth/tiktok/authorize?state=st_1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 14\r\n\r\ndecis"

    async with port.serving(build_site(house.world)):
        _, writer = await asyncio.open_connection("127.0.0.1", port.number)
        writer.write(half)
        await writer.drain()
        async with httpx2.AsyncClient(base_url=port.url) as browser:
            await browser.get("/media/")  # answered after the half form was read
    writer.close()

    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    port.release()


async def test_only_a_video_keeps_its_origin_and_no_path_is_redirected(house):
    """Chromium plays a video from its own origin only; app media of strangers, such as an SVG, keep none (CSP 3, `sandbox`)."""
    media = house.world.ground.folder / "media"
    media.mkdir()
    for name in ("one.mp4", "one.svg", "one.jpg"):
        (media / name).write_bytes(b"file")
    transport = httpx2.ASGITransport(app=build_site(house.world))

    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        policies = {
            name: (await browser.get(f"/media/{name}")).headers["content-security-policy"] for name in ("one.mp4", "one.svg", "one.jpg")
        }
        slashed = await browser.get("/oauth/tiktok/authorize/")

    assert policies["one.mp4"].endswith("; sandbox allow-same-origin")
    assert policies["one.svg"] == policies["one.jpg"]
    assert policies["one.svg"].endswith("; sandbox")
    assert slashed.status_code == 404
