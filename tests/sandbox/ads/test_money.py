"""What is not one money is never added up: averages, lifts of scores, and the currency of a run."""

from __future__ import annotations

import pytest

from layers_mcp.sandbox.ads import pool
from layers_mcp.sandbox.ads.facts import WINDOWS, AdFacts, AdsetFacts, CampaignFacts, LayerFacts, Window
from layers_mcp.sandbox.ads.ledger import Brought
from layers_mcp.sandbox.ads.optimizer import decide

pytestmark = pytest.mark.anyio
DRAFT = {"creative": "draft", "tactical": "draft", "structural": "draft"}


def _ad(name: str, spend: int, conversions: int) -> AdFacts:
    windows = dict.fromkeys(WINDOWS, Window(spend, 5000, 50, conversions))
    named = {"id": name, "adset_id": "adg_1", "campaign_id": "cmp_1", "creative_id": None}
    return AdFacts(**named, age_days=20, learning=False, windows=windows, frequency=1.5)


@pytest.mark.parametrize(
    ("one_money", "states"), [(True, {"dear": "CRITICAL", "fine": "TOP_PERFORMER"}), (False, dict.fromkeys(("dear", "fine"), "HEALTHY"))]
)
async def test_ads_of_two_currencies_have_no_average(one_money, states):
    """layers-api: optimizer, "CPA > 2.5x pool average"; without one and without a target there is nothing to compare with."""
    facts = LayerFacts(
        platform="meta_ads",
        ads=(_ad("dear", 30_000, 3), _ad("fine", 30_000, 60)),
        adsets=(AdsetFacts(id="adg_1", campaign_id="cmp_1", bid_cents=None, tried=frozenset()),),
        campaigns=(CampaignFacts(id="cmp_1", daily_budget_cents=6000, authority=DRAFT),),
        one_money=one_money,
    )

    made = decide(facts)

    assert {one.ad_id: one.state for one in made if one.ad_id} == states
    assert {one.inputs["poolCpa30dCents"] for one in made} == {952 if one_money else None}


async def test_spend_in_two_currencies_lifts_no_score(paid):
    """layers-api: organic-scoring, spend30d / 33.3, which is an amount of one money."""
    at = paid.now()
    one = pool.Creative("adc_1", "manual", "adc_1", "manual", at)
    spent = {money: {"adc_1": Brought(10_000, 0.0, money)} for money in ("USD", None)}

    assert [one.facts(at, spent[money]).score for money in ("USD", None)] == [10.0, 7.0]


async def test_a_run_names_its_currency_when_there_is_one(house, paid):
    """layers-api: ads, money is cents of the account's currency."""
    paid.campaign(paid.account(currency="EUR"))
    layer = (await paid.get("/ads/meta/defaults"))["layerId"]

    async def currency() -> str | None:
        body = {"layerId": layer, "platform": "meta_ads", "dryRun": True}
        run = await house.post(f"{paid.project}/ads/optimizer/run", body, status=202)
        return (await paid.get(f"/ads/optimizer/runs/{run['runId']}")).get("currency")

    one = await currency()
    paid.account(currency="USD", name="Other")

    assert (one, await currency()) == ("EUR", None)
