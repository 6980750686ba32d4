"""Top performers: a project's creatives, ranked by what their posts have earned."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from layers_mcp.contract import measurement
from layers_mcp.contract.creatives import Creative
from layers_mcp.contract.measurement import Axis, GetTopPerformers, TopPerformer
from layers_mcp.sandbox import creatives, projects
from layers_mcp.sandbox.ads.ledger import Brought, promoted
from layers_mcp.sandbox.audience.reach import Counts
from layers_mcp.sandbox.performance import Published, added, published
from layers_mcp.sandbox.visit import Visit

__all__ = ["Earner", "earners", "top"]

_DAYS = {"7d": 7, "30d": 30, "90d": 90}


class Earner(NamedTuple):
    """A creative with its posts of some time, best first, what they have earned together, and what its ads brought in that time."""

    creative: Creative
    posts: list[Published]
    earned: Counts
    brought: Brought | None = None


def earners(visit: Visit, project_id: str, days: float, *, paid: bool = False) -> list[Earner]:
    """The creatives with posts published in the last `days`, and what those posts have earned so far.

    `paid`: those that ads spent on in the last `days`, whenever their posts were published.
    """
    known = {one.source_id: one for one in creatives.of_project(visit, project_id)}
    since, grouped = visit.now - timedelta(days=days), dict[str, list[Published]]()
    brought = promoted(visit.connection, project_id, visit.now).by_creative(since, visit.now)
    for post in published(visit, project_id):
        creative = known.get(post.container_id)
        if creative is not None and (creative.ads_content_id in brought if paid else post.published_at >= since):
            grouped.setdefault(post.container_id, []).append(post)
    found: list[Earner] = []
    for container_id, many in grouped.items():
        best = sorted(many, key=lambda post: post.earned(visit.now).views, reverse=True)
        creative, earned = known[container_id], added([post.earned(visit.now) for post in best])
        found.append(Earner(creative, best, earned, brought.get(creative.ads_content_id)))
    return found


def _value(one: Earner, metric: Axis) -> float | None:
    """What it is ranked by; None where that is not measured, or nobody looked."""
    if metric == "engagement_rate":
        return one.earned.engagement_rate
    if metric == "conversions":
        return float(one.earned.conversions) if one.posts[0].told_from is not None else None
    if metric == "roas":
        return one.brought.roas if one.brought is not None else None
    return float(getattr(one.earned, metric))


def _row(one: Earner, rank: int, metric: Axis) -> TopPerformer:
    best, rate, returned = one.posts[0], one.earned.engagement_rate, _value(one, "roas")
    return TopPerformer(
        rank=rank,
        metric_value=round(_value(one, metric) or 0.0, 6),
        source_type="content_container",
        source_id=best.container_id,
        platform_post_id=best.id,
        platform=best.platform,
        published_at=best.published_at,
        views=one.earned.views,
        engagement_rate=None if rate is None else round(rate, 6),
        conversions=one.earned.conversions if best.told_from is not None else None,
        roas=None if returned is None else round(returned, 6),
        organic_score=one.creative.organic_score,
        override=one.creative.override,
    )


def top(visit: Visit, request: GetTopPerformers) -> measurement.TopPerformers:
    """The best creatives of the window, by the axis that was asked for; none while nothing is published."""
    project = projects.own(visit, request.project_id)
    found = earners(visit, project.id, _DAYS[request.window], paid=request.metric == "roas")
    if request.platform is not None:
        found = [one for one in found if any(post.platform in request.platform for post in one.posts)]
    if request.source_type is not None and "content_container" not in request.source_type:
        found = []
    if not request.include_ineligible:
        found = [one for one in found if one.creative.eligible]
    ranked = [one for one in found if _value(one, request.metric) is not None]
    ranked.sort(key=lambda one: (_value(one, request.metric) or 0.0, one.earned.views), reverse=True)
    return measurement.TopPerformers(items=tuple(_row(one, place, request.metric) for place, one in enumerate(ranked[: request.limit], 1)))
