"""What follows a decision by the documented rules, and what a person may do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from layers_mcp.loops.decided import Recorded
from layers_mcp.loops.known import Known
from layers_mcp.loops.period import Period
from layers_mcp.loops.place import docs
from layers_mcp.tool.evidence import Case
from layers_mcp.tool.phrases import PAUSES, fate

__all__ = ["say_next"]

_WATCHED = timedelta(days=3)
_AFTER = {
    "approved": (
        "It goes out when the optimizer looks next, which it does every 6 hours.",
        "approved actions go out at the next tick, every 6 hours",
        "ads/pending",
    ),
    "denied": (
        "The campaign's authority decides what it may do; you may change that.",
        "each axis of the authority is off, draft or auto",
        "ads, authority model",
    ),
    "proposed": ("It was a dry run: nothing was changed.", "a dry run dispatches nothing", "ads/optimizer/run"),
}
"""What follows an outcome: words, the rule they rest on, and its page."""
_MAY = {
    "update_budget": (
        "You may change it back on the platform; with the campaign's tactical authority on draft it asks first.",
        "tactical authority is over budgets: draft asks first, off allows none, auto goes out at once",
        "ads, authority model",
    ),
    "update_bid": (
        "You may change it back on the platform; with the campaign's tactical authority off it changes no bid.",
        "tactical authority is over bidding: draft asks first, off allows none, auto goes out at once",
        "ads, authority model",
    ),
    "push_creative": (
        "If you do not want it, have the creative excluded from ads.",
        "an override keeps a creative out of ads",
        "concepts/ad-eligibility",
    ),
}
"""What a person may do about what was done: words, the rule they rest on, and its page."""


def _rejected(case: Case, one: Known, period: Period, end: str) -> None:
    if end == "turned down":
        case.say("A person turned it down, so it is not done.", case.fact("answer", one.answer or "", one.places["answer"]))
    elif end == "lapsed" and one.expires_at is not None:
        day = period.day(one.expires_at)
        fact = case.fact("waited until", day, one.places["expires_at"])
        case.say(f"It waited until {day} and no answer is on record, so it is not done.", fact)
    else:
        case.say("It is not done; whether a person turned it down or nobody answered in time is not recorded.")


def _failed(case: Case, one: Known) -> None:
    if one.failure:
        why = case.fact("why not, quoted", one.failure, one.places["failure"])
        case.say("It had a yes and could not be done; the evidence quotes why.", why)
    else:
        case.say("It had a yes and could not be done; why is not recorded.")


def _waits(case: Case, one: Known, period: Period) -> None:
    if one.expires_at is None:
        case.say("You may approve or reject it; until when is not recorded.")
        return
    day = period.day(one.expires_at)
    fact = case.fact("waits until", day, one.places["expires_at"])
    case.say(f"It waits for a yes until {day}, then it is rejected by itself. You may approve or reject it.", fact)


def _done(case: Case, one: Known, period: Period, now: datetime) -> None:
    """What was done is to be watched for some days; what a person may do about it."""
    if one.action in PAUSES:
        rule = case.fact("overrides", "a pause of a running ad can't be overridden", docs("concepts/ad-eligibility"))
        case.say("Layers can't override this pause; only you can reactivate the ad on its platform.", rule)
        return
    watched = (one.done_at or one.at) + _WATCHED
    if now < watched:
        day = period.day(watched)
        rule = case.fact("rule", f"watch it for {_WATCHED.days} days, here until {day}", docs("concepts/optimizer, reading decisions"))
        case.say(f"Look at it again on {day}, when it has run for {_WATCHED.days} days.", rule)
    if one.action in _MAY:
        words, rule, page = _MAY[one.action]
        case.say(words, case.fact("rule", rule, docs(page)))


def _held(case: Case, one: Known) -> None:
    rule = case.fact("rule", "it looks every 6 hours", docs("concepts/optimizer"))
    if one.blocked_by is None:
        case.say("You need do nothing; it looks again every 6 hours.", rule)
    elif one.blocked_by == "kill_switch_off":
        switch = case.fact("kill switch", "only the customer may set or lift it", docs("ads, authority model"))
        case.say("Only you, the customer, can lift the kill switch.", switch)
    else:
        fixed = case.fact("guardrails", "they can't be overridden", docs("concepts/safety-guardrails"))
        case.say("Guardrails can't be overridden; you need do nothing, it looks again every 6 hours.", fixed, rule)


def say_next(case: Case, one: Known, recorded: Recorded, *, period: Period, now: datetime) -> None:
    """What happens next, and what a person may do."""
    if one.outcome == "pending":
        _waits(case, one, period)
    elif one.outcome == "rejected":
        _rejected(case, one, period, fate(one, recorded, now))
    elif one.outcome == "dispatch_failed":
        _failed(case, one)
    elif one.outcome == "dispatched":
        _done(case, one, period, now)
    elif one.outcome == "held":
        _held(case, one)
    elif one.outcome in _AFTER:
        words, rule, page = _AFTER[one.outcome]
        case.say(words, case.fact("rule", rule, docs(page)))
