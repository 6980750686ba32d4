"""Clones with real media, many at once or called off, and conversions that an app of one's own making reports."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest
from sqlalchemy import update

from layers_mcp.database import writing
from layers_mcp.sandbox import tables

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
DAY_S = 86_400
MOST = 10
APP = {"name": "Acme web", "platform": "web", "webDomain": "acme.com"}


async def _out(house) -> tuple[str, str, str]:
    """A project with one post that is out; the project's path, its container and the post."""
    project = await house.project()
    await house.call("PATCH", f"{project}/content-review-policy", {"policy": "auto_approve"}, status=200)
    account = await house.account(project)
    container = await house.content(project, format="slideshow_remix", brief={"hook": "Skip the line."})
    target = {"targets": [{"socialAccountId": account}]}
    post = (await house.post(f"/v1/content/{container}/publish", target))["scheduledPostIds"][0]
    house.wait(DAY_S)
    return project, container, post


async def _cloned(house, project: str, post: str, variations: int) -> dict:
    asked = {"projectId": project.rpartition("/")[2], "sourcePlatformPostId": post, "mode": "fork", "variations": variations}
    return await house.post(f"/v1/content/{uuid.uuid4()}/clone-from-post", asked, status=202)


def _drawn(folder: Path) -> dict[str, list[str]]:
    """The files of each container."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("media/*/*")):
        found.setdefault(path.parent.name, []).append(path.name)
    return found


async def test_ten_clones_of_one_call_all_get_media_of_their_own(house):
    """layers-api: clone-from-post, variations 1 to 10; issue 3: media are real files."""
    project, container, post = await _out(house)

    started = await _cloned(house, project, post, MOST)
    await house.world.work_done()
    house.wait(900)
    job = await house.get(f"/v1/jobs/{started['jobId']}")
    made = [await house.get(f"/v1/content/{one}") for one in job["containerIds"]]
    files = [media["url"] for one in made for media in one["mediaAssets"]]

    assert (job["status"], len(set(job["containerIds"]))) == ("completed", MOST)
    assert {one["clonedFrom"] for one in made} == {container}
    assert all(one["mediaAssets"] for one in made)
    assert len(set(files)) == len(files)
    assert set(_drawn(house.world.ground.folder)) == {container, *job["containerIds"]}


async def test_a_canceled_clone_leaves_no_files_and_costs_nothing(house):
    """layers-api: concepts/jobs, cancel; design §8: a canceled job makes nothing, whether it was drawn yet or not."""
    project, container, post = await _out(house)
    credit = (await house.get("/v1/credits"))["available"]
    drawn = (await _cloned(house, project, post, 3))["jobId"]
    await house.world.work_done()
    there = _drawn(house.world.ground.folder)
    under_way = (await _cloned(house, project, post, 3))["jobId"]
    await asyncio.sleep(0)

    for job in (drawn, under_way):
        await house.post(f"/v1/jobs/{job}/cancel", status=202)
    await house.world.work_done()
    house.wait(900)

    assert len(there) == 4
    assert list(_drawn(house.world.ground.folder)) == [container]
    assert (await house.get("/v1/credits"))["available"] == credit
    assert {(await house.get(f"/v1/jobs/{job}"))["status"] for job in (drawn, under_way)} == {"canceled"}


async def test_an_app_made_directly_reports_conversions_from_then_on(house):
    """Seed 000, loop 2: conversions once the SDK reports them; layers-api: POST sdk-apps makes an app without an ingest."""
    project, container, _ = await _out(house)
    with writing(house.world.engine) as connection:
        connection.execute(update(tables.containers).where(tables.containers.c.id == container).values(quality=3.0))
    before = await house.get(f"{project}/top-performers?metric=conversions")
    await house.post(f"{project}/sdk-apps", APP, status=201)
    account = (await house.get(f"{project}/social-accounts"))["items"][0]["socialAccountId"]
    for _ in range(6):
        target = {"targets": [{"socialAccountId": account}]}
        await house.post(f"/v1/content/{container}/publish", target)
        house.wait(DAY_S)
    house.wait(7 * DAY_S)

    after = await house.get(f"{project}/top-performers?metric=conversions")
    (row,) = (await house.get(f"{project}/top-performers?metric=engagement_rate"))["items"]

    assert before["items"] == []
    assert [one["sourceId"] for one in after["items"]] == [container]
    assert after["items"][0]["metricValue"] == after["items"][0]["conversions"] == row["conversions"] > 0
