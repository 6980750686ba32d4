"""What a yes is worth when its time comes: everything that guards a decision is looked at again."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from layers_mcp.sandbox.ads.making import next_tick

pytestmark = pytest.mark.anyio
DAY = 86_400
TICK = 6 * 3600


async def asked(house, paid, action: str, **layer) -> dict:
    """An action of this kind that waits for its yes."""
    paid.campaign(paid.account())
    paid.layer(**{"target_cpa_cents": 600, **layer})
    house.wait(DAY)
    return (await paid.get("/ads/meta/pending", actionType=action))["items"][0]


async def approve(house, paid, one: dict, *, status: int = 200) -> dict:
    """The answer to a yes."""
    return await house.post(f"{paid.project}/ads/meta/pending/{one['pendingId']}/approve", {}, status=status)


async def fate(paid, one: dict) -> tuple[str, str | None]:
    """Where a queued action stands, and why it failed."""
    for status in ("pending", "approved", "rejected", "dispatched", "dispatch_failed"):
        for other in (await paid.get("/ads/meta/pending", status=status, limit=200))["items"]:
            if other["pendingId"] == one["pendingId"]:
                return other["status"], other.get("dispatchFailureReason")
    raise AssertionError(one)


async def test_a_creative_that_was_excluded_after_the_yes_is_not_brought(house, paid):
    """layers-api: ads-content, exclude; ads/pending, dispatch_failed with its reason."""
    paid.pool("Fresh")
    one = await asked(house, paid, "replace_creative")
    brought = one["proposedAction"]["detail"]["replacement"]["adsContentId"]

    await approve(house, paid, one)
    await house.call("PATCH", f"{paid.project}/ads-content/{brought}", {"override": "exclude"}, status=200)
    house.wait(TICK)

    assert await fate(paid, one) == ("dispatch_failed", "a person excluded the creative")
    assert (await paid.get("/ads/ads", adsContentId=brought))["items"] == []
    assert (await paid.get("/ads/ads", status="paused"))["items"] == []


async def test_a_creative_that_got_too_old_before_the_tick_is_not_brought(house, paid):
    """layers-api: ad-eligibility, 4.0: what is not eligible is not promoted."""
    paid.pool("Fresh")
    one = await asked(house, paid, "replace_creative")

    await approve(house, paid, one)
    paid.layer(next_at=next_tick(paid.now() + timedelta(days=20)))
    house.wait(20 * DAY + TICK)

    assert await fate(paid, one) == ("dispatch_failed", "the creative's score fell below 4")


async def test_nothing_is_pushed_into_an_ad_set_that_filled_up_meanwhile(house, paid):
    """layers-api: ad-eligibility, maxCreativesPerAdset 10."""
    paid.pool("Fresh")
    one = await asked(house, paid, "push_creative", target_cpa_cents=1_000_000)

    await approve(house, paid, one)
    paid.fill(one["entityId"], 10)
    house.wait(TICK)

    assert await fate(paid, one) == ("dispatch_failed", "the ad set is full")


@pytest.mark.parametrize("closed", ["layer", "campaign"])
async def test_a_yes_does_not_outlive_its_axis(house, paid, closed):
    """layers-api: ads, authority: off denies."""
    one = await asked(house, paid, "pause_ad")
    campaign = (await paid.get("/ads/campaigns"))["items"][0]["campaignId"]

    await approve(house, paid, one)
    paths = {"layer": ("defaults", "defaults"), "campaign": (f"campaigns/{campaign}/authority", "authority")}
    path, field = paths[closed]
    await house.call("PATCH", f"{paid.project}/ads/meta/{path}", {field: {"structural": "off"}}, status=200)
    house.wait(TICK)

    assert await fate(paid, one) == ("dispatch_failed", "the structural axis is off now")
    assert (await paid.get("/ads/ads", status="paused"))["items"] == []


async def test_an_archived_project_is_left_alone(house, paid):
    """layers-api: DELETE /v1/projects/:id: the scheduler skips it; all stays readable."""
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=600)
    house.wait(DAY)
    first, second = (await paid.get("/ads/meta/pending", actionType="pause_ad"))["items"][:2]

    await approve(house, paid, first)
    await house.call("DELETE", paid.project, {"reason": "gone"}, status=200)
    refused = await approve(house, paid, second, status=409)
    house.wait(DAY)

    assert refused["error"]["details"]["status"] == "archived"
    assert await fate(paid, first) == ("approved", None)
    assert (await paid.get("/ads/ads", status="paused"))["items"] == []


async def test_many_a_yes_goes_out_within_the_caps_of_each_cycle(house, paid):
    """layers-api: safety-guardrails: 40 actions and 20 pauses a cycle, whoever decided on them."""
    account = paid.account()
    for number in range(6):
        paid.campaign(account, name=f"Launch {number}", hooks=tuple(f"Hook {number}-{place}" for place in range(9)))
    paid.layer(target_cpa_cents=100)
    house.wait(DAY)
    waiting = (await paid.get("/ads/meta/pending", actionType="pause_ad", limit=200))["items"]
    for one in waiting:
        await approve(house, paid, one)
    paid.layer(creative="auto", tactical="auto", structural="auto")
    house.wait(TICK)
    at_once = (await paid.get("/ads/meta/pending", status="approved", limit=200))["items"]
    house.wait(3 * TICK)

    log = [one for one in await paid.log() if one["eventType"] == "ads.pause_ad" and one["data"]["outcome"] == "dispatched"]
    paused = Counter(one["occurredAt"] for one in log)
    assert len(waiting) > 40
    assert len(at_once) == len(waiting) - 20
    assert max(paused.values()) == 20
    assert (await paid.get("/ads/meta/pending", status="approved"))["items"] == []
