"""Content that is changed after somebody decided on it, and what there is to make content from."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def _later(house, account, **more):
    return {"targets": [{"socialAccountId": account, **more}], "scheduledFor": (house.clock.now() + timedelta(days=2)).isoformat()}


async def _anew(house, container, body=None):
    """A regeneration, ended."""
    started = await house.post(f"/v1/content/{container}/regenerate", body or {}, status=202)
    await house.world.work_done()
    house.wait(135)
    return started


async def test_a_regeneration_keeps_the_id_and_fills_it_anew(house):
    """Layers-api, regenerate: same id; media and caption replaced; credits of one variant."""
    project = await house.project()
    container = await house.content(project)
    was, before = await house.get(f"/v1/content/{container}"), (await house.get("/v1/credits"))["available"]

    started = await house.post(f"/v1/content/{container}/regenerate", {"brief": {"hook": "Sleep in."}}, status=202)
    meanwhile = await house.get(f"/v1/content/{container}")
    await house.world.work_done()
    house.wait(135)
    made = await house.get(f"/v1/content/{container}")

    assert (started["containerIds"], started["kind"]) == ([container], "content_generate")
    assert (meanwhile["status"], meanwhile["mediaAssets"], meanwhile["captionVariants"]) == ("queued", [], [])
    assert (made["id"], made["status"], made["hook"], made["jobId"]) == (container, "completed", "Sleep in.", started["jobId"])
    assert {one["id"] for one in made["mediaAssets"]}.isdisjoint({one["id"] for one in was["mediaAssets"]})
    assert all("Sleep in." in one["text"] for one in made["captionVariants"])
    assert before - (await house.get("/v1/credits"))["available"] == 50
    assert (await house.get("/v1/audit-log"))["items"][0]["eventType"] == "content.regenerated"


async def test_a_yes_to_the_earlier_words_lets_nothing_new_out_and_what_was_queued_keeps_its_words(house):
    """Layers-api, regenerate: approval back to pending; scheduled posts keep the old caption."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/approve")
    old = (await house.get(f"/v1/content/{container}"))["captionVariants"][0]["text"]
    (queued,) = (await house.post(f"/v1/content/{container}/schedule", await _later(house, account)))["scheduledPostIds"]

    await _anew(house, container, {"brief": {"hook": "Sleep in."}})

    shown = await house.get(f"/v1/content/{container}")
    assert (shown["approvalStatus"], shown["approvedAt"]) == ("pending", None)
    refused = await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]}, status=403)
    assert refused["error"]["code"] == "APPROVAL_REQUIRED"
    await house.post(f"/v1/content/{container}/schedule", await _later(house, account), status=202)
    (post,) = (await house.get(f"{project}/scheduled-posts"))["items"]
    assert (post["id"], post["status"], post["caption"]) == (queued, "queued", old)


async def test_a_schedule_that_waited_for_a_yes_does_not_wait_for_the_next_one(house):
    """Ours, see drift: it was asked for with the earlier words, so the new decision promotes nothing."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.post(f"/v1/content/{container}/schedule", await _later(house, account), status=202)
    await _anew(house, container)

    decision = await house.post(f"/v1/content/{container}/approve")

    assert decision["approvalStatus"] == "approved"
    assert "pendingSchedulePromotion" not in decision
    assert (await house.get(f"{project}/scheduled-posts"))["items"] == []


async def test_with_preserve_assets_only_the_captions_are_written_anew(house):
    """Layers-api, regenerate: preserveAssets; a rejected post can be mended so, and is decided on anew."""
    project = await house.project()
    container = await house.content(project)
    await house.post(f"/v1/content/{container}/reject", {"reason": "Too loud."})
    was = await house.get(f"/v1/content/{container}")

    await _anew(house, container, {"brief": {"cta": "Come by."}, "preserveAssets": True})

    made = await house.get(f"/v1/content/{container}")
    assert (made["mediaAssets"], made["approvalStatus"], made["rejectedAt"]) == (was["mediaAssets"], "pending", None)
    assert all("Come by." in one["text"] for one in made["captionVariants"])


async def test_what_needs_no_decision_still_needs_none_and_what_runs_can_not_be_made_anew(house):
    """Layers-api: approval back to pending "when reviewed"; only finished content, only one's own, only for credits."""
    project = await house.project()
    await house.call("PATCH", f"{project}/content-review-policy", {"policy": "auto_approve"}, status=200)
    container = await house.content(project)
    await _anew(house, container)
    assert (await house.get(f"/v1/content/{container}"))["approvalStatus"] == "not_required"

    first = await house.post(f"/v1/content/{container}/regenerate", {}, status=202, Idempotency_Key="a")
    again = await house.post(f"/v1/content/{container}/regenerate", {}, status=202, Idempotency_Key="a")
    busy = await house.post(f"/v1/content/{container}/regenerate", {}, status=409)
    stranger = house.world.add_key(organization="Others")

    assert (again["jobId"], busy["error"]["code"]) == (first["jobId"], "CONFLICT")
    await house.call("POST", f"/v1/content/{container}/regenerate", {}, key=stranger, status=404)
    await house.call("POST", f"/v1/content/{container}/regenerate", {}, key=house.world.add_key(scopes=("content:read",)), status=403)


async def test_hooks_are_written_from_the_brand_and_lack_what_it_lacks(house):
    """Layers-api, content/hooks: needs app name and description, else 422 with missingFields."""
    poor, described = await house.project("Poor"), "Order ahead and skip the line. " * 5
    rich = await house.project(brandContext={"appName": "Brew", "appDescription": described, "tagline": "Brew better."})

    refused = await house.get(f"{poor}/content/hooks", status=422)
    first = await house.get(f"{rich}/content/hooks")
    house.wait(1)
    second = await house.get(f"{rich}/content/hooks")

    assert refused["error"]["details"]["missingFields"] == ["appName", "appDescription"]
    assert all("Brew better." in hook for hook in first["hooks"])
    assert len(first["hooks"]) > 1
    assert first["hooks"] != second["hooks"]


async def test_nobody_has_found_posts_to_remix_here(house):
    """Layers-api, source-recommendations: the same shape with and without a keyword; bounds of its query."""
    project = await house.project()

    found = [await house.get(f"{project}/content/source-recommendations{query}") for query in ("", "?keyword=coffee&kind=video&limit=50")]

    assert [(one["items"], one["source"], one["nextCursor"]) for one in found] == [([], "portfolio", None), ([], "search", None)]
    await house.get(f"{project}/content/source-recommendations?limit=51", status=422)
