"""What is said of a creative: its score, its pool, a person's word over it, and what Layers recommends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from layers_mcp.contract.creatives import Creative, Recommendation
from layers_mcp.contract.scalars import wire_time
from layers_mcp.loops.judgement import ELIGIBLE_FROM
from layers_mcp.loops.place import Place, docs
from layers_mcp.loops.pool import may_run
from layers_mcp.tool.evidence import Case

__all__ = ["Standing", "say_recommended", "say_standing"]

_RECOMMENDS = {
    "refresh_fatigued": "to make something new after it",
    "value_propositions": "to say more clearly what the product is good for",
}
"""The kinds of recommendations in our words (layers-api: recommendations)."""


class Standing(NamedTuple):
    """A creative at one moment; None where its project's list has none of that id."""

    creative: Creative | None
    seen_at: datetime


def say_standing(case: Case, standing: Standing, *, whose: str, paused: bool) -> None:
    """How the creative, called `whose`, stands now; `paused`: it is told of a pause, in which the score has no part."""
    one, now = standing.creative, wire_time(standing.seen_at)
    if one is None or one.organic_score is None:
        case.say("The score of its creative is not recorded.", rank=4)
        return
    here = Place("GET ads-content", one.ads_content_id)
    facts = [case.fact("organic score", f"{one.organic_score:.1f}", here.inside("organicScore"), now)]
    facts.append(case.fact("scale", "0 to 10", docs("concepts/organic-scoring")))
    words = f"{whose} now scores {one.organic_score:.1f} of 10"
    if one.scoring_pool is not None:
        facts.append(case.fact("pool", one.scoring_pool, here.inside("scoringPool"), now))
        words += f" in the pool {one.scoring_pool}"
    facts.append(case.fact("override", one.override or "none", here.inside("override"), now))
    facts.append(case.fact("ads that run it", str(len(one.active_promotions)), here.inside("activePromotions"), now))
    if one.eligible is not None:
        facts.append(case.fact("eligible", "yes" if one.eligible else "no", here.inside("eligible"), now))
    else:
        facts.append(case.fact("rule", f"a score of {ELIGIBLE_FROM} or more, or an override", docs("concepts/ad-eligibility")))
    may = "may" if may_run(one, one.override) else "may not"
    by = f"{one.override} was set by a person" if one.override else "with no override"
    case.say(f"{words}; ads {may} use it, {by}.", *facts, rank=3)
    if paused:
        rule = case.fact("rule", "the score selects new creatives and never pauses running ads", docs("concepts/optimizer"))
        case.say("That score has no part in pauses.", rule, rank=5)


def say_recommended(case: Case, found: Sequence[Recommendation], about: Iterable[str], seen_at: datetime) -> None:
    """The surest open recommendation whose subject is one of the ids of `about`, and that there is none."""
    names, now = set(about), wire_time(seen_at)
    ours = [one for one in found if names & {value for value in one.subject.values() if isinstance(value, str)}]
    if not ours:
        case.fact("open recommendations about it", "0", Place("GET recommendations"), now)
        return
    one = max(ours, key=lambda each: each.confidence)
    here = Place("GET recommendations", one.recommendation_id)
    kind = case.fact("open recommendation", one.kind, here.inside("kind"), now)
    sure = case.fact("confidence", f"{one.confidence:.2f}", here.inside("confidence"), now)
    case.fact("rationale, quoted", one.rationale, here.inside("rationale"), now)
    what = _RECOMMENDS.get(one.kind, "something this version has no words for")
    case.say(f"Layers recommends {what} (confidence {one.confidence:.2f}).", kind, sure, rank=4)
