"""The optimizer's rules: what an ad is taken for, and what it must have passed before anything is done to it.

Thresholds that a page states are cited; the others are ours and stand in `drift`.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import NamedTuple

from layers_mcp.contract.ads_optimizer import State
from layers_mcp.sandbox.ads.facts import AdFacts, Window

__all__ = [
    "BID_STEP", "BUDGET_DOWN", "BUDGET_UP", "COOLDOWN_H", "MIN_AGE_DAYS", "MIN_CONFIDENCE", "MIN_IMPRESSIONS", "MIN_SPEND_CENTS",
    "MOST_ACTIONS", "MOST_PAUSES", "MOST_STEP", "MOST_STEP_CENTS", "PAUSABLE", "Verdict", "classify", "confidence", "cpa", "stepped",
]  # fmt: skip

MIN_AGE_DAYS = 3
"""The guardrails, down to `PAUSABLE`: layers-api, concepts/safety-guardrails."""
MIN_IMPRESSIONS = 100
MIN_SPEND_CENTS = 500
MOST_STEP = 0.5
MOST_STEP_CENTS = 10_000
MOST_ACTIONS = 40
MOST_PAUSES = 20
COOLDOWN_H = {"structural": 48, "budget": 48, "bid": 24}
MIN_CONFIDENCE = 0.5
PAUSABLE: tuple[State, ...] = ("CRITICAL", "FATIGUED", "UNDERPERFORMING")
TOP, HEALTHY = 80.0, 50.0
"""Scores (layers-api: concepts/optimizer)."""
CRITICAL_SPEND_CENTS, CRITICAL_CPA = 5_000, 2.5
"""More than $50 and nothing in 7 days, or CPA beyond 2.5 times the pool's average (same place)."""
TIRED_FREQUENCY = 3.0
"""Over 7 days, with falling performance (layers-api: paid-media/dashboard)."""
TIRED_CPA, TIRED_SPEND_CENTS, TIRED_DAYS = 1.3, 2_000, 3
"""Ours: CPA of 7 days against up to 23 before; what each must have spent, and the days that must lie before, to mean something."""
_WEEK_DAYS = 7
_MIDDLE = 65.0
"""Ours: the score of an ad that costs what is expected; 50 is 1.7 times that, 80 is two thirds of it."""
_SURE = 3.0
"""Ours: expected conversions at which confidence is 0.63; one half is 2.1."""
BUDGET_UP, BUDGET_DOWN, BID_STEP = 0.2, -0.2, 0.1
"""Ours: how far one move goes."""
_UNKNOWN = "there is no CPA to compare it with yet"
_CHEAP, _EXPECTED = "its conversions cost far less than expected", "its conversions cost about what is expected"


class Verdict(NamedTuple):
    """What an ad is taken for; `score` 0 to 100, `confidence` 0 to 1, and the rule in words."""

    state: State
    score: float
    confidence: float
    rule: str


def cpa(window: Window) -> float | None:
    """Cents a conversion, or None without one."""
    return window.spend_cents / window.conversions if window.conversions else None


def _score(window: Window, expected: float) -> float:
    """100 at best; one conversion at the expected price is added, so that little spend says little."""
    shrunk = (window.spend_cents + expected) / (window.conversions + 1)
    return min(_MIDDLE * sqrt(expected / max(shrunk, 1e-9)), 100.0)


def confidence(window: Window, expected: float) -> float:
    """How sure a judgement of `window` is, 0 to 1: by how many conversions it shows, or should have shown."""
    return 1 - exp(-max(window.conversions, window.spend_cents / expected) / _SURE)


def _tired(ad: AdFacts) -> bool:
    week, month = ad.windows[7], ad.windows[30]
    before = Window(*(long - short for long, short in zip(month, week, strict=True)))
    was, now = cpa(before), cpa(week)
    if ad.age_days < _WEEK_DAYS + TIRED_DAYS or min(week.spend_cents, before.spend_cents) < TIRED_SPEND_CENTS:
        return False
    if was is None or (ad.frequency or 0.0) <= TIRED_FREQUENCY:
        return False
    return (week.spend_cents if now is None else now) >= TIRED_CPA * was


def _weak(ad: AdFacts, average: float | None) -> tuple[State, str]:
    """What an ad with a score below 50 is taken for: the surest cause is named."""
    week, price = ad.windows[_WEEK_DAYS], cpa(ad.windows[_WEEK_DAYS])
    if price is None and week.spend_cents > CRITICAL_SPEND_CENTS:
        return "CRITICAL", "it spent more than 50.00 in 7 days and converted nothing"
    if _tired(ad):
        return "FATIGUED", "people have seen it more than 3 times in 7 days, and its conversions cost more than they did"
    if price is not None and average is not None and price > CRITICAL_CPA * average:
        return "CRITICAL", "a conversion costs more than 2.5 times the pool's average"
    return "UNDERPERFORMING", "its conversions cost well more than expected"


def classify(ad: AdFacts, *, target: float | None, average: float | None) -> Verdict:
    """What `ad` is taken for, given the CPA that is aimed at and the pool's average, both in cents; None where unknown.

    A score of 50 or more is looked at before every reason to pause: TOP_PERFORMER and HEALTHY are "never paused".
    """
    expected, week = target or average or None, ad.windows[_WEEK_DAYS]
    if ad.age_days < MIN_AGE_DAYS:
        return Verdict("TOO_YOUNG", 0.0, 0.0, "it is younger than 3 days")
    if ad.learning:
        return Verdict("LEARNING_PHASE", 0.0, 0.0, "the platform is still learning how to deliver it")
    if expected is None:
        costly = week.conversions == 0 and week.spend_cents > CRITICAL_SPEND_CENTS
        return Verdict("CRITICAL", 0.0, 1.0, _weak(ad, average)[1]) if costly else Verdict("HEALTHY", HEALTHY, 0.0, _UNKNOWN)
    score, sure = _score(week, expected), confidence(week, expected)
    if score >= HEALTHY:
        state, rule = ("TOP_PERFORMER", _CHEAP) if score >= TOP else ("HEALTHY", _EXPECTED)
    else:
        state, rule = _weak(ad, average)
    return Verdict(state, score, sure, rule)


def stepped(before: int, share: float, *, floor: int = 1) -> int:
    """`before` moved by `share` of itself, never by more than a half, nor by more than $100, nor below `floor`."""
    at_most = min(int(before * MOST_STEP), MOST_STEP_CENTS)
    move = max(-at_most, min(at_most, int(before * share)))
    return max(before + move, min(floor, before))
