"""Previews come back with the image: what a person judges is there to be looked at."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image
from sqlalchemy import select

from layers_mcp.client.picture import AT_MOST_BYTES
from layers_mcp.database import writing
from layers_mcp.sandbox import growth
from layers_mcp.sandbox.faults import Fault
from layers_mcp.store import tables

pytestmark = pytest.mark.anyio
ASSET = "GET /v1/content/{containerId}/assets/{assetId}"


def _seen(answer):
    """The titles of an answer's pictures, each of which opens and is small."""
    for picture in answer.pictures:
        assert picture.mime == "image/jpeg"
        assert len(picture.content) < AT_MOST_BYTES == 200_000
        assert Image.open(io.BytesIO(picture.content)).size[1] == 576
    return [picture.title for picture in answer.pictures]


async def test_what_was_generated_is_shown_with_its_preview(story):
    """Issue 3: previews come back with the image (under 200 KB)."""
    project = await story.project()

    made = await story.result("generate_content", projectId=project, format="slideshow_remix", hook="Skip.", waitSeconds=900)

    (container,) = made.record["result"]["containerIds"]
    (title,) = _seen(made)
    assert title.startswith(f"preview of {container}: http://sandbox.layers/media/{container}/")
    assert "pictures" not in made.record


async def test_a_preview_shows_what_would_go_out_and_a_yes_fetches_nothing(story):
    """Design §5.1: a person judges what would be published; the pictures are no part of what the yes is bound to."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    post = await story.post(project)
    approval = await story.result("approve_content", containerIds=[post])
    fetched = len(story.wire.files)
    approved = await story.result("approve_content", containerIds=[post], confirm=approval.record["confirmation"]["handle"])
    still = len(story.wire.files)
    schedule = await story.result("schedule_content", containerId=post, scheduledFor=story.at(hours=3), targets=[target])

    assert [len(_seen(answer)) for answer in (approval, approved, schedule)] == [1, 0, 1]
    assert fetched == still
    assert approved.record["status"] == "done"


async def test_one_container_is_shown_with_its_preview_and_a_list_without(story):
    """The queue is a list of words; one container in full is looked at."""
    project = await story.project()
    post = await story.post(project)
    story.wire.files.clear()

    one = await story.result("list_content", containerId=post)
    waited = await story.result("wait_for_job", containerId=post)
    page = await story.result("list_content", projectId=project, detail="full")

    assert [len(_seen(answer)) for answer in (one, waited, page)] == [1, 1, 0]
    assert len(story.wire.files) == 2


async def test_at_most_four_are_shown_and_the_text_says_how_many_more(story):
    """Ours: a megabyte of pictures is enough for one answer."""
    project = await story.project()
    wanted = {"format": "slideshow_remix", "variantCount": 5, "hook": "Skip."}

    made = await story.result("generate_content", projectId=project, **wanted, waitSeconds=900)

    assert len(_seen(made)) == 4
    assert "pictures: 1 more are not shown here" in made.text


async def test_a_picture_is_fetched_without_the_key(story):
    """A URL leads anywhere; the key goes to the API only."""
    await story.post(await story.project())

    (request,) = story.wire.files

    assert story.world.key not in str(request.headers.raw)
    assert "authorization" not in request.headers


@pytest.mark.parametrize("trouble", [{"code": "UNAVAILABLE", "status": 503}, {"code": "NOT_FOUND"}, {"lose_answer": True}])
async def test_a_picture_that_does_not_come_never_fails_the_call(story, trouble):
    """The answer is worth more than its picture; looking for one is not repeated."""
    post = await story.post(await story.project())
    story.world.script(Fault(path="/v1/content/{containerId}/assets/{assetId}", times=9, **trouble))
    story.wire.rows.clear()

    answer = await story.result("list_content", containerId=post)

    assert (answer.record["status"], answer.pictures) == ("done", ())
    assert story.wire.rows.count(ASSET) == 1
    assert answer.record["requestId"] is not None


async def test_a_file_that_is_gone_is_no_picture(story):
    """The same, where the file is missing."""
    post = await story.post(await story.project())
    (story.world.ground.folder / "media" / post / "preview.jpg").unlink()

    answer = await story.result("list_content", containerId=post)

    assert (answer.record["status"], answer.pictures) == ("done", ())


async def test_what_is_kept_for_a_replay_holds_no_picture(story):
    """Replayed outcomes must not bloat: the store keeps words."""
    post = await story.post(await story.project())
    await story.yes("approve_content", containerIds=[post])

    with story.store._engine.connect() as connection:
        rows = [tuple(row) for table in tables.TABLES.sorted_tables for row in connection.execute(select(table))]

    assert len(json.dumps(rows, default=str)) < 20_000


async def test_the_demo_of_six_weeks_shows_no_picture_and_claims_none(story):
    """Issue 4: the demo's media were never drawn, so nothing is fetched, shown or said of them."""
    with writing(story.world.engine) as connection:
        growth.found(connection, story.now())
    demo = next(one["id"] for one in (await story.call("get_project"))["result"]["projects"])

    page = await story.result("list_content", projectId=demo)
    one = await story.result("list_content", containerId=page.record["result"]["items"][0]["id"])

    for answer in (page, one):
        assert not answer.is_error
        assert answer.pictures == ()
        assert "preview" not in answer.text
        assert "/media/" not in json.dumps(answer.record)
    assert story.wire.files == []
