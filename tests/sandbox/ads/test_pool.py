"""Ads are made of what was generated and approved, and what they bring comes back to it."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from layers_mcp.database import writing
from layers_mcp.sandbox import tables

pytestmark = pytest.mark.anyio
CREATE = {"name": "Launch", "outcome": "conversions", "creativeMode": "autopilot", "campaignManagementMode": "autopilot"}
WEEK_S = 7 * 86_400


async def _shown_by(house, paid, account: str) -> set[str]:
    """What the ads of a new campaign show."""
    body = CREATE | {"adAccountId": account, "dailyBudgetCents": 5000}
    made = await house.post(f"{paid.project}/ads/meta/campaigns", body, status=202)
    return {one["adsContentId"] for one in (await paid.get("/ads/ads", campaignId=made["campaignId"]))["items"]}


async def _creative(paid, name: str):
    return next(one for one in (await paid.get("/ads-content"))["items"] if one["adsContentId"] == name)


def _creative_id(container: str) -> str:
    return f"adc_{container.removeprefix('cnt_')}"


@pytest.fixture
async def approved(house, paid) -> str:
    """A container that may go out."""
    container = await house.content(paid.project)
    await house.post(f"/v1/content/{container}/approve", {})
    return container


async def test_only_what_the_review_lets_through_becomes_an_ad(house, paid, approved):
    """rules-and-loops: "The gate is the only" way to an audience; pending and rejected content is listed, and in no ad."""
    account = paid.account()
    rejected, pending = [await house.content(paid.project, brief={"hook": f"Hook {number}"}) for number in range(2)]
    await house.post(f"/v1/content/{rejected}/reject", {"reason": "off brand"})

    shown = await _shown_by(house, paid, account)
    await house.post(f"/v1/content/{pending}/approve", {})

    assert shown == {_creative_id(approved)}
    assert {one["sourceId"] for one in (await paid.get("/ads-content"))["items"]} == {approved, rejected, pending}
    assert await _shown_by(house, paid, account) == {_creative_id(approved), _creative_id(pending)}


async def test_an_override_decides_what_ads_take(house, paid, approved):
    """layers-api: ad-eligibility; include bypasses the score, exclude is always off."""
    account, path = paid.account(), f"{paid.project}/ads-content/{_creative_id(approved)}"
    await house.call("PATCH", path, {"override": "exclude"}, status=200)
    excluded = await _shown_by(house, paid, account)
    house.wait(4 * WEEK_S)
    await house.call("PATCH", path, {"override": None}, status=200)
    old = await _shown_by(house, paid, account)
    await house.call("PATCH", path, {"override": "include"}, status=200)

    assert (excluded, old) == (set(), set())
    assert await _shown_by(house, paid, account) == {_creative_id(approved)}


async def test_what_was_not_generated_here_is_overridden_too(house, paid):
    """The ads that an account brought show creatives of the pool `manual`."""
    paid.pool("Founder explains", pool="manual")
    (known,) = (await paid.get("/ads-content"))["items"]

    told = await house.call("PATCH", f"{paid.project}/ads-content/{known['adsContentId']}", {"override": "exclude"}, status=200)

    assert (known["sourceType"], known["scoringPool"], known["eligible"]) == ("manual", "manual", True)
    assert (told["override"], told["eligible"]) == ("exclude", False)
    assert await _shown_by(house, paid, paid.account()) == set()


async def test_spend_lifts_the_score_and_running_ads_are_listed(house, paid, approved):
    """layers-api: organic-scoring, adBoost = min(3, spend30d / 33.3); ads-content, activePromotions."""
    await _shown_by(house, paid, paid.account())
    house.wait(WEEK_S)

    lifted = await _creative(paid, _creative_id(approved))
    spent = (await paid.get("/ads-metrics", groupBy="ad", metrics="spend"))["series"][0]

    by_age = 7 - 5 * 7 / 30
    assert spent["spend"] > 100
    assert lifted["organicScore"] == pytest.approx(by_age + 3, abs=0.05)
    assert [ad["adId"] for ad in lifted["activePromotions"]] == [spent["adId"]]


async def test_the_return_on_spend_ranks_whatever_ads_showed_in_the_window(house, paid, approved):
    """layers-api: top-performers by roas, paid signal; posts of any age, since ads outlive them."""
    account = await house.account(paid.project)
    await house.post(f"/v1/content/{approved}/publish", {"targets": [{"socialAccountId": account}]})
    house.wait(2 * WEEK_S)
    before = (await paid.get("/top-performers", metric="roas", includeIneligible="true"))["items"]
    await house.call("PATCH", f"{paid.project}/ads-content/{_creative_id(approved)}", {"override": "include"}, status=200)
    ad = await _shown_by(house, paid, paid.account())
    house.wait(WEEK_S)

    (ranked,) = (await paid.get("/top-performers", metric="roas", window="7d"))["items"]
    told = (await paid.get("/ads-metrics", groupBy="ad", metrics="roas"))["series"][0]

    assert (before, ad) == ([], {_creative_id(approved)})
    assert ranked["sourceId"] == approved
    assert ranked["metricValue"] == ranked["roas"] == pytest.approx(told["roas"], rel=0.001)


async def test_two_currencies_have_no_return(house, paid, approved):
    """What is not one money has no sum."""
    await house.post(f"/v1/content/{approved}/publish", {"targets": [{"socialAccountId": await house.account(paid.project)}]})
    for currency in ("USD", "EUR"):
        await _shown_by(house, paid, paid.account(currency=currency, name=currency))
    house.wait(WEEK_S)

    assert (await paid.get("/top-performers", metric="roas"))["items"] == []
    assert (await paid.get("/top-performers", metric="views"))["items"][0].get("roas") is None


async def test_what_a_creative_is_worth_shows_in_its_ads(house, paid):
    """Issue 4: ads follow the quality that their creative's posts have; nobody is told it, and everybody can measure it."""
    spread = (-2.0, 0.0, 2.0)
    for number, quality in enumerate(spread):
        container = await house.content(paid.project, brief={"hook": f"Hook {number}"})
        await house.post(f"/v1/content/{container}/approve", {})
        with writing(paid.world.engine) as connection:
            connection.execute(update(tables.containers).where(tables.containers.c.id == container).values(quality=quality))
    await _shown_by(house, paid, paid.account())
    house.wait(WEEK_S)

    rows = (await paid.get("/ads-metrics", groupBy="ad", metrics=["spend", "cpa", "ctr"]))["series"]
    by_hook = sorted(rows, key=lambda row: row["name"])

    assert [row["name"] for row in by_hook] == ["Hook 0", "Hook 1", "Hook 2"]
    assert by_hook[0]["ctr"] < by_hook[1]["ctr"] < by_hook[2]["ctr"]
    assert by_hook[2]["cpa"] < by_hook[1]["cpa"]
    assert by_hook[0]["spend"] < by_hook[1]["spend"] < by_hook[2]["spend"]
