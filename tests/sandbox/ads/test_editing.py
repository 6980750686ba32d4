"""A partner changes budgets, targeting and creatives of ads that run."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def campaign(paid) -> str:
    """A campaign that a partner may change at once."""
    made = paid.campaign(paid.account())
    paid.layer(structural="auto", tactical="auto", creative="auto")
    return made


async def _edit(paid, method, path, body, status=202):
    return await paid.house.call(method, f"{paid.project}/ads/meta{path}", body, status=status)


async def _budget(paid, campaign):
    return (await paid.get(f"/ads/meta/campaigns/{campaign}"))["dailyBudgetCents"]


async def test_a_budget_changes_at_once_under_auto_and_the_spend_follows(paid, campaign):
    """layers-api: campaigns/budget; tactical auto is dispatched at once."""
    made = await _edit(paid, "PATCH", f"/campaigns/{campaign}/budget", {"dailyBudgetCents": 40_000})
    scope = {"scope": "campaign", "id": campaign, "metrics": ["spend"], "since": "2026-01-01T00:00:00Z"}
    before = (await paid.get("/ads-metrics", **scope))["totals"]["spend"]
    paid.house.clock.advance(timedelta(days=1))

    spent = (await paid.get("/ads-metrics", **scope))["totals"]["spend"] - before

    assert (made["status"], made["campaignId"], await _budget(paid, campaign)) == ("dispatched", campaign, 40_000)
    assert 25_000 < spent <= 40_000
    assert "ads.update_budget" in [one["eventType"] for one in await paid.log()]


async def test_under_draft_a_budget_waits_for_a_yes_and_not_past_another_change(paid, campaign):
    """layers-api: draft is queued; ours: one that waited goes out only while the budget is the one that was shown."""
    paid.layer(tactical="draft")
    path = f"/campaigns/{campaign}/budget"
    asked = await _edit(paid, "PATCH", path, {"dailyBudgetCents": 60_000})
    same = await _edit(paid, "PATCH", path, {"dailyBudgetCents": 60_000})
    other = await _edit(paid, "PATCH", path, {"dailyBudgetCents": 50_000})
    (_, queued) = (await paid.get("/ads/meta/pending", actionType="update_budget"))["items"]
    unchanged = await _budget(paid, campaign)
    for one in (asked, other):
        await _edit(paid, "POST", f"/pending/{one['pendingId']}/approve", {}, 200)
    paid.layer(tactical="draft", structural="off", creative="off")
    paid.house.clock.advance(timedelta(hours=7))

    failed = (await paid.get("/ads/meta/pending", status="dispatch_failed"))["items"]

    assert (asked["status"], asked["pendingId"], unchanged) == ("pending", same["pendingId"], 12_000)
    assert (queued["currentValue"], queued["newValue"]) == ({"dailyBudgetCents": 12_000}, {"dailyBudgetCents": 60_000})
    assert await _budget(paid, campaign) == 60_000
    assert [one["pendingId"] for one in failed] == [other["pendingId"]]
    assert "changed meanwhile" in failed[0]["dispatchFailureReason"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "VALIDATION"),
        ({"dailyBudgetCents": 5_000, "lifetimeBudgetCents": 5_000}, 422, "VALIDATION"),
        ({"dailyBudgetCents": 99}, 422, "VALIDATION"),
        ({"dailyBudgetCents": 50.5}, 422, "VALIDATION"),
        ({"lifetimeBudgetCents": 5_000}, 409, "PLATFORM_REJECTED"),
    ],
)
async def test_a_budget_out_of_bounds_is_refused(paid, campaign, body, status, code):
    """layers-api: exactly one, the platform's minimum, no switch of the kind mid-flight."""
    refused = await _edit(paid, "PATCH", f"/campaigns/{campaign}/budget", body, status)

    assert refused["error"]["code"] == code
    assert await _budget(paid, campaign) == 12_000


async def test_an_ad_set_of_a_campaign_with_one_budget_has_none_of_its_own(paid, campaign):
    """layers-api: adsets/budget, on a CBO campaign PLATFORM_REJECTED."""
    adset = (await paid.get("/ads/adsets"))["items"][0]["adsetId"]

    refused = await _edit(paid, "PATCH", f"/adsets/{adset}/budget", {"dailyBudgetCents": 5_000}, 409)

    assert (refused["error"]["code"], refused["error"]["details"]["budgetMode"]) == ("PLATFORM_REJECTED", "CBO")
    await _edit(paid, "PATCH", "/adsets/adg_other/budget", {"dailyBudgetCents": 5_000}, 404)


async def test_targeting_changes_field_by_field(paid, campaign):
    """layers-api: adsets/targeting, all optional, Meta shows nothing to minors."""
    adset = (await paid.get("/ads/adsets"))["items"][0]["adsetId"]
    body = {"geo": ["DE", "AT"], "age": {"min": 13, "max": 40}}
    made = await _edit(paid, "PATCH", f"/adsets/{adset}/targeting", body)

    shown = (await paid.get("/ads/adsets"))["items"][0]["targeting"]
    await _edit(paid, "PATCH", f"/adsets/{adset}/targeting", {"genders": ["all"]})
    later = (await paid.get("/ads/adsets"))["items"][0]["targeting"]

    assert made["status"] == "dispatched"
    assert shown == {"geo": ["DE", "AT"], "age": {"min": 18, "max": 40}}
    assert later == {**shown, "genders": ["all"]}
    for wrong in ({}, {"geo": ["Germany"]}, {"age": {"min": 50, "max": 40}}, {"genders": ["other"]}):
        await _edit(paid, "PATCH", f"/adsets/{adset}/targeting", wrong, 422)


async def test_a_creative_is_pushed_replaced_and_pruned(paid, campaign):
    """layers-api: ads/creative, push, replace, prune; as the optimizer does it."""
    spare = paid.campaign(paid.account(name="Other"), name="Spare", days=1, hooks=("Fresh", "Newer", "Newest"))
    ids = {one["adId"]: one for one in (await paid.get("/ads/ads", campaignId=campaign))["items"]}
    first, second = list(ids)[:2]
    fresh, newer, newest = ((one["adsContentId"]) for one in (await paid.get("/ads/ads", campaignId=spare))["items"])

    pushed = await _edit(paid, "POST", f"/ads/{first}/creative", {"adsContentId": fresh})
    again = await _edit(paid, "POST", f"/ads/{first}/creative", {"adsContentId": fresh}, 409)
    await _edit(paid, "PUT", f"/ads/{first}/creative", {"adsContentId": newer, "caption": "Hi"})
    await _edit(paid, "PUT", f"/ads/{first}/creative", {"adsContentId": newest}, 409)
    await _edit(paid, "DELETE", f"/ads/{second}/creative", {"adsContentId": ids[second]["adsContentId"]})
    await _edit(paid, "DELETE", f"/ads/{second}/creative", {"adsContentId": ids[second]["adsContentId"]}, 409)
    await _edit(paid, "DELETE", f"/ads/{second}/creative", {"adsContentId": fresh}, 404)
    await _edit(paid, "POST", f"/ads/{first}/creative", {"adsContentId": "adc_none"}, 404)
    await _edit(paid, "POST", "/ads/ad_none/creative", {"adsContentId": fresh}, 404)
    now = (await paid.get("/ads/ads", campaignId=campaign))["items"]
    running = {one["adsContentId"] for one in now if one["status"] == "active"}

    assert pushed["status"] == "dispatched"
    assert "already" in again["error"]["message"]
    assert {fresh, newer} < running
    assert not {ids[first]["adsContentId"], ids[second]["adsContentId"]} & running


async def test_the_last_creative_of_an_ad_set_stays(paid):
    """layers-api: ads/creative, pruning the last one is WOULD_LEAVE_AD_EMPTY."""
    made = paid.campaign(paid.account(), hooks=("Only",))
    paid.layer(creative="auto")
    (ad,) = (await paid.get("/ads/ads", campaignId=made))["items"]

    refused = await _edit(paid, "DELETE", f"/ads/{ad['adId']}/creative", {"adsContentId": ad["adsContentId"]}, 409)

    assert refused["error"]["code"] == "WOULD_LEAVE_AD_EMPTY"
    assert (await paid.get("/ads/ads", campaignId=made))["items"][0]["status"] == "active"


@pytest.mark.parametrize(
    ("change", "reason"), [({"tactical": "off", "creative": "off"}, "authority_axis_off"), ({"kill_switch": True}, "layer_kill_switch")]
)
async def test_the_authority_and_the_kill_switch_deny_every_edit(paid, campaign, change, reason):
    """layers-api: off is denied; the customer's kill switch denies every write to the layer."""
    paid.layer(**change)
    adset = (await paid.get("/ads/adsets"))["items"][0]["adsetId"]
    ad = (await paid.get("/ads/ads"))["items"][0]
    edits = [
        ("PATCH", f"/campaigns/{campaign}/budget", {"dailyBudgetCents": 5_000}),
        ("PATCH", f"/adsets/{adset}/budget", {"dailyBudgetCents": 5_000}),
        ("PATCH", f"/adsets/{adset}/targeting", {"geo": ["DE"]}),
        ("POST", f"/ads/{ad['adId']}/creative", {"adsContentId": ad["adsContentId"]}),
        ("PUT", f"/ads/{ad['adId']}/creative", {"adsContentId": ad["adsContentId"]}),
        ("DELETE", f"/ads/{ad['adId']}/creative", {"adsContentId": ad["adsContentId"]}),
    ]

    told = [(await _edit(paid, *edit, 403))["error"]["details"]["reason"] for edit in edits]

    assert set(told) == {reason}


async def test_a_pruning_under_draft_waits_and_never_empties_an_ad_set(paid, campaign):
    """layers-api: draft is queued; what would leave nothing running when its time comes is not done."""
    paid.layer(creative="draft", tactical="off", structural="off")
    ads = (await paid.get("/ads/ads", campaignId=campaign))["items"]
    for ad in ads:
        asked = await _edit(paid, "DELETE", f"/ads/{ad['adId']}/creative", {"adsContentId": ad["adsContentId"]})
        await _edit(paid, "POST", f"/pending/{asked['pendingId']}/approve", {}, 200)
    before = {one["status"] for one in (await paid.get("/ads/ads", campaignId=campaign))["items"]}
    paid.house.clock.advance(timedelta(days=3))

    after = [one["status"] for one in (await paid.get("/ads/ads", campaignId=campaign))["items"]]

    assert before == {"active"}
    assert after.count("active") >= 1
    assert after.count("paused") >= 1


async def test_reviews_and_the_relay_are_told_as_the_sandbox_has_them(paid, campaign):
    """layers-api: ads/reviews, ads/capi-status."""
    ads = (await paid.get("/ads/ads"))["items"]

    reviews = await paid.get("/ads/meta/reviews", limit=3)
    rest = await paid.get("/ads/meta/reviews", limit=3, cursor=reviews["nextCursor"])
    relay = await paid.get("/ads/capi-status", platforms=["meta_ads"])

    assert [one["adId"] for one in [*reviews["items"], *rest["items"]]] == [one["adId"] for one in ads]
    assert {one["status"] for one in reviews["items"]} == {"approved"}
    assert (await paid.get("/ads/meta/reviews", status="disapproved"))["items"] == []
    assert [(one["platform"], one["status"], one["tokenValid"], one["pixelPresent"]) for one in relay["platforms"]] == [
        ("meta_ads", "not_configured", True, False)
    ]
