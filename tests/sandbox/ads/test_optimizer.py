"""The optimizer's rules as pure functions: states, guardrails, selection."""

from __future__ import annotations

import pytest

from layers_mcp.sandbox.ads import rules
from layers_mcp.sandbox.ads.facts import WINDOWS, AdFacts, AdsetFacts, CampaignFacts, CreativeFacts, LayerFacts, Window
from layers_mcp.sandbox.ads.optimizer import decide
from layers_mcp.sandbox.ads.selection import capacity, eligible, selected

DRAFT = {"creative": "draft", "tactical": "draft", "structural": "draft"}


def windows(week: tuple[int, int], month: tuple[int, int] | None = None, *, shown: int = 5000) -> dict[int, Window]:
    """Measured windows with this spend and these conversions in 7 and in 30 days."""
    long = month or week
    return {days: Window(*(week if days <= 7 else long)[:1], shown, shown // 100, (week if days <= 7 else long)[1]) for days in WINDOWS}


def ad(name: str = "ad_1", *, adset: str = "adg_1", age: float = 20, learning: bool = False, frequency: float = 1.5, **measured) -> AdFacts:
    """A running ad."""
    return AdFacts(
        id=name,
        adset_id=adset,
        campaign_id="cmp_1",
        creative_id=f"adc_{name}",
        age_days=age,
        learning=learning,
        windows=windows(**measured),
        frequency=frequency,
    )


@pytest.mark.parametrize(
    "one",
    [
        ad(week=(27_000, 10)),
        ad(week=(27_000, 10), month=(60_000, 60), frequency=4.2),
        ad(week=(5001, 0)),
    ],
)
def test_a_score_of_fifty_or_more_is_never_paused(one):
    """layers-api: concepts/optimizer, "HEALTHY (>= 50, never paused)": above the pool's average, tired, or without conversion."""
    target = 3000 if one.windows[7].conversions else 9000

    verdict = rules.classify(one, target=target, average=1000)

    assert (verdict.state, verdict.score >= 50) == ("HEALTHY", True)


@pytest.mark.parametrize(
    ("age", "month", "state"),
    [(10, (12_000, 8), "FATIGUED"), (9.9, (12_000, 8), "UNDERPERFORMING"), (20, (10_999, 8), "UNDERPERFORMING")],
)
def test_an_ad_without_a_time_before_is_not_tired(age, month, state):
    """layers-api: dashboard, "falling performance": there must be something to fall from; 3 days and 20.00 are ours (`drift`)."""
    one = ad(age=age, week=(9000, 3), month=month, frequency=4.2)

    assert rules.classify(one, target=1200, average=1200).state == state


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (ad(age=2.9, week=(9000, 0)), "TOO_YOUNG"),
        (ad(learning=True, week=(9000, 0)), "LEARNING_PHASE"),
        (ad(week=(9000, 15)), "TOP_PERFORMER"),
        (ad(week=(9000, 8)), "HEALTHY"),
        (ad(week=(9000, 3)), "UNDERPERFORMING"),
        (ad(week=(5001, 0)), "CRITICAL"),
        (ad(week=(5000, 0)), "UNDERPERFORMING"),
        (ad(week=(9000, 3), month=(40000, 35), frequency=4.2), "FATIGUED"),
        (ad(week=(9000, 3), month=(40000, 35), frequency=3.0), "UNDERPERFORMING"),
        (ad(week=(9000, 2)), "CRITICAL"),
        (ad(age=40, week=(0, 0), shown=0), "HEALTHY"),
    ],
)
def test_states_are_those_of_the_rules(one, state):
    """layers-api: concepts/optimizer: 3 days, the platform's word, 80, 50, > $50 and nothing in 7 days, 2.5 times the pool."""
    assert rules.classify(one, target=1200, average=1200).state == state


def test_the_documented_example_is_paused_as_fatigued():
    """layers-api: optimizer, decision record: target $12, CPA $32, frequency 4.2, 12 days: PAUSE, FATIGUED."""
    tired = ad("ad_tired", age=12, week=(9600, 3), month=(20000, 12), frequency=4.2)
    fine = ad("ad_fine", week=(30000, 24), month=(90000, 70))
    facts = LayerFacts(
        platform="meta_ads",
        ads=(tired, fine),
        adsets=(AdsetFacts(id="adg_1", campaign_id="cmp_1", bid_cents=None, tried=frozenset({"adc_ad_tired", "adc_ad_fine"})),),
        campaigns=(CampaignFacts(id="cmp_1", daily_budget_cents=6000, authority=DRAFT),),
        creatives=(CreativeFacts("adc_new", "ugc", 6.4),),
        target_cpa_cents=1200,
    )

    first = decide(facts)[0]

    assert (first.ad_id, first.action, first.state, first.axis) == ("ad_tired", "replace_creative", "FATIGUED", "creative")
    assert first.replacement == CreativeFacts("adc_new", "ugc", 6.4)
    assert first.inputs["cpa7dCents"] == 3200
    assert {"min_age_3_days", "min_spend_5", "never_empties_an_ad_set", "cooldown_48_h"} <= set(first.passed)


def test_the_pool_is_ranked_by_pool_and_overrides_win():
    """layers-api: ad-eligibility: score >= 4.0 or include, not exclude, never unsafe; three slots a pool."""
    pool = [CreativeFacts(f"g{n}", "generated", 4.0 + n / 10) for n in range(5)] + [
        CreativeFacts("low", "ugc", 3.99),
        CreativeFacts("kept", "ugc", 1.0, "include"),
        CreativeFacts("never", "manual", 9.0, "exclude"),
        CreativeFacts("unsafe", "manual", 9.0, "include", safety_failed=True),
    ]

    assert [one.id for one in selected(pool)] == ["g4", "g3", "g2", "kept"]
    assert not eligible(pool[-1])
    assert (capacity("meta_ads", 9, 50), capacity("meta_ads", 9, 20), capacity("tiktok_ads", 4, 90)) == (0, 1, 6)


def test_an_action_that_waits_for_its_yes_is_not_asked_for_again():
    """Ours (`drift`, "the same action asked twice"); the guardrail is named for what it is, not for a cooldown."""
    one, other = ad("ad_1", week=(9000, 0)), ad("ad_2", week=(9000, 9))
    creatives = (CreativeFacts("adc_new", "generated", 8.0), CreativeFacts("adc_next", "generated", 7.0))
    facts = LayerFacts(
        platform="meta_ads",
        ads=(AdFacts(**(vars(one) | {"asked": True})), other),
        adsets=(AdsetFacts(id="adg_1", campaign_id="cmp_1", bid_cents=None, tried=frozenset({"adc_ad_1", "adc_ad_2"}), asked=True),),
        campaigns=(CampaignFacts(id="cmp_1", daily_budget_cents=9000, authority=DRAFT, asked=True),),
        creatives=creatives,
        target_cpa_cents=600,
    )

    made = [one for one in decide(facts) if one.wanted != "hold"]

    assert {one.wanted for one in made} == {"replace_creative", "update_budget", "push_creative"}
    assert {(one.action, one.blocked_by) for one in made} == {("hold", "asked_already")}


@pytest.mark.parametrize(("bucket", "blocked"), [("off", "authority_axis_off"), ("draft", "authority_axis_draft"), ("auto", None)])
def test_a_bid_moves_only_where_nobody_need_be_asked(bucket, blocked):
    """layers-api: ads, authority; the queue has no word for a bid. What the authority stops counts for no cap."""
    adsets = tuple(AdsetFacts(id=f"adg_{n}", campaign_id="cmp_1", bid_cents=180, tried=frozenset()) for n in range(50))
    ads = tuple(ad(f"ad_{n}", adset=f"adg_{n}", week=(9000, 3)) for n in range(50))
    authority = {**DRAFT, "tactical": bucket}
    campaign = CampaignFacts(id="cmp_1", daily_budget_cents=None, authority=authority)

    made = decide(LayerFacts(platform="apple_ads", ads=ads, adsets=adsets, campaigns=(campaign,), target_cpa_cents=600))

    assert [one.blocked_by for one in made] == [blocked] * (50 if blocked else 40) + ["actions_per_cycle"] * (0 if blocked else 10)
