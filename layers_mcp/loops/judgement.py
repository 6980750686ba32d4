"""What is worth cloning, and by which axis: pure functions over what was measured, each number with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal, NamedTuple

__all__ = [
    "ASKED_AT_ONCE",
    "CLONES_PER_SOURCE",
    "ELIGIBLE_FROM",
    "FLOOR",
    "HORIZON_DAYS",
    "LATE_HOURS",
    "LEAD_MINUTES",
    "MATERIAL",
    "NO_POST_DAYS",
    "OVERRIDES_ARE_A_HABIT",
    "OVERRIDE_WINDOW_DAYS",
    "POSTS_A_DAY",
    "ROUNDS_FROM",
    "ROUNDS_HOURS",
    "SCORE_FALLS",
    "SETTLED_DAYS",
    "SILENT_HOURS",
    "SLOTS",
    "SPIKE_LEAST",
    "SPIKE_TIMES",
    "STALE_DAYS",
    "TOKEN_DAYS",
    "USUAL_DAYS",
    "VARIATIONS",
    "WORRY_SPEND",
    "Axis",
    "Ranking",
    "Stage",
    "Standing",
    "Verdict",
    "axis_of",
    "losers",
    "material",
    "next_source",
    "verdicts",
    "worn_out",
]

FLOOR: Final = 0.04
"""Engagement rate above which a post is worth cloning (seed 000, loop 2, "What failure looks like": an example, so it can be set)."""
CLONES_PER_SOURCE: Final = 5
"""How many clones of one source help (same place: "cap clones-per-source at 4-5")."""
VARIATIONS: Final = 2
"""How many clones are made of the best at a time (seed 000, loop 2: "Clone the best performer as 2 variants")."""
FEWEST_VIEWS: Final = 50
"""Below them a rate is noise (layers-api: publish to learn, "under ~50 total views"; organic scoring)."""
SETTLED_DAYS: Final = 2.0
"""Same place: "wait a couple of days"."""
FEWEST_POSTS: Final = 5
"""Measured posts before posts can be compared (same place: "5-10 live posts")."""
FEWEST_CLONES: Final = 5
"""Measured clones before it is said of a project that clones do not help it; ours, as many as one source may have."""
FEWEST_OF_ONE: Final = 2
"""Measured clones before it is said of one source; ours, the playbook's `variations: 2`."""
WEARS: Final = 0.85
"""What each clone made leaves of the rate that its source is chosen by, so that sources take turns; ours."""
CONVERSIONS_TO_RANK: Final = 10
"""Conversions before creatives are ranked by them; ours: fewer make a ranking of single events."""
ADS_TO_RANK: Final = 3
"""Creatives with a return on spend before they are ranked by it; ours: two make no ranking."""
MATURE_DAYS: Final = 42.0
"""Age from which a project is mature (seed 000, "Skip the learning phase": 2-6 weeks of data)."""
OVERRIDES_ARE_A_HABIT: Final = 0.2
"""Creatives overridden by decisions of the optimizer, past which the configuration wants tuning; ours (seed 000, "If you find your
agent wants to override regularly", gives no number)."""
OVERRIDE_WINDOW_DAYS: Final = 28
"""Over how long that is counted (issue: "in 28 days")."""
SLOTS: Final = 3
"""Creatives that the selection takes from each pool (layers-api: ad-eligibility; the project's configuration may differ)."""
ELIGIBLE_FROM: Final = 4.0
"""Organic score from which ads may take a creative (layers-api: organic-scoring, `ELIGIBILITY_THRESHOLD`)."""
LOSES_UNDER: Final = 0.5
"""Share of the typical rate under which a measured post is a loser; ours (seed 000, loop 2: "kill or deprioritize losers")."""
STALE_DAYS: Final = 30
"""Age of content from which no loop posts it any more: by then it has no score left (layers-api: organic-scoring); ours."""
ASKED_AT_ONCE: Final = 3
"""Open questions of a kind that a loop leaves for a project; ours: who has not answered three needs no fourth."""
MATERIAL: Final = frozenset(
    {"pause_ad", "pause_adset", "pause_campaign", "resume_campaign", "replace_creative", "push_creative", "update_budget"}
)
"""Actions that are told to a customer once they are done (layers-api: decision taxonomy, "queued action"; which of them is ours)."""
WORRY_SPEND: Final = 50
"""More than this in a week, of whatever currency, without a conversion is worth a look (seed 000, loop 3: `ad.spend > 50`)."""
NO_POST_DAYS: Final = 14
"""Seed 000, "Monitoring your agent": "zero posts published in the last 14 days"."""
SPIKE_TIMES: Final = 3.0
"""A day's failures are a spike from so many times those of a usual day; ours (same place: "Spikes usually mean a systemic issue")."""
SPIKE_LEAST: Final = 3
"""And from so many on, as one or two are always some; ours."""
USUAL_DAYS: Final = 7
"""Days before it that a day's failures, and a week's scores, are compared with; ours."""
SCORE_FALLS: Final = 0.5
"""Points of 10 by which a week's average organic score is lower than the week's before when it falls; ours (same place: "dropping")."""
TOKEN_DAYS: Final = 7
"""Days before its end at which a token is said to expire, so that its owner can consent again in time; ours."""
LATE_HOURS: Final = 2
"""Hours after which a loop that was due and did not run, or runs and does not end, is late; ours."""
UNSEEN_DAYS: Final = 2
"""Days after which a project that each day's review looks at was not looked at for too long; ours: one day's may fail, or lie."""
SILENT_HOURS: Final = 24
"""Hours without an event after which webhooks are silent, in a fleet that posts each day; ours."""
HORIZON_DAYS: Final = 3
"""Local days, today's included, that a loop fills with posts (layers-api: social distribution planner, "max(3 days, …)")."""
LEAD_MINUTES: Final = 15
"""No post is queued for a moment nearer than this: a person shall see it coming; ours."""
POSTS_A_DAY: Final = 4
"""Posts a day on one account at most (layers-api: guardrails, "Posts-per-day cap by provider: 2 for `ds`, else 4")."""
ROUNDS_FROM: Final = 0
"""Local hour from which daily loops run: what they leave for review is there in the morning; ours."""
ROUNDS_HOURS: Final = 6
"""Hours over which customers' daily loops are spread: what 100,000 clones take on the partner tier (300 a minute: 5.6 h); ours."""
_LEAST_RATE = 0.001
"""Stands for a rate of none, which has no logarithm."""

Axis = Literal["engagement_rate", "conversions", "roas"]


class Stage(NamedTuple):
    """How far a project is. `days` since its first post, `conversions` its app reported, `ads` creatives with a return on spend."""

    days: float
    conversions: int
    ads: int


class Ranking(NamedTuple):
    """What to rank creatives by, and why."""

    axis: Axis
    why: str


def axis_of(stage: Stage) -> Ranking:
    """The axis for a project's stage (seed 000, loop 2: engagement early, later conversions or ROAS)."""
    if stage.ads >= ADS_TO_RANK and stage.days >= MATURE_DAYS:
        return Ranking("roas", f"ads run, {stage.ads} creatives have a return on spend, and the first post is {stage.days:.0f} days old")
    if stage.conversions >= CONVERSIONS_TO_RANK:
        return Ranking("conversions", f"the app reports conversions, {stage.conversions} so far")
    why = "the app reports no conversions yet" if stage.conversions == 0 else f"{stage.conversions} conversions are too few to rank by"
    return Ranking("engagement_rate", f"{why}, and raw views are noisy")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A published creative as it was measured. `source`: what it is a clone of, None for a fresh one."""

    id: str
    engagement_rate: float
    views: int
    age_days: float
    source: str | None = None

    @property
    def measured(self) -> bool:
        """Whether its rate means anything yet."""
        return self.views >= FEWEST_VIEWS and self.age_days >= SETTLED_DAYS


class Verdict(NamedTuple):
    """Whether to clone a creative now, and why in one sentence; `clones` made of it so far."""

    word: Literal["clone", "wait", "stop"]
    reason: str
    clones: int


class _Typical(NamedTuple):
    """The typical rate of some creatives, the geometric mean, and how many they are."""

    rate: float
    number: int


def _typical(some: Sequence[Standing]) -> _Typical:
    rates = [log(max(one.engagement_rate, _LEAST_RATE)) for one in some]
    return _Typical(exp(sum(rates) / len(rates)) if rates else 0.0, len(rates))


def _of_the_project(measured: Sequence[Standing], on_the_way: int) -> Verdict | None:
    """Why nothing of this project should be cloned now; None when something may be."""
    fresh = _typical([one for one in measured if one.source is None])
    clones = _typical([one for one in measured if one.source is not None])
    if fresh.number < FEWEST_POSTS:
        return Verdict("wait", f"{fresh.number} of the {FEWEST_POSTS} fresh posts that a comparison needs are measured", 0)
    if clones.number < FEWEST_CLONES <= clones.number + on_the_way:
        return Verdict("wait", f"{clones.number} of the first {FEWEST_CLONES} clones are measured; whether clones help is not known yet", 0)
    if clones.number >= FEWEST_CLONES and clones.rate <= fresh.rate:
        return Verdict("stop", f"clones stopped helping: {clones.number} earn {clones.rate:.4f}, fresh posts {fresh.rate:.4f}", 0)
    return None


def _of_one(one: Standing, measured: Sequence[Standing], clones: int, floor: float) -> Verdict:
    """The verdict on one creative of a project in which cloning may help."""
    if one.views < FEWEST_VIEWS:
        return Verdict("wait", f"{one.views} views; under {FEWEST_VIEWS} a rate is noise", clones)
    if one.age_days < SETTLED_DAYS:
        return Verdict("wait", f"it is {one.age_days:.1f} days old; its rate settles after {SETTLED_DAYS:.0f}", clones)
    if one.engagement_rate <= floor:
        return Verdict("stop", f"its engagement rate {one.engagement_rate:.4f} is not above the floor {floor:g}", clones)
    if clones >= CLONES_PER_SOURCE:
        return Verdict("stop", f"it has {clones} clones, and no more than {CLONES_PER_SOURCE} help", clones)
    own = _typical([other for other in measured if other.source == one.id])
    fresh = _typical([other for other in measured if other.source is None])
    if own.number >= FEWEST_OF_ONE and own.rate <= fresh.rate:
        return Verdict("stop", f"its {own.number} clones earn {own.rate:.4f}, fresh posts {fresh.rate:.4f}", clones)
    so_far = f"{clones} clone{'' if clones == 1 else 's'} so far"
    return Verdict("clone", f"its engagement rate {one.engagement_rate:.4f} is above the floor {floor:g}; {so_far}", clones)


def verdicts(posts: Sequence[Standing], made: Mapping[str, int], *, floor: float = FLOOR, waiting: int = 0) -> dict[str, Verdict]:
    """The verdict on each of a project's published creatives.

    `made`: how many clones of each were made, published or not; `waiting`: clones that are still to be published. Fresh posts and clones
    are compared by what this project's own have earned; nothing is assumed of other projects.
    """
    measured = [one for one in posts if one.measured]
    young = sum(one.source is not None and one.age_days < SETTLED_DAYS for one in posts)
    whole = _of_the_project(measured, young + waiting)
    found: dict[str, Verdict] = {}
    for one in posts:
        verdict = _of_one(one, measured, made.get(one.id, 0), floor)
        found[one.id] = verdict if whole is None or verdict.word == "stop" else whole._replace(clones=verdict.clones)
    return found


def worn_out(posts: Sequence[Standing]) -> tuple[str, ...]:
    """Sources whose own clones were measured and earn no more than fresh posts: no more of them, published or to come."""
    measured = [one for one in posts if one.measured]
    fresh = _typical([one for one in measured if one.source is None])
    own = {name: _typical([one for one in measured if one.source == name]) for name in {one.source for one in measured} - {None}}
    return tuple(sorted(name or "" for name, typical in own.items() if typical.number >= FEWEST_OF_ONE and typical.rate <= fresh.rate))


def losers(posts: Sequence[Standing]) -> tuple[str, ...]:
    """Posts that earn far less than is typical of the project, the worst first; none before posts can be compared."""
    measured = [one for one in posts if one.measured]
    typical = _typical(measured)
    if typical.number < FEWEST_POSTS:
        return ()
    worst = sorted(measured, key=lambda one: one.engagement_rate)
    return tuple(one.id for one in worst if one.engagement_rate < LOSES_UNDER * typical.rate)


def material(action: str | None, outcome: str | None) -> bool:
    """Whether a decision of the optimizer is worth a customer's attention: it stops, starts or pays for something, and is more than a wish.

    Holds, bids and what was denied or turned down are not (seed 000, loop 3: "surface material decisions"; which those are is ours). What
    waits for a yes is, and what could not be done.
    """
    if outcome in ("pending", "dispatch_failed"):
        return True
    return action in MATERIAL and outcome not in ("held", "proposed", "denied", "rejected")


def next_source(posts: Sequence[Standing], found: Mapping[str, Verdict], *, by: Mapping[str, float] | None = None) -> Standing | None:
    """The creative to clone next: the best, less for each clone it has; None when nothing is worth it.

    `by`: what it is the best by, for each creative; the engagement rate where it is left out.
    """

    def worth(one: Standing) -> float:
        return (one.engagement_rate if by is None else by.get(one.id, 0.0)) * WEARS ** found[one.id].clones

    return max((one for one in posts if found[one.id].word == "clone"), key=worth, default=None)
