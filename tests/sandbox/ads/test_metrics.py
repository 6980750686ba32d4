"""Ads metrics in both wire forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from layers_mcp.contract.scalars import wire_time

pytestmark = pytest.mark.anyio
OFF = {"creative": "off", "tactical": "off", "structural": "off"}


async def test_both_forms_tell_the_same_in_their_own_unit(paid):
    """Seed 000, loop 3: major units, a row an ad; layers-api: ads-metrics: cents, series and totals."""
    account = paid.account()
    campaign = paid.campaign(account)
    until = paid.now()
    window = {"since": wire_time(until - timedelta(days=7)), "until": wire_time(until)}

    seeds = await paid.get("/ads-metrics", groupBy="ad", metrics=["spend", "conversions", "cpa"], **window)
    whole = await paid.get("/ads-metrics", scope="campaign", id=campaign, **window)
    single = await paid.get("/ads-metrics", scope="ad", id=seeds["series"][0]["adId"], metrics=["spend", "conversions"], **window)

    assert round(sum(ad["spend"] for ad in seeds["series"]) * 100) == whole["totals"]["spend"]
    assert isinstance(whole["totals"]["spend"], int)
    assert sum(bucket["spend"] for bucket in whole["series"]) == whole["totals"]["spend"]
    assert sum(bucket["conversions"] for bucket in whole["series"]) == whole["totals"]["conversions"]
    assert single["totals"]["spend"] == round(seeds["series"][0]["spend"] * 100)
    assert 50 * 100 < whole["totals"]["spend"] <= 7 * 12_000
    assert {"adId", "adsetId", "campaignId", "adAccountId", "adsContentId", "currency", "spend", "conversions", "cpa"} <= set(
        seeds["series"][0]
    )


async def test_buckets_are_days_of_the_projects_zone_across_a_clock_change(house, paid):
    """Issue 4: a window across a daylight-saving change; Europe/Berlin goes forward on 29 March 2026."""
    project = type(paid)(house, await house.project(timezone="Europe/Berlin"))
    project.campaign(project.account())
    since, until = datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)

    shown = await project.get("/ads-metrics", scope="project", id=project.id, since=wire_time(since), until=wire_time(until))
    weeks = await project.get("/ads-metrics", scope="project", id=project.id, granularity="week", until=wire_time(until))

    starts = [datetime.fromisoformat(bucket["start"]) for bucket in shown["series"]]
    assert [(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(starts)] == [24, 23, 24]
    assert {datetime.fromisoformat(bucket["start"]).hour for bucket in weeks["series"][1:]} == {22, 23}


async def test_what_is_not_one_money_has_no_sum(paid):
    """Issue 4: mixed currencies are never summed."""
    paid.campaign(paid.account(), name="Here")
    paid.campaign(paid.account("tiktok_ads", currency="EUR"), name="There")

    whole = await paid.get("/ads-metrics", scope="project", id=paid.id)
    by_account = await paid.get("/ads-metrics", groupBy="ad_account", metrics=["spend", "impressions"])

    assert whole["totals"]["currency"] is None
    assert whole["totals"]["spend"] is None
    assert {row["currency"] for row in by_account["series"]} == {"USD", "EUR"}
    assert whole["totals"]["impressions"] == sum(row["impressions"] for row in by_account["series"])
    one = await paid.get("/ads-metrics", scope="project", id=paid.id, platforms="meta_ads")
    assert one["totals"]["currency"] == "USD"


async def test_creatives_tire_and_money_keeps_its_budget(house, paid):
    """Issue 4: spend, clicks and conversions follow the creative's fatigue; spend is paced by the daily budget."""
    paid.campaign(paid.account(), authority=OFF, budget=9000, hooks=("Only",), days=1)
    paid.layer(target_cpa_cents=None)
    rows = []
    for _ in range(6):
        house.wait(10 * 86_400)
        since = wire_time(paid.now() - timedelta(days=10))
        rows.append(
            (await paid.get("/ads-metrics", groupBy="ad", metrics=["spend", "clicks", "impressions", "ctr"], since=since))["series"][0]
        )

    assert all(0.85 * 900 <= row["spend"] <= 900 for row in rows)
    assert rows[-1]["ctr"] < 0.6 * rows[0]["ctr"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"since": "0001-01-01T00:00:00Z"}, "since"),
        ({"until": "0001-01-05T00:00:00Z"}, "until"),
        ({"groupBy": "ad", "until": "0001-01-05T00:00:00Z"}, "until"),
        ({"until": "9999-12-31T23:59:59Z"}, "until"),
    ],
)
async def test_no_window_lies_where_the_calendar_ends(house, paid, query, path):
    """A refusal names the field; a project west of Greenwich has no first of January of the year one."""
    west = type(paid)(house, await house.project(timezone="America/Los_Angeles"))
    scope = {} if "groupBy" in query else {"scope": "project", "id": west.id}

    refused = await west.get("/ads-metrics", expected=422, **scope, **query)

    (issue,) = refused["error"]["details"]["issues"]
    assert (issue["path"], "2000" in issue["message"]) == (path, True)


@pytest.mark.parametrize(("granularity", "says"), [("day", "or weeks"), ("week", "take a shorter one")])
async def test_too_many_buckets_are_refused_with_a_way_out_that_is_there(paid, granularity, says):
    """Ours, 1,000 buckets; who has weeks already is not told to take weeks."""
    query = {"scope": "project", "id": paid.id, "granularity": granularity, "since": "2000-01-01T00:00:00Z"}

    refused = await paid.get("/ads-metrics", expected=422, **query)

    (issue,) = refused["error"]["details"]["issues"]
    assert (issue["path"], issue["message"].endswith(says)) == ("granularity", True)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({}, "scope"),
        ({"scope": "ad"}, "id"),
        ({"groupBy": "ad", "scope": "ad", "id": "ad_1"}, "groupBy"),
        ({"groupBy": "ad", "granularity": "day"}, "granularity"),
        ({"groupBy": "ad", "since": "2026-05-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}, "since"),
        ({"groupBy": "country"}, "groupBy"),
    ],
)
async def test_the_two_forms_are_never_mixed(paid, query, path):
    """layers-api: ads-metrics; each refusal names the field."""
    refused = await paid.get("/ads-metrics", expected=422, **query)

    assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_only_what_belongs_to_the_project_is_measured(house, paid):
    """layers-api: the path's project is a guard."""
    other = type(paid)(house, await house.project("Somebody Else"))
    campaign = other.campaign(other.account())

    await paid.get("/ads-metrics", expected=404, scope="campaign", id=campaign)

    assert (await paid.get("/ads-metrics", groupBy="ad"))["series"] == []
    assert (await paid.get("/ads-metrics", scope="project", id=paid.id))["totals"]["spend"] == 0
