"""The words of the API about decisions, in ours: tables, so that no text of others is ever spoken."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from layers_mcp.loops.decided import Recorded
from layers_mcp.loops.known import Known

__all__ = ["ACTIONS", "COUNTED", "DOINGS", "GUARDRAILS", "PAUSES", "SAFE", "STATES", "Doing", "fate", "reason_of"]

STATES = {
    "TOO_YOUNG": "it was younger than 3 days",
    "LEARNING_PHASE": "the platform was still learning how to deliver it",
    "TOP_PERFORMER": "its score was 80 or more",
    "HEALTHY": "its score was 50 or more",
    "UNDERPERFORMING": "its conversions cost well above the others, or its score was low",
    "FATIGUED": "people had seen it often and its results had become worse",
    "CRITICAL": "it spent over 50 without a conversion in 7 days, or a conversion cost over 2.5 times the average",
}
"""The states by their rule (layers-api: concepts/optimizer)."""
SAFE = ("TOO_YOUNG", "LEARNING_PHASE", "TOP_PERFORMER", "HEALTHY")
"""States in which no ad is paused (same place)."""
PAUSES = ("pause_ad", "replace_creative", "pause_adset")
_REASONS = frozenset(
    {
        "a conversion costs more than 2.5 times the pool's average",
        "it is among the best of its pool and has not run in this ad set",
        "it is younger than 3 days",
        "it spends its budget and its conversions cost less than expected",
        "it spent more than 50.00 in 7 days and converted nothing",
        "its conversions cost about what is expected",
        "its conversions cost far less than expected",
        "its conversions cost less than expected",
        "its conversions cost much more than expected",
        "its conversions cost well more than expected",
        "people have seen it more than 3 times in 7 days, and its conversions cost more than they did",
        "the platform is still learning how to deliver it",
        "a partner asked for it",
        "there is no CPA to compare it with yet",
    }
)
"""Reasons that may be spoken as they stand on record, as they are known; which ones Layers writes is on no page."""


class Doing(NamedTuple):
    """An action as it is wanted, and as it was done."""

    wanted: str
    done: str


ACTIONS = {
    "pause_ad": Doing("pause an ad", "paused an ad"),
    "replace_creative": Doing("pause an ad and run another creative in its place", "paused an ad and ran another creative in its place"),
    "push_creative": Doing("run another creative", "began to run another creative"),
    "prune_creative": Doing("take a creative out", "took a creative out"),
    "pause_adset": Doing("pause an ad set", "paused an ad set"),
    "update_budget": Doing("change a daily budget", "changed a daily budget"),
    "update_bid": Doing("change a bid", "changed a bid"),
    "update_targeting": Doing("change a targeting", "changed a targeting"),
    "update_schedule": Doing("change a schedule", "changed a schedule"),
    "pause_campaign": Doing("pause a campaign", "paused a campaign"),
    "resume_campaign": Doing("start a campaign again", "started a campaign again"),
    "hold": Doing("change nothing", "changed nothing"),
}
"""Queued actions and optimizer outcomes (layers-api: rules, "queued action" and "optimizer outcome")."""
DOINGS = {
    "pending": "asked for a yes to",
    "approved": "has a yes to",
    "rejected": "got no yes to",
    "dispatch_failed": "could not",
    "denied": "was not allowed to",
    "held": "chose to",
    "proposed": "would",
}
"""What goes before the action, by outcome."""
COUNTED = {
    "pending": "waiting for a yes",
    "approved": "with a yes, about to be done",
    "turned down": "turned down by a person",
    "lapsed": "lapsed without an answer",
    "dispatched": "done",
    "dispatch_failed": "with a yes that could not be done",
    "denied": "not allowed",
    "held": "to change nothing",
    "proposed": "of a dry run",
}
"""What a number of decisions became, by outcome; a `rejected` one by its fate."""
GUARDRAILS = {
    "min_age_3_days": "nothing is done about what is younger than 3 days",
    "min_impressions_100": "under 100 impressions no budget or bid is changed",
    "min_spend_5": "no ad is paused that spent less than 5",
    "confidence_0_5": "nothing is done on a confidence under 0.5",
    "cooldown_48_h": "after one change, 48 hours pass before the next",
    "cooldown_24_h": "after one change of a bid, 24 hours pass before the next",
    "never_empties_an_ad_set": "the last running ad of an ad set is not paused",
    "pauses_per_cycle": "one cycle pauses at most 20 ads",
    "actions_per_cycle": "one cycle does at most 40 things",
    "step_at_most_50_percent": "one change moves a budget by at most 50 percent",
    "step_at_most_100": "one change moves a budget by at most 100",
    "room_in_the_ad_set": "the ad set had no room for another ad",
    "asked_already": "the same was asked before and waits for its answer",
    "authority_axis_off": "the customer lets no such action be done",
    "authority_axis_draft": "such an action is not done without a yes, and can't be asked for",
    "kill_switch_off": "the customer had stopped every write with the kill switch",
}
"""The guardrails in words (layers-api: concepts/safety-guardrails); their names on record stand on no page."""


def reason_of(one: Known) -> tuple[str, str] | None:
    """A reason on record that may be spoken, and the name of where it stands; a rationale has figures about it."""
    for name, said in (("reason", one.reason), ("rationale", one.rationale)):
        words = (said or "").partition(" (")[0].rpartition(": ")[2]
        if words in _REASONS:
            return words, name
    return None


def fate(one: Known, recorded: Recorded, now: datetime) -> str:
    """How a decision without a yes ended: turned down, lapsed, or either, where that can't be told; of others their outcome."""
    if one.outcome != "rejected":
        return one.outcome or "unknown"
    if one.answer == "rejected":
        return "turned down"
    late = one.expires_at is not None and one.expires_at <= now
    return "lapsed" if late and recorded.answers else "lapsed or turned down"
