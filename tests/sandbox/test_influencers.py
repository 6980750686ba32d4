"""Influencers made, changed, cloned and deleted on request (layers-api: influencers)."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
MADE_S = 60
BRAND = {"appName": "Quinns", "appDescription": "Order-ahead coffee.", "brandVoice": "warm", "primaryLanguage": "de"}


async def _made(house, project, **fields):
    accepted = await house.post(f"{project}/influencers", fields, status=202)
    house.wait(MADE_S)
    return accepted["influencerId"]


async def test_one_is_there_at_once_and_ready_when_its_job_is(house):
    """Layers-api: 202 with the server-made id; gender, age and voice by the body, else by the project."""
    project = await house.project(brandContext=BRAND)
    accepted = await house.post(f"{project}/influencers", {"gender": "male", "prompt": "red scarf"}, status=202)
    at_once = await house.get(f"/v1/influencers/{accepted['influencerId']}")

    house.wait(MADE_S)
    ready = await house.get(f"/v1/influencers/{accepted['influencerId']}")

    assert (accepted["kind"], at_once["status"], ready["status"]) == ("influencer_create", "training", "ready")
    assert (await house.get(accepted["locationUrl"]))["status"] == "completed"
    assert (ready["gender"], ready["ageRange"], ready["brandVoice"], ready["language"]) == ("male", "young_adult", "warm", "de")
    assert [one["influencerId"] for one in (await house.get(f"{project}/influencers"))["items"]] == [ready["influencerId"]]


async def test_it_voices_a_post_that_names_it(house):
    """Layers-api: content; an influencer of the project can be pinned once it is ready."""
    project = await house.project(brandContext=BRAND)
    voice = await _made(house, project)

    made = await house.post(f"{project}/content", {"format": "slideshow_remix", "brief": {"influencerId": voice}}, status=202)

    assert (await house.get(f"/v1/content/{made['containerIds'][0]}"))["influencerId"] == voice


async def test_what_is_given_changes_and_only_the_age_can_be_emptied(house):
    """Layers-api: PATCH; a strict body with at least one field."""
    voice = await _made(house, await house.project(brandContext=BRAND))

    changed = await house.call("PATCH", f"/v1/influencers/{voice}", {"name": "Ada", "ageRange": None, "brandVoice": "witty"})
    refused = [
        await house.call("PATCH", f"/v1/influencers/{voice}", wrong, status=422)
        for wrong in ({}, {"gender": None}, {"name": ""}, {"brandVoice": "loud"}, {"hair": "red"})
    ]

    assert (changed["name"], changed.get("ageRange"), changed["brandVoice"], changed["language"]) == ("Ada", None, "witty", "de")
    assert (await house.get(f"/v1/influencers/{voice}"))["name"] == "Ada"
    assert all(one["error"]["code"] == "VALIDATION" for one in refused)


async def test_a_clone_has_its_sources_looks_but_for_what_is_said(house):
    """Layers-api: clone; same project, only one that is ready can be the source."""
    project = await house.project(brandContext=BRAND)
    source = await _made(house, project, gender="male")
    young = (await house.post(f"{project}/influencers", status=202))["influencerId"]

    early = await house.post(f"/v1/influencers/{young}/clone", {"name": "Too early"}, status=409)
    accepted = await house.post(f"/v1/influencers/{source}/clone", {"name": "Leo's twin", "overrides": {"language": "en"}}, status=202)
    house.wait(MADE_S)
    twin = await house.get(f"/v1/influencers/{accepted['influencerId']}")

    assert early["error"]["details"]["state"] == "training"
    assert (twin["name"], twin["gender"], twin["language"], twin["projectId"]) == ("Leo's twin", "male", "en", accepted["projectId"])


async def test_one_that_is_deleted_is_gone_but_its_posts_stay(house):
    """Layers-api: DELETE; then GET, PATCH and clone give 404, existing content is unaffected."""
    project = await house.project(brandContext=BRAND)
    voice = await _made(house, project)
    post = await house.post(f"{project}/content", {"format": "slideshow_remix", "brief": {"influencerId": voice}}, status=202)

    gone = await house.call("DELETE", f"/v1/influencers/{voice}", {"reason": "left us"}, status=200)
    for method, path, body in (("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/clone", {"name": "x"})):
        await house.call(method, f"/v1/influencers/{voice}{path}", body, status=404)
    pinned = await house.post(f"{project}/content", {"format": "slideshow_remix", "brief": {"influencerId": voice}}, status=422)

    assert (gone["status"], gone["influencerId"]) == ("deleted", voice)
    assert (await house.get(f"{project}/influencers"))["items"] == []
    assert (await house.get(f"/v1/content/{post['containerIds'][0]}"))["influencerId"] == voice
    assert pinned["error"]["details"]["issues"][0]["path"] == "brief.influencerId"


async def test_a_canceled_job_leaves_nobody(house):
    """Layers-api: concepts/jobs."""
    project = await house.project(brandContext=BRAND)
    accepted = await house.post(f"{project}/influencers", status=202)

    await house.post(f"/v1/jobs/{accepted['jobId']}/cancel", status=202)
    house.wait(3600)

    await house.get(f"/v1/influencers/{accepted['influencerId']}", status=404)


async def test_the_first_of_an_ingest_comes_beside_one_that_was_made_before(house):
    """Seed 004, step 5: only a project without any gets one by its ingest; and a canceled making hands nobody over."""
    project = await house.project()
    canceled = await house.post(f"{project}/influencers", status=202)
    await house.post(f"/v1/jobs/{canceled['jobId']}/cancel", status=202)
    await house.installation()
    await house.ingest(project)
    await house.world.work_done()
    house.wait(1800)

    (only,) = (await house.get(f"{project}/influencers"))["items"]

    assert only["status"] == "ready"
    assert only["influencerId"] != canceled["influencerId"]
