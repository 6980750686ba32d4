"""One cycle of the optimizer: from what was measured to what is done, and why; a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from layers_mcp.sandbox.ads import rules
from layers_mcp.sandbox.ads.facts import Action, AdFacts, AdsetFacts, CampaignFacts, CreativeFacts, LayerFacts, Proposal, Window
from layers_mcp.sandbox.ads.rules import Verdict
from layers_mcp.sandbox.ads.selection import capacity, selected

__all__ = ["DENIALS", "decide"]

_FRESH = 1
"""Creatives pushed into one ad set in one cycle; ours (a content refresh takes 3, layers-api: content-refresh)."""
_SPENDS = 0.8
"""Ours: the share of its budget that a campaign has to spend before it gets more."""
_GOOD, _BAD = 0.8, 1.5
"""Ours: CPA against what is expected, for more budget and for less."""
_LEAST_BUDGET = 500
"""Ours: cents a day below which a budget is not lowered."""
QUEUED: frozenset[Action] = frozenset({"pause_ad", "update_budget", "push_creative", "replace_creative"})
"""What the queue has a word for (layers-api: ads/pending, `actionType`); a bid has none."""
AXIS_OFF, UNASKED = "authority_axis_off", "authority_axis_draft"
DENIALS = (AXIS_OFF, UNASKED)
"""What holds a proposal that its campaign's authority does not let pass; such holds count for no cap."""
Check = tuple[str, bool]


def _added(windows: Sequence[Window]) -> Window:
    return Window(*(sum(column) for column in zip(*windows, strict=True))) if windows else Window()


def _rested(hours: float | None, kind: str) -> bool:
    return hours is None or hours >= rules.COOLDOWN_H[kind]


@dataclass
class _Cycle:
    """What a cycle has done so far. `running`: ads that surely go on, by ad set; `filled`: those that take a place."""

    facts: LayerFacts
    average: float | None
    running: dict[str, int]
    filled: dict[str, int]
    fresh: dict[str, list[CreativeFacts]]
    actions: int = 0
    pauses: int = 0
    made: list[Proposal] = field(default_factory=list[Proposal])

    @property
    def expected(self) -> float | None:
        return self.facts.target_cpa_cents or self.average or None

    def _denial(self, proposal: Proposal) -> str | None:
        """What the authority has against it; a yes can't be asked for where the queue has no word for the action."""
        bucket = next(one.authority[proposal.axis] for one in self.facts.campaigns if one.id == proposal.campaign_id)
        unasked = bucket == "draft" and proposal.wanted not in QUEUED
        return AXIS_OFF if bucket == "off" else UNASKED if unasked else None

    def settle(self, proposal: Proposal, checks: Sequence[Check]) -> bool:
        """Write `proposal` down, as a hold when one of `checks` fails; whether it stands."""
        every = (*checks, ("actions_per_cycle", self.actions < rules.MOST_ACTIONS), ("kill_switch_off", not self.facts.kill_switch))
        passed, failed = tuple(name for name, good in every if good), next((name for name, good in every if not good), None)
        failed = failed or self._denial(proposal)
        changes: dict[str, Any] = {"passed": passed, "blocked_by": failed}
        if failed is not None:
            changes |= {"action": "hold", "replacement": None}
        self.made.append(Proposal(**(vars(proposal) | changes)))
        self.actions += failed is None
        return failed is None


def _inputs(ad: AdFacts, cycle: _Cycle, verdict: Verdict) -> dict[str, float | int | str | None]:
    week, price = ad.windows[7], rules.cpa(ad.windows[7])
    return {
        "spend7dCents": week.spend_cents,
        "conversions7d": week.conversions,
        "impressions7d": week.impressions,
        "cpa7dCents": None if price is None else round(price),
        "targetCpaCents": cycle.facts.target_cpa_cents,
        "poolCpa30dCents": None if cycle.average is None else round(cycle.average),
        "frequency7d": None if ad.frequency is None else round(ad.frequency, 2),
        "ageDays": int(ad.age_days),
        "score": round(verdict.score, 1),
        "confidence": round(verdict.confidence, 2),
    }


def _judge_ad(cycle: _Cycle, ad: AdFacts, verdict: Verdict) -> None:
    """Pause it, with a replacement where the pool has one, or hold."""
    kept: dict[str, Any] = {"campaign_id": ad.campaign_id, "adset_id": ad.adset_id, "ad_id": ad.id, "creative_id": ad.creative_id}
    kept |= {"state": verdict.state, "confidence": verdict.confidence, "inputs": _inputs(ad, cycle, verdict), "reason": verdict.rule}
    if verdict.state not in rules.PAUSABLE:
        cycle.made.append(Proposal(action="hold", wanted="hold", axis="structural", **kept))
        return
    fresh = cycle.fresh.get(ad.adset_id, [])
    wanted = "replace_creative" if fresh else "pause_ad"
    checks = (
        ("min_age_3_days", ad.age_days >= rules.MIN_AGE_DAYS),
        ("min_spend_5", ad.windows[30].spend_cents >= rules.MIN_SPEND_CENTS),
        ("confidence_0_5", verdict.confidence >= rules.MIN_CONFIDENCE),
        ("asked_already", not ad.asked),
        ("cooldown_48_h", _rested(ad.rested_h, "structural")),
        ("never_empties_an_ad_set", cycle.running[ad.adset_id] > 1),
        ("pauses_per_cycle", cycle.pauses < rules.MOST_PAUSES),
    )
    replacement = fresh[0] if fresh else None
    axis = "creative" if fresh else "structural"
    if cycle.settle(Proposal(action=wanted, wanted=wanted, axis=axis, replacement=replacement, **kept), checks):
        cycle.pauses += 1
        cycle.running[ad.adset_id] -= 1
        cycle.filled[ad.adset_id] -= not fresh
        del fresh[:1]


def _budget_move(campaign: CampaignFacts, week: Window, expected: float) -> tuple[float, str]:
    price, budget = rules.cpa(week), campaign.daily_budget_cents or 0
    if price is not None and price <= _GOOD * expected and week.spend_cents >= _SPENDS * 7 * budget:
        return rules.BUDGET_UP, "it spends its budget and its conversions cost less than expected"
    if (week.spend_cents if price is None else price) >= _BAD * expected:
        return rules.BUDGET_DOWN, "its conversions cost much more than expected"
    return 0.0, "its conversions cost about what is expected"


def _judge_budget(cycle: _Cycle, campaign: CampaignFacts) -> None:
    ads = [ad for ad in cycle.facts.ads if ad.campaign_id == campaign.id]
    week, expected, budget = _added([ad.windows[7] for ad in ads]), cycle.expected, campaign.daily_budget_cents
    if expected is None or budget is None or not ads:
        return
    share, reason = _budget_move(campaign, week, expected)
    after = rules.stepped(budget, share, floor=_LEAST_BUDGET)
    if after == budget:
        return
    sure = rules.confidence(week, expected)
    price = rules.cpa(week)
    inputs: dict[str, float | int | str | None] = {
        "spend7dCents": week.spend_cents,
        "conversions7d": week.conversions,
        "impressions7d": week.impressions,
        "cpa7dCents": None if price is None else round(price),
        "targetCpaCents": cycle.facts.target_cpa_cents,
        "poolCpa30dCents": None if cycle.average is None else round(cycle.average),
        "dailyBudgetCents": budget,
        "confidence": round(sure, 2),
    }
    move = abs(after - budget)
    checks = (
        ("min_age_3_days", max(ad.age_days for ad in ads) >= rules.MIN_AGE_DAYS),
        ("min_impressions_100", week.impressions >= rules.MIN_IMPRESSIONS),
        ("confidence_0_5", sure >= rules.MIN_CONFIDENCE),
        ("asked_already", not campaign.asked),
        ("cooldown_48_h", _rested(campaign.rested_h, "budget")),
        ("step_at_most_50_percent", move <= rules.MOST_STEP * budget),
        ("step_at_most_100", move <= rules.MOST_STEP_CENTS),
    )
    kept: dict[str, Any] = {"campaign_id": campaign.id, "inputs": inputs, "reason": reason, "confidence": sure}
    cycle.settle(Proposal(action="update_budget", wanted="update_budget", axis="tactical", before=budget, after=after, **kept), checks)


def _judge_bid(cycle: _Cycle, adset: AdsetFacts) -> None:
    ads = [ad for ad in cycle.facts.ads if ad.adset_id == adset.id]
    week, expected, bid = _added([ad.windows[7] for ad in ads]), cycle.expected, adset.bid_cents
    if expected is None or bid is None or not ads:
        return
    price = rules.cpa(week)
    if price is None or _GOOD * expected < price < _BAD * expected:
        return
    after = rules.stepped(bid, rules.BID_STEP if price <= _GOOD * expected else -rules.BID_STEP)
    if after == bid:
        return
    sure = rules.confidence(week, expected)
    inputs: dict[str, float | int | str | None] = {
        "spend7dCents": week.spend_cents,
        "conversions7d": week.conversions,
        "impressions7d": week.impressions,
        "cpa7dCents": round(price),
        "bidCents": bid,
        "confidence": round(sure, 2),
    }
    checks = (
        ("min_age_3_days", max(ad.age_days for ad in ads) >= rules.MIN_AGE_DAYS),
        ("min_impressions_100", week.impressions >= rules.MIN_IMPRESSIONS),
        ("confidence_0_5", sure >= rules.MIN_CONFIDENCE),
        ("cooldown_24_h", _rested(adset.bid_rested_h, "bid")),
    )
    reason = "its conversions cost less than expected" if after > bid else "its conversions cost much more than expected"
    kept: dict[str, Any] = {"campaign_id": adset.campaign_id, "adset_id": adset.id, "inputs": inputs, "reason": reason, "confidence": sure}
    cycle.settle(Proposal(action="update_bid", wanted="update_bid", axis="tactical", before=bid, after=after, **kept), checks)


def _judge_pool(cycle: _Cycle, adset: AdsetFacts) -> None:
    """Push the best creatives that the ad set has not run yet."""
    for one in cycle.fresh.get(adset.id, [])[:_FRESH]:
        room = capacity(cycle.facts.platform, cycle.filled[adset.id], len(adset.tried))
        rested = _rested(adset.rested_h, "structural")
        checks = (("asked_already", not adset.asked), ("cooldown_48_h", rested), ("room_in_the_ad_set", room > 0))
        kept: dict[str, Any] = {"campaign_id": adset.campaign_id, "adset_id": adset.id, "creative_id": one.id, "replacement": one}
        inputs: dict[str, float | int | str | None] = {"organicScore": round(one.score, 2), "pool": one.pool, "override": one.override}
        reason = "it is among the best of its pool and has not run in this ad set"
        proposal = Proposal(action="push_creative", wanted="push_creative", axis="creative", inputs=inputs, reason=reason, **kept)
        if cycle.settle(proposal, checks):
            cycle.filled[adset.id] += 1


def _severity(verdict: Verdict, ad: AdFacts) -> tuple[int, int]:
    rank = rules.PAUSABLE.index(verdict.state) if verdict.state in rules.PAUSABLE else len(rules.PAUSABLE)
    return rank, -ad.windows[7].spend_cents


def decide(facts: LayerFacts) -> tuple[Proposal, ...]:
    """What one cycle does, worst ads first; holds are among it, with what held them.

    Apple has no ads, so there only budgets and bids move (layers-api: ads/ads, "ASA excluded").
    """
    month = _added([ad.windows[30] for ad in facts.ads])
    best = selected(facts.creatives)
    running = {adset.id: sum(ad.adset_id == adset.id for ad in facts.ads) for adset in facts.adsets}
    places = {adset.id: capacity(facts.platform, 0, len(adset.tried)) for adset in facts.adsets}
    cycle = _Cycle(
        facts=facts,
        average=rules.cpa(month) if facts.one_money else None,
        running=running,
        filled=dict(running),
        fresh={adset.id: [one for one in best if one.id not in adset.tried][: places[adset.id]] for adset in facts.adsets},
        actions=facts.acted,
        pauses=facts.paused,
    )
    if facts.platform != "apple_ads":
        judged = [(ad, rules.classify(ad, target=facts.target_cpa_cents, average=cycle.average)) for ad in facts.ads]
        for ad, verdict in sorted(judged, key=lambda pair: _severity(pair[1], pair[0])):
            _judge_ad(cycle, ad, verdict)
    for campaign in facts.campaigns:
        _judge_budget(cycle, campaign)
    for adset in facts.adsets:
        _judge_bid(cycle, adset)
    if facts.platform != "apple_ads":
        for adset in facts.adsets:
            _judge_pool(cycle, adset)
    return tuple(cycle.made)
