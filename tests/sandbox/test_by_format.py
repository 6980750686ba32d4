"""A route for each format, as the newest pages have it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def test_a_slideshow_is_built_around_a_hook(house):
    """Layers-api, slideshow-builder: the hook word for word; one container a call; neither account nor influencer is needed."""
    project = await house.project()

    started = await house.post(f"{project}/content/slideshow-builder", {"hook": "Skip the line."}, status=202)
    await house.world.work_done()
    house.wait(135)

    (container,) = started["containerIds"]
    shown = await house.get(f"/v1/content/{container}")
    assert (shown["status"], shown["hook"], shown["format"]) == ("completed", "Skip the line.", "slideshow_remix")
    await house.post(f"{project}/content/slideshow-builder", {}, status=422)


async def test_a_remix_names_for_whom_it_is_and_a_reaction_needs_a_demo_video(house):
    """Layers-api: socialAccountId or influencerId, one required; ugc-remix needs a demo-video."""
    project, other = await house.project(), await house.project("Others")
    account, foreign = await house.account(project), await house.account(other)
    video = {"tiktokVideoId": "7301234567890123456"}

    refused = [
        await house.post(f"{project}/content/slideshow-remix", video, status=422),
        await house.post(f"{project}/content/slideshow-remix", video | {"socialAccountId": foreign}, status=422),
        await house.post(f"{project}/content/ugc-remix", {"socialAccountId": account}, status=422),
    ]
    await house.post(f"{project}/content/slideshow-remix", video | {"socialAccountId": account}, status=202)

    paths = [one["error"]["details"]["issues"][0]["path"] for one in refused]
    assert paths == ["socialAccountId", "socialAccountId", "mediaId"]
