"""Content, its approval, and what it costs."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


def _path(refused):
    assert refused["error"]["code"] == "VALIDATION"
    return refused["error"]["details"]["issues"][0]["path"]


async def test_a_container_is_empty_until_its_generation_is_completed(house):
    """layers-api: GET /v1/content/:containerId, usable mid-generation."""
    project = await house.project()
    container = (await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202))["containerIds"][0]
    shown = [await house.get(f"/v1/content/{container}")]
    await house.world.work_done()
    house.wait(60)
    shown.append(await house.get(f"/v1/content/{container}"))
    progress = await house.get(f"/v1/content/{container}/progress")
    house.wait(75)

    shown.append(await house.get(f"/v1/content/{container}"))

    assert [one["status"] for one in shown] == ["queued", "generating", "completed"]
    assert [len(one["mediaAssets"]) for one in shown] == [0, 0, 3]
    assert [len(one["captionVariants"]) for one in shown] == [0, 0, 2]
    assert (progress["stage"], progress["stageProgress"], progress["etaSeconds"]) == ("generating_visuals", 0.39, 75)
    over = await house.get(f"/v1/content/{container}/progress")
    assert (over["status"], over["etaSeconds"], over["updatedAt"]) == ("completed", None, "2026-04-18T17:24:29Z")


async def test_a_slideshow_has_slides_and_each_can_be_asked_for(house):
    """layers-api: assets; both spellings of a format."""
    project = await house.project()
    container = await house.content(project, format="slideshow-remix")
    shown = await house.get(f"/v1/content/{container}")

    asset = await house.get(f"/v1/content/{container}/assets/{shown['mediaAssets'][2]['id']}")

    assert shown["format"] == "slideshow_remix"
    assert {media["kind"] for media in shown["mediaAssets"]} == {"image"}
    assert (asset["mimeType"], asset["durationMs"], asset["url"]) == ("image/jpeg", None, shown["mediaAssets"][2]["url"])
    await house.get(f"/v1/content/{container}/assets/asset_nope", status=404)


async def test_the_flat_brief_of_newer_pages_is_understood(house):
    """Design §2: both spellings where both can live."""
    project = await house.project()

    container = await house.content(project, brief={"cta": "Go"}, hook="Flat hook")

    shown = await house.get(f"/v1/content/{container}")
    assert (shown["hook"], shown["cta"]) == ("Flat hook", "Go")


async def test_words_come_from_the_brand_when_the_brief_has_none(house):
    """Seed 004, step 4: the brand context is the primary input to every generation."""
    project = await house.project(brandContext={"tagline": "Brew better.", "appName": "Brew", "keywords": ["flat white", "beans"]})
    started = await house.contents(project, variantCount=3, brief={"targetPlatforms": ["tiktok"]})

    shown = [await house.get(f"/v1/content/{container}") for container in started["containerIds"]]

    texts = [one["captionVariants"][0]["text"] for one in shown]
    assert {one["hook"] for one in shown} == {"Brew better."}
    assert len(set(texts)) == 3
    assert all("#flatwhite #beans" in text and "Get Brew" in text for text in texts)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"variantCount": 6}, "variantCount"),
        ({"brief": {"hook": ""}}, "brief.hook"),
        ({"brief": {"influencerId": "inf_nope"}}, "brief.influencerId"),
        ({"brief": {"targetPlatforms": ["tiktok", "tiktok"]}}, "brief.targetPlatforms"),
        ({"brief": {"targetPlatforms": ["myspace"]}}, "brief.targetPlatforms.0"),
        ({"format": "opera"}, "format"),
    ],
)
async def test_a_wrong_brief_is_refused_by_field(house, body, path):
    """layers-api: details.issues[]."""
    project = await house.project()

    assert _path(await house.post(f"{project}/content", body, status=422)) == path


async def test_an_influencer_in_training_can_not_be_pinned_yet(house):
    """layers-api: concepts: at least one influencer in `ready`."""
    project = await house.project()
    await house.installation()
    await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202)
    await house.world.work_done()
    house.wait(320)
    (trainee,) = (await house.get(f"{project}/influencers?status=training"))["items"]
    pinned = {"brief": {"influencerId": trainee["influencerId"]}}

    early = await house.post(f"{project}/content", pinned, status=422)
    house.wait(10)
    await house.post(f"{project}/content", pinned, status=202)

    assert _path(early) == "brief.influencerId"
    assert (await house.get(f"{project}/influencers?status=training"))["items"] == []
    await house.get("/v1/influencers/inf_nope", status=404)


async def test_credits_are_reserved_then_charged_or_given_back(house):
    """layers-api: credits: reserved when a generation starts, gate on available."""
    project = await house.project()
    await house.post(f"{project}/content", {"variantCount": 2}, status=202)
    canceled = await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202)
    running = await house.get("/v1/credits")
    await house.post(f"/v1/jobs/{canceled['jobId']}/cancel", status=202)
    await house.world.work_done()
    house.wait(135)

    after = await house.get("/v1/credits")

    assert (running["balance"], running["reservedCredits"], running["available"]) == (6000, 290, 5710)
    assert (after["balance"], after["reservedCredits"], after["usedThisPeriod"]) == (5760, 0, 240)
    house.world.advance(31 * 86_400)
    assert (await house.get("/v1/credits"))["includedRemaining"] == 1000


async def test_too_few_credits_start_nothing(house):
    """Out of credits: HTTP 402 (layers-api: guardrails)."""
    project = await house.project()
    for _ in range(10):
        await house.post(f"{project}/content", {"variantCount": 5}, status=202)

    refused = await house.post(f"{project}/content", {}, status=402)

    assert refused["error"]["details"] == {"required": 120, "available": 0}
    assert len((await house.get(f"{project}/content?limit=200"))["items"]) == 50


async def test_a_decision_is_final(house):
    """layers-api: content-review, states are terminal."""
    project = await house.project()
    container = await house.content(project)
    await house.post(f"/v1/content/{container}/approve", Idempotency_Key="k")

    replayed = await house.post(f"/v1/content/{container}/approve", Idempotency_Key="k")
    twice = await house.post(f"/v1/content/{container}/approve", status=409)
    turned = await house.post(f"/v1/content/{container}/reject", {"reason": "No"}, status=409)

    assert replayed["approvalStatus"] == "approved"
    assert twice["error"]["details"]["approvalStatus"] == turned["error"]["details"]["approvalStatus"] == "approved"


async def test_what_is_not_there_can_not_be_decided_on(house):
    """Ours, see drift."""
    project = await house.project()
    container = (await house.post(f"{project}/content", {}, status=202))["containerIds"][0]

    refused = await house.post(f"/v1/content/{container}/approve", status=409)

    assert refused["error"]["details"]["status"] == "queued"


async def test_a_rejection_regenerates_in_the_same_step_or_not_at_all(house):
    """Seed 004, step 7: atomically kick off a new generation with edits."""
    project = await house.project()
    container, other = await house.content(project), await house.content(project)

    decision = await house.post(f"/v1/content/{container}/reject", {"regenerateBrief": {"cta": "Try it"}})
    for _ in range(9):
        await house.post(f"{project}/content", {"variantCount": 5}, status=202)
    await house.post(f"{project}/content", {"variantCount": 3}, status=202)
    await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202)
    refused = await house.post(f"/v1/content/{other}/reject", {"regenerateBrief": {}}, status=402)

    (made,) = decision["containerIds"]
    new = await house.get(f"/v1/content/{made}")
    assert (decision["approvalStatus"], decision["rejectedAt"][:10]) == ("rejected", "2026-04-18")
    assert (new["regeneratedFrom"], new["hook"], new["cta"], new["jobId"]) == (container, "Skip the line.", "Try it", decision["jobId"])
    assert refused["error"]["code"] == "INSUFFICIENT_CREDITS"
    assert (await house.get(f"/v1/content/{other}"))["approvalStatus"] == "pending"


async def test_the_first_n_that_left_pending_open_the_gate(house):
    """layers-api: content-review: a count of containers that have left pending, approve and reject both."""
    project = await house.project()
    waiting = [await house.content(project) for _ in range(4)]
    for container in waiting[:2]:
        await house.post(f"/v1/content/{container}/approve")
    third = await house.content(project)
    await house.post(f"/v1/content/{waiting[2]}/reject")

    fourth = await house.content(project)

    states = [(await house.get(f"/v1/content/{container}"))["approvalStatus"] for container in (waiting[3], third, fourth)]
    assert states == ["pending", "pending", "not_required"]
    assert (await house.get(f"{project}/content-review-policy"))["pendingCount"] == 2
    assert (await house.get(project))["currentBlockedCount"] == 2


async def test_a_policy_is_set_whole(house):
    """layers-api: PATCH content-review-policy."""
    project = await house.project()
    policy = f"{project}/content-review-policy"
    fresh = await house.get(policy)

    every = await house.call("PATCH", policy, {"policy": "review_all"}, status=200)
    some = await house.call("PATCH", policy, {"policy": "review_first_n", "firstN": 5}, status=200)
    none = await house.call("PATCH", policy, {"policy": "auto_approve"}, status=200)

    assert fresh | {"projectId": ""} == {"projectId": "", "policy": "review_first_n", "firstN": 3, "pendingCount": 0}
    assert (every["policy"], "firstN" in every, "updatedAt" in every) == ("review_all", False, True)
    assert (some["policy"], some["firstN"], none["policy"]) == ("review_first_n", 5, "auto_approve")
    for body in ({"policy": "review_first_n"}, {"policy": "review_all", "firstN": 2}):
        assert _path(await house.call("PATCH", policy, body, status=422)) == "firstN"
    container = await house.content(project)
    assert (await house.get(f"/v1/content/{container}"))["approvalStatus"] == "not_required"


async def test_lists_are_filtered_by_what_shows_now(house):
    """layers-api: GET /v1/projects/:projectId/content; repeated parameters are lists."""
    project = await house.project()
    done = await house.content(project, format="video_remix")
    running = (await house.post(f"{project}/content", {"format": "slideshow_remix"}, status=202))["containerIds"][0]
    house.wait(10)

    async def ids(query: str) -> list[str]:
        return [item["id"] for item in (await house.get(f"{project}/content?{query}"))["items"]]

    assert await ids("status=completed") == [done]
    assert await ids("status=processing") == [running]
    assert await ids("status=completed&status=generating") == [running, done]
    assert await ids("format=slideshow-remix") == [running]
    assert await ids("approvalStatus=approved") == []
    assert await ids("since=2026-04-18T17:23:00Z") == [running]
    assert await ids("until=2026-04-18T17:23:00Z") == [done]
