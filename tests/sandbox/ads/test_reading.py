"""Accounts, campaigns, ad sets and ads as the API lists them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio
AUTO = {"creative": "auto", "tactical": "auto", "structural": "auto"}
RETURN = "https://app.your-partner.com/done"


async def test_a_connected_account_brings_its_campaigns(house, paid):
    """layers-api: run-ads-as-partner, "use existing campaigns as they are"."""
    asked = await house.post(f"{paid.project}/ads/ad-accounts/oauth-url", {"platform": "meta_ads", "returnUrl": RETURN})

    lists = ("ad-accounts", "campaigns", "adsets", "ads")
    before = [(await paid.get(f"/ads/{name}"))["items"] for name in lists]
    await paid.get("/ads/meta/defaults", expected=404)
    spent = (await paid.get("/ads-metrics", groupBy="ad", metrics=["spend"]))["series"]
    pool = (await paid.get("/ads-content"))["items"]
    house.wait(20)
    (account,) = (await paid.get("/ads/ad-accounts", platforms="meta_ads", healthy="true"))["items"]
    (campaign,) = (await paid.get("/ads/campaigns"))["items"]
    ads = (await paid.get("/ads/ads", campaignId=campaign["campaignId"]))["items"]

    assert set(asked) == {"url", "expiresAt"}
    assert (before, spent, pool) == ([[]] * len(lists), [], [])
    assert (account["platform"], account["tokenStatus"], account["externalId"][:4]) == ("meta_ads", "valid", "act_")
    assert (campaign["adAccountId"], campaign["budgetMode"], campaign["metricsSnapshot7d"]) == (account["adAccountId"], "CBO", {})
    assert {ad["status"] for ad in ads} == {"active"}
    assert len((await paid.get("/ads/ads", adsContentId=ads[0]["adsContentId"]))["items"]) == 1
    assert (await paid.get("/ads/ad-accounts", healthy="false"))["items"] == []


async def test_a_second_consent_renews_the_token_and_brings_nothing_twice(house, paid):
    """layers-api: ads/ad-accounts, `tokenStatus`; connecting again is the way out of an expired token."""
    body = {"platform": "meta_ads", "returnUrl": RETURN}
    for _ in range(2):
        await house.post(f"{paid.project}/ads/ad-accounts/oauth-url", body)
    house.wait(61 * 86_400)
    (expired,) = (await paid.get("/ads/ad-accounts"))["items"]

    await house.post(f"{paid.project}/ads/ad-accounts/oauth-url", body)
    (waiting,) = (await paid.get("/ads/ad-accounts"))["items"]
    house.wait(20)
    (renewed,) = (await paid.get("/ads/ad-accounts"))["items"]

    assert [one["tokenStatus"] for one in (expired, waiting, renewed)] == ["expired", "expired", "valid"]
    assert renewed["adAccountId"] == expired["adAccountId"]
    assert renewed["connectedAt"] == expired["connectedAt"]
    assert len((await paid.get("/ads/campaigns"))["items"]) == 1


async def test_lists_are_walked_by_cursor_and_filtered(paid):
    """layers-api: ads/ads and its neighbours: platforms, parents, status, cursor, limit."""
    meta, tiktok, apple = paid.account(), paid.account("tiktok_ads"), paid.account("apple_ads")
    first, second = paid.campaign(meta), paid.campaign(tiktok, name="Second", days=10)
    paid.campaign(apple, name="Search", bid=180)

    page = await paid.get("/ads/ads", limit=3)
    rest = await paid.get("/ads/ads", limit=200, cursor=page["nextCursor"])
    every = [*page["items"], *rest["items"]]

    assert len({ad["adId"] for ad in every}) == len(every) == 8
    assert [ad["createdAt"] for ad in every] == sorted((ad["createdAt"] for ad in every), reverse=True)
    assert {ad["platform"] for ad in every} == {"meta_ads", "tiktok_ads"}
    assert len((await paid.get("/ads/adsets"))["items"]) == 3
    assert {one["campaignId"] for one in (await paid.get("/ads/adsets", adAccountId=meta))["items"]} == {first}
    assert [one["campaignId"] for one in (await paid.get("/ads/campaigns", platforms="tiktok_ads"))["items"]] == [second]
    assert (await paid.get("/ads/campaigns", status="paused"))["items"] == []
    since = (await paid.get(f"/ads/tiktok/campaigns/{second}"))["createdAt"]
    assert [one["campaignId"] for one in (await paid.get("/ads/campaigns", since=since))["items"]] == [second]
    await paid.get("/ads/ads", expected=422, cursor="nonsense")
    await paid.get(f"/ads/meta/campaigns/{second}", expected=404)


CREATE = {"name": "Spring", "outcome": "conversions", "campaignManagementMode": "draft", "creativeMode": "autopilot"}


async def test_the_simplified_create_sets_the_authority_by_its_modes(house, paid):
    """layers-api: ads/campaigns: management sets tactical and structural, creativeMode sets creative."""
    account = paid.account()
    paid.pool("Hook A", "Hook B", "Hook C", "Hook D")

    made = await house.post(f"{paid.project}/ads/meta/campaigns", {**CREATE, "adAccountId": account, "dailyBudgetCents": 5000}, status=202)
    campaign = made["campaignId"]
    shown = await paid.get(f"/ads/meta/campaigns/{campaign}/authority")

    assert (made["status"], made["verdictId"][:4]) == ("dispatched", "ver_")
    assert shown["authority"] == {"creative": "auto", "tactical": "draft", "structural": "draft"}
    assert shown["source"] == "per_campaign"
    assert len((await paid.get("/ads/ads", campaignId=campaign))["items"]) == 3
    assert [one["eventType"] for one in await paid.log()] == ["ads.campaign.created"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({}, "dailyBudgetCents"),
        ({"dailyBudgetCents": 5000, "lifetimeBudgetCents": 5000}, "dailyBudgetCents"),
        ({"dailyBudgetCents": 99}, "dailyBudgetCents"),
        ({"lifetimeBudgetCents": 5000}, "endTime"),
        ({"dailyBudgetCents": 5000, "endTime": "2026-04-18T00:00:00Z"}, "endTime"),
        ({"dailyBudgetCents": 5000, "startTime": "2020-01-01T00:00:00Z"}, "startTime"),
        ({"dailyBudgetCents": 5000, "adAccountId": "aac_nobody"}, "adAccountId"),
    ],
)
async def test_a_campaign_that_does_not_fit_is_refused_by_field(house, paid, wrong, path):
    """layers-api: ads/campaigns, bounds and conditions."""
    body = {**CREATE, "adAccountId": paid.account(), **wrong}

    refused = await house.post(f"{paid.project}/ads/meta/campaigns", body, status=422)

    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == [path]


async def test_an_axis_that_is_off_denies(house, paid):
    """layers-api: ads, "off -> denied, reason authority_axis_off"; a partner goes no further than the customer's policy."""
    account = paid.account()
    campaign = paid.campaign(account)
    paid.layer(structural="off")
    body = {**CREATE, "adAccountId": account, "dailyBudgetCents": 5000}

    created = await house.post(f"{paid.project}/ads/meta/campaigns", body, status=403)
    raised = await house.call(
        "PATCH", f"{paid.project}/ads/meta/campaigns/{campaign}/authority", {"authority": {"structural": "auto"}}, status=403
    )
    paid.layer(kill_switch=True)
    stopped = await house.call("PATCH", f"{paid.project}/ads/meta/defaults", {"defaults": {"creative": "off"}}, status=403)

    assert created["error"]["code"] == "AUTHORITY_DENIED"
    assert created["error"]["details"] == {"reason": "authority_axis_off", "axis": "structural"}
    assert raised["error"]["details"]["axis"] == "structural"
    assert stopped["error"]["details"]["reason"] == "layer_kill_switch"


@pytest.mark.parametrize(("axis", "mode"), [("creative", "creativeMode"), ("tactical", "campaignManagementMode")])
async def test_a_new_campaign_opens_nothing_that_the_layer_has_off(house, paid, axis, mode):
    """layers-api: authority, "cannot escalate past customer policy"; the mode manual asks for nothing."""
    account = paid.account()
    paid.layer(**{axis: "off"})
    body = {**CREATE, "adAccountId": account, "dailyBudgetCents": 5000}

    refused = await house.post(f"{paid.project}/ads/meta/campaigns", {**body, mode: "autopilot"}, status=403)
    await house.post(f"{paid.project}/ads/meta/campaigns", {**body, mode: "manual"}, status=202)

    assert refused["error"]["details"] == {"reason": "authority_axis_off", "axis": axis}
    assert len((await paid.get("/ads/campaigns"))["items"]) == 1


async def test_a_campaign_follows_its_layer_until_it_has_a_block_of_its_own(house, paid):
    """layers-api: ads/campaigns/authority, `source`."""
    campaign = paid.campaign(paid.account())
    path = f"/ads/meta/campaigns/{campaign}/authority"

    first = await paid.get(path)
    changed = await house.call("PATCH", f"{paid.project}/ads/meta/defaults", {"defaults": {"creative": "auto"}}, status=200)
    second = await paid.get(path)
    own = await house.call("PATCH", f"{paid.project}{path}", {"authority": {"tactical": "off"}}, status=200)
    await house.call("PATCH", f"{paid.project}/ads/meta/defaults", {"defaults": {"creative": "off"}}, status=200)
    refused = await house.call("PATCH", f"{paid.project}{path}", {"authority": {}}, status=422)

    assert (first["source"], first["authority"]["creative"]) == ("layer_defaults", "draft")
    assert changed["layerId"].startswith("lyr_")
    assert second["authority"]["creative"] == "auto"
    assert (own["source"], own["lastModifiedBy"]["actorType"]) == ("per_campaign", "partner")
    assert own["authority"] == {"creative": "auto", "tactical": "off", "structural": "draft"}
    assert (await paid.get(path))["authority"] == {"creative": "off", "tactical": "off", "structural": "draft"}
    assert refused["error"]["details"]["issues"][0]["path"] == "authority"
    await paid.get("/ads/tiktok/defaults", expected=404)


async def test_apple_has_no_ads_wherever_ads_are_named(paid):
    """layers-api: ads/ads, "ASA excluded (no ad-level object)"; what it cost is told of the ad group and all above it."""
    paid.campaign(paid.account("apple_ads"), name="Search", bid=180)

    creatives = (await paid.get("/ads-content"))["items"]
    by_group = {group: (await paid.get("/ads-metrics", groupBy=group))["series"] for group in ("ad", "adset", "campaign", "project")}

    assert (await paid.get("/ads/ads"))["items"] == []
    assert [one.get("activePromotions", []) for one in creatives] == [[]] * 4
    assert by_group.pop("ad") == []
    assert all(rows[0]["spend"] > 0 for rows in by_group.values())


async def test_an_axis_that_the_layer_closes_is_closed_for_every_campaign(house, paid):
    """layers-api: authority, "cannot escalate past customer policy": not by having asked earlier either."""
    campaign = paid.campaign(paid.account(), authority=AUTO)
    path = f"/ads/meta/campaigns/{campaign}/authority"

    await house.call("PATCH", f"{paid.project}/ads/meta/defaults", {"defaults": {"tactical": "off"}}, status=200)

    assert (await paid.get(path))["authority"] == {**AUTO, "tactical": "off"}
