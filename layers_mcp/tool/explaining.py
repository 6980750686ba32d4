"""Words about a decision, each resting on something that is on record: a recorded input, a measured number, or a stated rule.

Nothing is inferred: what is not on record is said to be "not recorded". Names and texts of others never stand in the words; they are
quoted in the evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field, JsonValue

from layers_mcp.tool.decided import Known
from layers_mcp.tool.outcome import View
from layers_mcp.tool.period import Period
from layers_mcp.tool.spending import Row

__all__ = ["AT_MOST_WORDS", "Explanation", "Fact", "Sentence", "count_decisions", "explain", "nothing_known"]

AT_MOST_WORDS = 120
_RULES = "layers-api: concepts/optimizer and safety-guardrails"
_MEASURED = "GET ads-metrics"
_STATES = {
    "TOO_YOUNG": "it was younger than 3 days",
    "LEARNING_PHASE": "the platform was still learning how to deliver it",
    "TOP_PERFORMER": "its score was 80 or more",
    "HEALTHY": "its score was 50 or more",
    "UNDERPERFORMING": "its conversions cost well above the others, or its score was low",
    "FATIGUED": "people had seen it often and its results had become worse",
    "CRITICAL": "it spent over 50 without a conversion in 7 days, or a conversion cost over 2.5 times the average",
}
"""The states in our words (layers-api: concepts/optimizer)."""
_ACTIONS = {
    "pause_ad": "pause an ad",
    "replace_creative": "pause an ad and run another creative in its place",
    "push_creative": "run another creative",
    "prune_creative": "take a creative out",
    "pause_adset": "pause an ad set",
    "update_budget": "change a daily budget",
    "update_bid": "change a bid",
    "update_targeting": "change a targeting",
    "update_schedule": "change a schedule",
    "hold": "change nothing",
}
_OUTCOMES = {
    "pending": "asked for a yes to",
    "approved": "has a yes to",
    "rejected": "got no yes to",
    "dispatched": "decided and did this:",
    "dispatch_failed": "could not",
    "denied": "was not allowed to",
    "held": "chose to",
    "proposed": "would",
}
_PAUSES = ("pause_ad", "replace_creative", "pause_adset")


class Fact(View):
    """One thing that the words rest on; `value` is what they quote."""

    id: str
    what: str
    value: str
    window: str | None = None
    source: str


class Sentence(View):
    """One sentence and the facts it rests on, by id."""

    words: str
    rests_on: tuple[str, ...] = Field(description="Ids of evidence.")


class Explanation(View):
    """Plain words for a customer, and what each of them rests on."""

    words: str
    sentences: tuple[Sentence, ...]
    evidence: tuple[Fact, ...]


@dataclass
class _Case:
    """Sentences and evidence as they come together."""

    evidence: list[Fact] = field(default_factory=list[Fact])
    sentences: list[Sentence] = field(default_factory=list[Sentence])

    def fact(self, what: str, value: str, source: str, window: str | None = None) -> str:
        """Put a fact on record; its id."""
        known = f"e{len(self.evidence) + 1}"
        self.evidence.append(Fact(id=known, what=what, value=value, window=window, source=source))
        return known

    def say(self, words: str, *facts: str) -> None:
        """Add a sentence."""
        self.sentences.append(Sentence(words=words, rests_on=facts))

    def told(self) -> Explanation:
        """All of it."""
        return Explanation(
            words=" ".join(one.words for one in self.sentences), sentences=tuple(self.sentences), evidence=tuple(self.evidence)
        )


def _money(cents: float, currency: str | None) -> str:
    return f"{cents / 100:.2f} {currency or 'of the account currency'}"


def _number(inputs: Mapping[str, JsonValue], name: str) -> float | None:
    value = inputs.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _did(case: _Case, one: Known, period: Period) -> None:
    """When, what, and what became of it."""
    day = period.day(one.at)
    what = _ACTIONS.get(one.action)
    facts = [case.fact("when", day, one.sources[0]), case.fact("action", one.action, one.sources[0])]
    if one.name:
        facts.append(case.fact("name of what it is about", one.name, one.sources[0]))
    if one.outcome is not None:
        facts.append(case.fact("outcome", one.outcome, one.sources[-1]))
    verb = _OUTCOMES.get(one.outcome or "", "recorded this:")
    case.say(f"On {day} the optimizer {verb} {what or 'do something this version has no words for'}.", *facts)
    before, after = (_number(values, "dailyBudgetCents") for values in (one.before, one.after))
    if before is not None and after is not None:
        moved = [case.fact("budget before and after", f"{before / 100:.2f} to {after / 100:.2f}", one.sources[0])]
        case.say(f"The daily budget: {before / 100:.2f} to {after / 100:.2f}.", *moved)


def _why(case: _Case, one: Known) -> None:
    if one.state is None:
        if one.action not in ("push_creative", "update_budget", "update_bid"):
            case.say("What the optimizer took the ad for is not recorded.")
    elif one.state in _STATES:
        state = case.fact("state", one.state, one.sources[0])
        rule = case.fact("rule", _STATES[one.state], _RULES)
        case.say(f"It took the ad for {one.state}: {_STATES[one.state]}.", state, rule)
    else:
        case.say("It took the ad for a state this version does not know.", case.fact("state", one.state, one.sources[0]))
    if one.rationale:
        case.fact("rationale, quoted", one.rationale, "GET ads pending")


def _week(one: Known | None, measured: Row | None) -> tuple[dict[str, float | None], str]:
    """Spend, conversions and frequency of the 7 days before: recorded with the decision, or else measured."""
    if one is not None and _number(one.inputs, "spend7dCents") is not None:
        names = {"spend": "spend7dCents", "conversions": "conversions7d", "frequency": "frequency7d"}
        return {short: _number(one.inputs, name) for short, name in names.items()}, one.sources[0]
    if measured is None:
        return {"spend": None, "conversions": None, "frequency": None}, _MEASURED
    return {"spend": measured.spend_cents, "conversions": measured.conversions, "frequency": measured.frequency}, _MEASURED


def _numbers(case: _Case, one: Known | None, measured: Row | None, *, window: str, currency: str | None) -> None:
    week, source = _week(one, measured)
    spend, conversions, frequency = week["spend"], week["conversions"], week["frequency"]
    if spend is None or conversions is None:
        case.say("What it spent and brought in the week before is not recorded.")
        return
    facts = [case.fact("window", "7 days", source, window)]
    facts += [case.fact("spend", _money(spend, currency), source, window), case.fact("conversions", f"{conversions:.0f}", source, window)]
    words = f"In the 7 days before, {_money(spend, currency)} brought {conversions:.0f} conversions"
    if conversions:
        price = _money(round(spend / conversions), currency)
        facts.append(case.fact("spend / conversions", price, source, window))
        words += f", {price} each"
    if frequency is not None:
        facts.append(case.fact("frequency", f"{frequency:.1f}", source, window))
        words += f", shown {frequency:.1f} times to each person reached"
    case.say(f"{words}.", *facts)
    target = _number(one.inputs, "targetCpaCents") if one is not None else None
    if target is None:
        case.say("A target CPA is not recorded.")
    else:
        case.say(f"The target: {_money(target, currency)}.", case.fact("target CPA", _money(target, currency), source))


def _guarded(case: _Case, one: Known) -> None:
    if one.blocked_by is not None:
        case.say("A guardrail held it.", case.fact("guardrail that held it", one.blocked_by, one.sources[0]))
    elif one.guardrails:
        count = str(len(one.guardrails))
        listed = case.fact("guardrails passed", f"{count}: {', '.join(one.guardrails)}", one.sources[0])
        case.say(f"It passed {count} guardrails.", listed)
    elif one.action != "hold":
        case.say("Which guardrails it passed is not recorded.")
    score = (one.replacement or {}).get("organicScore")
    if isinstance(score, int | float):
        chosen = case.fact("organic score of the new creative", f"{score:.1f}", one.sources[0])
        case.say(f"The new creative scores {score:.1f} of 10.", chosen, case.fact("scale", "0 to 10", "layers-api: organic-scoring"))


def _next(case: _Case, one: Known, now: datetime, period: Period) -> None:
    if one.outcome == "pending" and one.expires_at is not None and one.expires_at > now:
        until = period.day(one.expires_at)
        fact = case.fact("waits until", until, "GET ads pending")
        case.say(f"It waits for a yes until {until}, then it is rejected by itself. You may approve or reject it.", fact)
    elif one.outcome == "approved":
        case.say("It goes out within 6 hours.", case.fact("next tick", "every 6 hours", "layers-api: ads/pending"))
    elif one.outcome == "dispatched" and one.action in _PAUSES:
        rule = case.fact("overrides", "a pause of a running ad can't be overridden", "layers-api: ad-eligibility")
        case.say("Layers can't override this pause; only you can reactivate the ad on its platform.", rule)
    elif one.outcome == "dispatched":
        case.say("Look at it again after 3 days.", case.fact("watch", "3 days", "layers-api: concepts/optimizer, reading decisions"))


def explain(  # noqa: PLR0913  one case: the decision, the numbers, and how to say them
    one: Known, measured: Row | None, *, window: str, currency: str | None, now: datetime, period: Period, before: str | None = None
) -> Explanation:
    """The words about one decision; `measured`: the ad's own 7 days before it, where they could be read; `before`: words to begin with."""
    case = _Case()
    if before is not None:
        case.say(before, case.fact("decisions in the period", before, "GET audit-log, ads pending, optimizer runs", period.words()))
    _did(case, one, period)
    _why(case, one)
    _numbers(case, one, measured, window=window, currency=currency)
    _guarded(case, one)
    _next(case, one, now, period)
    return case.told()


def count_decisions(known: tuple[Known, ...]) -> str:
    """How many decisions there were, by outcome."""
    outcomes: dict[str, int] = {}
    for one in known:
        outcomes[one.outcome or "unknown"] = outcomes.get(one.outcome or "unknown", 0) + 1
    parts = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in outcomes.items())
    return f"Decisions on record: {parts}. The last:"


def nothing_known(measured: Row | None, *, window: str, currency: str | None, period: Period) -> Explanation:
    """The words where no decision is on record."""
    case = _Case()
    asked = case.fact("period", period.words(), "GET audit-log, ads pending, optimizer runs")
    case.say("No decision about this is recorded in the period, so there is no cause to name.", asked)
    if measured is not None:
        _numbers(case, None, measured, window=window, currency=currency)
    return case.told()
