"""Creatives as the ads see them: score, pool, a person's word over the score, the selection, and what Layers recommends."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from layers_mcp.contract import creatives
from layers_mcp.contract.creatives import Creative, ListCreatives, ListRecommendations, Recommendation
from layers_mcp.contract.scalars import wire_time
from layers_mcp.tool.call import Call
from layers_mcp.tool.decided import named
from layers_mcp.tool.evidence import Case, Place, docs
from layers_mcp.tool.paging import Page, every

__all__ = ["ELIGIBLE_FROM", "SLOTS", "Standing", "chosen", "creatives_of", "find", "recommended", "say_recommended", "say_standing"]

SLOTS = 3
"""Creatives that the selection takes from each pool (layers-api: ad-eligibility; the project's configuration may differ)."""
ELIGIBLE_FROM = 4.0
"""layers-api: organic-scoring, `ELIGIBILITY_THRESHOLD`."""
_PAGE, _PAGES = 200, 25
"""At most five thousand creatives are looked through; ours."""
_RECOMMENDED_PAGE, _RECOMMENDED_PAGES = 100, 5
_RECOMMENDS = {
    "refresh_fatigued": "to make something new after it",
    "value_propositions": "to say more clearly what the product is good for",
}
"""The kinds of recommendations in our words (layers-api: recommendations)."""


async def creatives_of(call: Call, project_id: str) -> list[Creative]:
    """Every creative of a project."""

    def ask(cursor: str | None) -> Awaitable[Page[Creative]]:
        wanted = {"project_id": project_id, "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(creatives.LIST, ListCreatives.model_validate(wanted))

    return await every(ask, pages=_PAGES)


def find(found: Iterable[Creative], given: str) -> Creative | None:
    """The creative that an id, of its own or of its container, names; bare UUIDs too."""
    return next((one for one in found if named(given, one.ads_content_id) or named(given, one.source_id or "")), None)


def _may_run(one: Creative, override: str | None) -> bool | None:
    """Whether ads may take it under this override; None when that does not follow from what is known.

    As Layers has it, where the override is the one on record; else by the rule (layers-api: ad-eligibility).
    """
    if override == one.override and one.eligible is not None:
        return one.eligible
    if override is not None:
        return override == "include"
    return None if one.organic_score is None else one.organic_score >= ELIGIBLE_FROM


def _ranked(one: Creative, score: float, found: Sequence[Creative]) -> str:
    pool = [other for other in found if other.scoring_pool == one.scoring_pool and other.ads_content_id != one.ads_content_id]
    scores = [other.organic_score or 0.0 for other in pool if _may_run(other, other.override)]
    ahead, level = sum(other > score for other in scores), sum(other == score for other in scores)
    place = f"place {ahead + 1} of {len(scores) + 1} that ads may take from the pool {one.scoring_pool}; the best {SLOTS} are taken"
    if ahead + level < SLOTS:
        return f"selected: {place}"
    if ahead >= SLOTS:
        return f"not selected: {place}; ads may take it when others fall"
    return f"perhaps selected: it shares {place}, and how ties are broken is not known"


def chosen(one: Creative, found: Sequence[Creative], override: str | None) -> str:
    """What the selection does with a creative under this override: three pools, the best scores of each."""
    if override == "exclude":
        return "not selected: ads never take it"
    if one.organic_score is None or one.scoring_pool is None:
        return "what the selection makes of it is unknown: its score or its pool is not recorded"
    if override is None and one.organic_score < ELIGIBLE_FROM:
        return f"not selected: ads do not take it, as its score {one.organic_score} is below {ELIGIBLE_FROM}"
    passes = one.override == "include" or (one.override is None and one.organic_score >= ELIGIBLE_FROM)
    failed = one.eligible is False and passes
    if failed or (override == one.override and one.eligible is False):
        return "not selected: Layers has it as not eligible, and a failed safety check can't be overridden"
    return _ranked(one, one.organic_score, found)


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
    may = "may" if _may_run(one, one.override) else "may not"
    by = f"{one.override} was set by a person" if one.override else "with no override"
    case.say(f"{words}; ads {may} use it, {by}.", *facts, rank=3)
    if paused:
        rule = case.fact("rule", "the score selects new creatives and never pauses running ads", docs("concepts/optimizer"))
        case.say("That score has no part in pauses.", rule, rank=5)


async def recommended(call: Call, project_id: str) -> list[Recommendation]:
    """What Layers recommends for a project and nobody has marked."""

    def ask(cursor: str | None) -> Awaitable[Page[Recommendation]]:
        wanted = {"project_id": project_id, "status": ("open",), "limit": _RECOMMENDED_PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(creatives.RECOMMENDATIONS, ListRecommendations.model_validate(wanted))

    return await every(ask, pages=_RECOMMENDED_PAGES)


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
