"""Real files behind what is generated: drawn once, served by URL, gone with the job that is canceled."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from sqlalchemy import func, select

from layers_mcp.sandbox import tables
from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.media import extra
from layers_mcp.sandbox.port import Port
from layers_mcp.sandbox.site import build_site
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio
PREVIEW_AT_MOST = 200_000
NILE = "𓀀𓀁𓀂𓀃"
"""Letters that no installed font has."""

STARTER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
import httpx2
from layers_mcp.clock import HandClock
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World

async def main():
    folder = Path(sys.argv[1])
    world = await World.open(folder, wall=HandClock(datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC)))
    headers = {"Authorization": f"Bearer {world.key}"}
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world)), base_url="http://sandbox", headers=headers)
    project = (await client.post("/v1/projects", json={"name": "Killed"})).json()["id"]
    asked = {"format": "slideshow_remix", "variantCount": 5, "brief": {"hook": "Skip the line."}}
    job = (await client.post(f"/v1/projects/{project}/content", json=asked)).json()["jobId"]
    while not list(folder.glob("media/*/slide-1.jpg")):
        await asyncio.sleep(0.01)
    print(job, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.glob("media/*/*"))}


def _killed_after_its_first_slide(folder: Path) -> str:
    process = subprocess.Popen([sys.executable, "-c", STARTER, str(folder)], stdout=subprocess.PIPE, text=True)
    job_id = process.stdout.readline().strip()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return job_id


@pytest.fixture
async def served(tmp_path, clock, house):
    """A house whose site is on a port of this machine, and a browser."""
    port = Port()
    world = await World.open(tmp_path / "served", wall=clock, site_url=port.url)
    made = type(house)(world, clock)
    async with port.serving(build_site(world)), httpx2.AsyncClient() as made.browser:
        yield made
    await made.client.aclose()
    await world.close()
    port.release()


async def test_every_slide_opens_at_its_url_and_is_what_the_api_says(served):
    """Issue 3: slides 1080x1920, served by URL; layers-api: assets."""
    project = await served.project(brandContext={"appName": "Brew", "tagline": "Brew better.", "appDescription": "Beans by post. No fuss."})
    started = await served.contents(project, variantCount=2)
    job = await served.get(f"/v1/jobs/{started['jobId']}")
    first: list[bytes] = []

    for container in started["containerIds"]:
        media = (await served.get(f"/v1/content/{container}"))["mediaAssets"]
        assert len(media) == 4
        for one in media:
            asset = await served.get(f"/v1/content/{container}/assets/{one['id']}")
            file = await served.browser.get(asset["url"])
            small = await served.browser.get(asset["thumbnailUrl"])
            assert (asset["url"], asset["kind"], asset["mimeType"], asset["durationMs"]) == (one["url"], "image", "image/jpeg", None)
            assert (file.status_code, file.headers["content-type"], len(file.content)) == (200, "image/jpeg", asset["sizeBytes"])
            assert Image.open(io.BytesIO(file.content)).size == (asset["width"], asset["height"]) == (1080, 1920)
            assert Image.open(io.BytesIO(small.content)).format == "JPEG"
            assert len(small.content) < PREVIEW_AT_MOST
        first.append((await served.browser.get(media[0]["url"])).content)

    assert first[0] != first[1]
    assert next(asset["url"] for asset in job["result"]["assets"]).startswith(served.world.ground.site_url)
    assert len(job["result"]["assets"]) == 8


async def test_a_video_opens_at_its_url_and_plays_as_long_as_the_api_says(served):
    """Issue 3: the mp4 plays (probed); `auto` is a video where one can be made."""
    av = pytest.importorskip("av", reason="the video extra")
    project = await served.project()
    started = await served.contents(project, format="auto")
    (media,) = (await served.get(f"/v1/content/{started['containerIds'][0]}"))["mediaAssets"]

    asset = await served.get(f"/v1/content/{started['containerIds'][0]}/assets/{media['id']}")

    film = await served.browser.get(asset["url"])
    assert started["format"] == "video_remix"
    assert (media["kind"], media["durationMs"]) == ("video", asset["durationMs"])
    assert (film.headers["content-type"], asset["mimeType"], len(film.content)) == ("video/mp4", "video/mp4", asset["sizeBytes"])
    with av.open(io.BytesIO(film.content)) as probed:
        assert (probed.streams.video[0].width, probed.streams.video[0].height) == (asset["width"], asset["height"])
        assert abs(probed.duration / 1000 - asset["durationMs"]) < 100
        assert sum(1 for _ in probed.decode(video=0)) == asset["durationMs"] * 24 // 1000
    small = await served.browser.get(asset["thumbnailUrl"])
    assert Image.open(io.BytesIO(small.content)).format == "JPEG"


async def test_urls_follow_the_port(tmp_path, clock, house):
    """A port is another one at every start; what is kept names no address."""
    container = await house.content(await house.project())
    before = (await house.get(f"/v1/content/{container}"))["mediaAssets"]
    await house.world.close()

    world = await World.open(tmp_path / "state", wall=clock, site_url="http://127.0.0.1:4242")
    again = type(house)(world, clock)

    after = (await again.get(f"/v1/content/{container}"))["mediaAssets"]
    assert after[0]["url"].startswith(f"http://127.0.0.1:4242/media/{container}/")
    assert [one["id"] for one in before] == [one["id"] for one in after]
    await again.client.aclose()
    await world.close()


async def test_media_that_are_late_hold_the_job_and_its_credits(house, monkeypatch):
    """Design §8: work that must really be done comes first; layers-api: credits are charged when the job completes."""
    monkeypatch.setattr(house.world._worker, "_claim", lambda: None)
    project = await house.project()
    job = (await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202))["jobId"]
    house.wait(3600)
    held, wallet = await house.get(f"/v1/jobs/{job}"), await house.get("/v1/credits")
    monkeypatch.undo()

    await house.world.work_done()
    opened = await house.get(f"/v1/jobs/{job}")
    house.wait(20)
    done, charged = await house.get(f"/v1/jobs/{job}"), await house.get("/v1/credits")

    assert (held["status"], held["stage"], wallet["reservedCredits"], wallet["usedThisPeriod"]) == ("running", "generating_visuals", 50, 0)
    assert (opened["status"], opened["stage"]) == ("running", "finalizing")
    assert (done["status"], charged["reservedCredits"], charged["usedThisPeriod"]) == ("completed", 0, 50)


async def test_a_kill_in_the_middle_of_the_drawing_leaves_the_same_files_in_the_end(tmp_path, clock, house):
    """Design §8: safe under kill -9; the work is done again, and the same errand gives the same files."""
    folder = tmp_path / "killed"
    job_id = _killed_after_its_first_slide(folder)
    before = _files(folder)

    world = await World.open(folder, wall=clock)
    next_house = type(house)(world, clock)
    await world.work_done()
    next_house.wait(135)
    job = await next_house.get(f"/v1/jobs/{job_id}")

    after = _files(folder)
    whole = {name: content for name, content in before.items() if name.endswith(".jpg")}
    assert job["status"] == "completed"
    assert len(job["result"]["assets"]) == 15
    assert len(after) == 20
    assert whole
    assert whole.items() <= after.items()
    with world.engine.connect() as connection:
        assert connection.execute(select(tables.work.c.claims)).scalar() == 2
    await next_house.client.aclose()
    await world.close()


async def test_a_canceled_generation_leaves_no_files(house):
    """Design §8: a canceled job makes nothing; layers-api: concepts/jobs, cancel."""
    project = await house.project()
    drawn = (await house.post(f"{project}/content", {"format": "slideshow_remix", "variantCount": 2}, status=202))["jobId"]
    await house.world.work_done()
    there = _files(house.world.ground.folder)
    under_way = (await house.post(f"{project}/content", {"format": "slideshow_remix", "variantCount": 5}, status=202))["jobId"]
    await asyncio.sleep(0)

    for job in (drawn, under_way):
        await house.post(f"/v1/jobs/{job}/cancel", status=202)
    await house.world.work_done()
    house.wait(600)

    assert len(there) == 8
    assert _files(house.world.ground.folder) == {}
    assert (await house.get("/v1/credits"))["available"] == 6000
    for job in (drawn, under_way):
        assert (await house.get(f"/v1/jobs/{job}"))["status"] == "canceled"


@pytest.mark.parametrize(
    ("brand", "brief", "path"),
    [
        ({}, {"hook": NILE}, "brief.hook"),
        ({}, {"topic": NILE}, "brief.topic"),
        ({}, {"hook": "Hello.", "cta": NILE}, "brief.cta"),
        ({"tagline": NILE}, {}, "brandContext.tagline"),
        ({"appName": NILE}, {"hook": "Hello.", "cta": "Go."}, "brandContext.appName"),
    ],
)
async def test_words_that_can_not_be_drawn_fail_the_job_by_field_and_cost_nothing(house, brand, brief, path):
    """House-style 25: what happened, with the value's name, then what to do; layers-api: credits."""
    project = await house.project(brandContext=brand)

    started = await house.contents(project, brief=brief)

    job = await house.get(f"/v1/jobs/{started['jobId']}")
    (issue,) = job["error"]["details"]["issues"]
    assert (job["status"], job["stage"], job["error"]["code"], issue["path"]) == ("failed", "generating_visuals", "VALIDATION", path)
    assert job["error"]["message"].startswith(f"{path}: ")
    assert "layers-mcp[cjk]" in job["error"]["message"]
    assert NILE not in job["error"]["message"]
    assert (await house.get(f"/v1/content/{started['containerIds'][0]}"))["lastError"]["code"] == "VALIDATION"
    assert (await house.get("/v1/credits"))["available"] == 6000
    assert _files(house.world.ground.folder) == {}


async def test_scripted_trouble_draws_nothing(house):
    """Design §8: job failed with a given code."""
    project = await house.project()
    house.world.script(Fault(path="/v1/projects/{projectId}/content", job_error="INTERNAL"))

    await house.contents(project)

    with house.world.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.work)).scalar() == 0


async def test_without_the_video_extra_auto_is_a_slideshow_and_a_video_is_refused_by_name(house, monkeypatch):
    """Issue 3: else `auto` resolves to a slideshow; every refusal names the field and the way out."""
    project = await house.project()
    film = await house.content(project, format="video_remix")
    monkeypatch.setattr(extra, "find_spec", lambda _: None)

    refused = [await house.post(f"{project}/content", {"format": wanted}, status=422) for wanted in ("video_remix", "ugc_remix")]
    price = (await house.get("/v1/credits"))["estimatedCreditsPerFormat"]["auto"]
    chosen = await house.post(f"{project}/content", {}, status=202)
    anew = await house.post(f"/v1/content/{film}/reject", {"regenerateBrief": {}})

    for refusal in refused:
        (issue,) = refusal["error"]["details"]["issues"]
        assert issue["path"] == "format"
        assert "layers-mcp[video]" in issue["message"]
    assert (chosen["format"], price) == ("slideshow_remix", 50)
    assert (await house.get(f"/v1/content/{anew['containerIds'][0]}"))["format"] == "slideshow_remix"


async def test_the_logo_that_was_read_opens_at_its_url_and_colours_the_slides(served):
    """Seed 004, step 3: logoUrl; the brand context is the primary input to every generation."""
    project = await served.project()
    await served.installation()
    plain = await served.content(project)
    job = await served.ingest(project)
    url = job["result"]["brandContext"]["logoUrl"]
    logo = await served.browser.get(url)
    coloured = await served.content(project)

    slides = [
        Image.open(io.BytesIO((await served.browser.get((await served.get(f"/v1/content/{one}"))["mediaAssets"][1]["url"])).content))
        for one in (plain, coloured)
    ]

    assert (await served.get(project))["brandContext"]["logoUrl"] == url
    assert url.startswith(f"{served.world.ground.site_url}/brand/logo_")
    assert (logo.status_code, logo.headers["content-type"].partition("/")[0]) == (200, "image")
    assert "sandbox" in logo.headers["content-security-policy"]
    assert slides[0].getpixel((20, 20)) != slides[1].getpixel((20, 20))
    for path in ("/brand/logo_00000000-0000-0000-0000-000000000000", "/brand/nothing", "/brand/..%2Fsandbox.db"):
        assert (await served.browser.get(f"{served.world.ground.site_url}{path}")).status_code == 404


async def test_a_logo_address_that_was_sent_back_follows_the_port_too(tmp_path, clock, house):
    """Seed 004, step 4: a PATCH with what was read is a PATCH of nothing."""
    project = await house.project()
    await house.installation()
    url = (await house.ingest(project))["result"]["brandContext"]["logoUrl"]
    await house.call("PATCH", project, {"brandContext": {"logoUrl": url}}, status=200)
    await house.world.close()
    world = await World.open(tmp_path / "state", wall=clock, site_url="http://127.0.0.1:4242")
    again = type(house)(world, clock)

    moved = (await again.get(project))["brandContext"]["logoUrl"]
    other = await again.call("PATCH", project, {"brandContext": {"logoUrl": "https://example.com/brand/logo.png"}}, status=200)

    assert moved == url.replace("http://sandbox.layers", "http://127.0.0.1:4242")
    assert other["brandContext"]["logoUrl"] == "https://example.com/brand/logo.png"
    await again.client.aclose()
    await world.close()
