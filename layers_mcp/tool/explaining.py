"""Words about a decision, each resting on something that is on record: a recorded input, a measured number, or a stated rule.

Nothing is inferred: what is not on record is said to be "not recorded". Names and texts of others never stand in the words; they are
quoted in the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from layers_mcp.contract.creatives import Recommendation
from layers_mcp.tool.decided import Known, Recorded
from layers_mcp.tool.evidence import Case, Explanation, Place, docs, money, number
from layers_mcp.tool.period import Period
from layers_mcp.tool.standing import Standing, say_recommended, say_standing
from layers_mcp.tool.week import Week, say_target, say_week

__all__ = ["Around", "explain"]

_ANYWHERE = Place("GET audit-log, ads pending, optimizer runs")
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
_SAFE = ("TOO_YOUNG", "LEARNING_PHASE", "TOP_PERFORMER", "HEALTHY")
"""States in which no ad is paused (same place)."""
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
_MOVED = {"update_budget": ("dailyBudgetCents", "daily budget"), "update_bid": ("bidAmountCents", "bid")}
_PRICED = (*_PAUSES, "update_budget", "update_bid", "hold")
"""Actions that spend and conversions speak for or against."""

_AFTER = {
    "approved": ("It goes out within 6 hours.", "approved actions go out at the next tick, every 6 hours", "ads/pending"),
    "dispatched": ("Look at it again after 3 days.", "watch it for 3 days", "concepts/optimizer, reading decisions"),
    "held": ("It looks again within 6 hours.", "it looks every 6 hours", "concepts/optimizer"),
    "denied": (
        "The campaign's authority decides what it may do; you may change that.",
        "each axis of the authority is off, draft or auto",
        "ads, authority model",
    ),
    "proposed": ("It was a dry run: nothing was changed.", "a dry run dispatches nothing", "ads/optimizer/run"),
}
"""What follows an outcome: words, the rule they rest on, and its page."""


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a decision is told with. `standing`: of its creative, None where it concerns none; `recommended`: what is open."""

    period: Period
    now: datetime
    week: Week
    standing: Standing | None = None
    recommended: Sequence[Recommendation] = ()


def _did(case: Case, one: Known, around: Around) -> None:
    """When, what, and what became of it."""
    day = around.period.day(one.at)
    facts = [case.fact("when", day, one.places["at"])]
    if one.action is not None:
        facts.append(case.fact("action", one.action, one.places["action"]))
    if one.name:
        facts.append(case.fact("name of what it is about", one.name, one.places["name"]))
    if one.outcome is not None:
        facts.append(case.fact("outcome", one.outcome, one.places["outcome"]))
    verb = _OUTCOMES.get(one.outcome or "", "put this on record:")
    what = "do something that is not recorded" if one.action is None else _ACTIONS.get(one.action, "do what this version has no words for")
    case.say(f"On {day} the optimizer {verb} {what}.", *facts)
    if one.outcome is None:
        case.say("What became of it is not recorded.")


def _moved(case: Case, one: Known, around: Around) -> None:
    """From how much to how much."""
    name, thing = _MOVED.get(one.action or "", ("", ""))
    if not name:
        return
    before, after = number(one.before, name), number(one.after, name)
    if before is None or after is None:
        case.say(f"The {thing} before and after is not recorded.", rank=1)
        return
    amounts = [f"{before / 100:.2f}", money(after, around.week.currency)]
    facts = [case.fact(f"{thing} before", amounts[0], one.places["before"].inside(name))]
    facts.append(case.fact(f"{thing} after", amounts[1], one.places["after"].inside(name)))
    case.say(f"The {thing}: {amounts[0]} to {amounts[1]}.", *facts, rank=1)


def _why(case: Case, one: Known) -> None:
    """By which rule; the optimizer's own words are quoted, never spoken."""
    quoted: list[str] = []
    if one.reason:
        quoted.append(case.fact("reason, quoted", one.reason, one.places["reason"]))
    if one.rationale:
        quoted.append(case.fact("rationale, quoted", one.rationale, one.places["rationale"]))
    if one.state is None:
        if one.action in (*_PAUSES, "hold"):
            case.say("What the optimizer took the ad for is not recorded.")
        elif quoted:
            case.say("The evidence quotes the optimizer's own reason.", *quoted)
        else:
            case.say("Why is not recorded.")
        return
    state = case.fact("state", one.state, one.places["state"])
    if one.state not in _STATES:
        case.say("It took the ad for a state this version does not know.", state)
        return
    rule = case.fact("rule", _STATES[one.state], docs("concepts/optimizer"))
    safe = "; such ads are never paused" if one.state in _SAFE else ""
    case.say(f"It took the ad for {one.state}: {_STATES[one.state]}{safe}.", state, rule)


def _guarded(case: Case, one: Known) -> None:
    if one.blocked_by is not None and one.action == "hold":  # the authority stops other actions
        case.say("A guardrail held it.", case.fact("guardrail that held it", one.blocked_by, one.places["blocked_by"]), rank=2)
    elif one.guardrails:
        count = str(len(one.guardrails))
        listed = case.fact("guardrails passed", f"{count}: {', '.join(one.guardrails)}", one.places["guardrails"])
        case.say(f"It passed {count} guardrails.", listed, rank=2)
    elif one.action != "hold":
        case.say("Which guardrails it passed is not recorded.", rank=2)
    if one.action not in ("replace_creative", "push_creative"):
        return
    place = "replacement" if number(one.replacement or {}, "organicScore") is not None else "inputs"
    score = number((one.replacement or {}) if place == "replacement" else one.inputs, "organicScore")
    if score is None:
        case.say("The score of the new creative is not recorded.", rank=3)
        return
    facts = [case.fact("organic score of the new creative", f"{score:.1f}", one.places[place].inside("organicScore"))]
    facts.append(case.fact("scale", "0 to 10", docs("concepts/organic-scoring")))
    case.say(f"The new creative scored {score:.1f} of 10.", *facts, rank=3)


def _rejected(case: Case, one: Known, around: Around) -> None:
    if one.answer == "rejected":
        case.say("A person turned it down, so it is not done.", case.fact("answer", one.answer, one.places["answer"]))
    elif one.expires_at is not None and one.expires_at <= around.now:
        day = around.period.day(one.expires_at)
        fact = case.fact("waited until", day, one.places["expires_at"])
        case.say(f"It waited until {day} and no answer is on record, so it is not done.", fact)
    else:
        case.say("It is not done; who turned it down is not recorded.")


def _failed(case: Case, one: Known) -> None:
    if one.failure:
        why = case.fact("why not, quoted", one.failure, one.places["failure"])
        case.say("It had a yes and could not be done; the evidence quotes why.", why)
    else:
        case.say("It had a yes and could not be done; why is not recorded.")


def _waits(case: Case, one: Known, around: Around) -> None:
    if one.expires_at is None:
        case.say("You may approve or reject it; until when is not recorded.")
        return
    day = around.period.day(one.expires_at)
    fact = case.fact("waits until", day, one.places["expires_at"])
    case.say(f"It waits for a yes until {day}, then it is rejected by itself. You may approve or reject it.", fact)


def _next(case: Case, one: Known, around: Around) -> None:
    """What happens next, and what a person may do."""
    if one.outcome == "pending":
        _waits(case, one, around)
    elif one.outcome == "rejected":
        _rejected(case, one, around)
    elif one.outcome == "dispatch_failed":
        _failed(case, one)
    elif one.outcome == "dispatched" and one.action in _PAUSES:
        rule = case.fact("overrides", "a pause of a running ad can't be overridden", docs("concepts/ad-eligibility"))
        case.say("Layers can't override this pause; only you can reactivate the ad on its platform.", rule)
    elif one.outcome in _AFTER:
        words, rule, page = _AFTER[one.outcome]
        case.say(words, case.fact("rule", rule, docs(page)))


def _counted(case: Case, recorded: Recorded, period: Period) -> None:
    """How many decisions there were, by outcome."""
    outcomes: dict[str, int] = {}
    for one in recorded.known:
        outcomes[one.outcome or "unknown"] = outcomes.get(one.outcome or "unknown", 0) + 1
    parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in outcomes.items())
    words = f"Decisions on record{'' if recorded.whole else ', at least'}: {parts}. The last:"
    case.say(words, case.fact("decisions in the period", parts, _ANYWHERE, period.words()))


def _surroundings(case: Case, one: Known | None, around: Around) -> None:
    """Its creative as it stands now, and what is recommended about it."""
    creative = around.standing.creative if around.standing else None
    if around.standing is not None:
        say_standing(case, around.standing, paused=one is not None and one.action in _PAUSES)
    about = set(one.ids.values()) if one is not None else set[str]()
    about |= {creative.ads_content_id, creative.source_id or creative.ads_content_id} if creative is not None else set()
    say_recommended(case, around.recommended, about, around.now)


def explain(one: Known | None, around: Around, *, counted: Recorded | None = None) -> Explanation:
    """The words about one decision, or that there is none; `counted`: the decisions of the period, to begin with their number."""
    case = Case()
    if one is None:
        asked = case.fact("period", around.period.words(), _ANYWHERE)
        case.say("No decision about this is recorded in the period, so there is no cause to name.", asked)
        if around.week.measured is not None:
            say_week(case, None, around.week)
        _surroundings(case, None, around)
        return case.told()
    if counted is not None:
        _counted(case, counted, around.period)
    _did(case, one, around)
    _moved(case, one, around)
    _why(case, one)
    if one.action is None or one.action in _PRICED:
        say_week(case, one, around.week)
        say_target(case, one, around.week)
    _guarded(case, one)
    _surroundings(case, one, around)
    _next(case, one, around)
    return case.told()
