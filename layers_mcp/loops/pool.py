"""Creatives as the ads see them: score, pool, a person's word over the score, the selection, and what Layers recommends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from layers_mcp.client.pages import asking, every
from layers_mcp.client.partner import Partner
from layers_mcp.contract import creatives
from layers_mcp.contract.creatives import Creative, Recommendation
from layers_mcp.loops.judgement import ELIGIBLE_FROM, SLOTS
from layers_mcp.loops.known import named

__all__ = ["chosen", "creatives_of", "find", "may_run", "recommended"]

_PAGE, _PAGES = 200, 25
"""At most five thousand creatives are looked through; ours."""
_RECOMMENDED_PAGE, _RECOMMENDED_PAGES = 100, 5


async def creatives_of(layers: Partner, project_id: str) -> list[Creative]:
    """Every creative of a project."""
    return await every(asking(layers, creatives.LIST, project_id=project_id, limit=_PAGE), pages=_PAGES)


def find(found: Iterable[Creative], given: str) -> Creative | None:
    """The creative that an id, of its own or of its container, names; bare UUIDs too."""
    return next((one for one in found if named(given, one.ads_content_id) or named(given, one.source_id or "")), None)


def may_run(one: Creative, override: str | None) -> bool | None:
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
    scores = [other.organic_score or 0.0 for other in pool if may_run(other, other.override)]
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


async def recommended(layers: Partner, project_id: str) -> list[Recommendation]:
    """What Layers recommends for a project and nobody has marked."""
    ask = asking(layers, creatives.RECOMMENDATIONS, project_id=project_id, status=("open",), limit=_RECOMMENDED_PAGE)
    return await every(ask, pages=_RECOMMENDED_PAGES)
