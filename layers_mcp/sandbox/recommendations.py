"""Recommendations: read from what was made and earned, with an action to forward; a partner's mark on one stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import JsonValue
from sqlalchemy import insert, select, update

from layers_mcp.contract import creatives as c_creatives
from layers_mcp.contract import errors
from layers_mcp.contract.creatives import Recommendation
from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox import ids, projects, tables
from layers_mcp.sandbox.ads.selection import ELIGIBLE_FROM
from layers_mcp.sandbox.pages import Window, whole_page
from layers_mcp.sandbox.visit import Visit
from layers_mcp.sandbox.winners import Earner, earners

__all__ = ["listing", "mark"]

_LOOKS_BACK_DAYS = 90.0
_FATIGUED_AFTER = timedelta(days=18)
"""When an unboosted creative falls below what ads take (layers-api: organic-scoring)."""
_SURE_VIEWS = 500
"""Views that make a recommendation as likely right as wrong; ours."""
_VALUES = 3
_STAMPS = {"acknowledged": "acknowledged_at", "dismissed": "dismissed_at", "acted_on": "acted_on_at"}


def _sure(views: int) -> float:
    return round(min(0.95, views / (views + _SURE_VIEWS)), 2)


def _refresh(project_id: str, one: Earner) -> Recommendation:
    """A creative that ads no longer take, and that did well: make a new one after it."""
    score = one.creative.organic_score
    made_at = one.creative.created_at or one.posts[0].published_at
    payload: dict[str, JsonValue] = {"projectId": project_id, "sourcePlatformPostId": one.posts[0].id, "mode": "reimagine", "variations": 2}
    return Recommendation(
        recommendation_id=ids.derived("rec", project_id, "refresh_fatigued", one.posts[0].container_id),
        kind="refresh_fatigued",
        subject={"type": "creative", "adsContentId": one.creative.ads_content_id, "containerId": one.posts[0].container_id},
        rationale=f"its organic score is {score}, below {ELIGIBLE_FROM}; its posts earned {one.earned.views} views",
        confidence=_sure(one.earned.views),
        status="open",
        suggested_action={"endpoint": "POST /v1/content/{containerId}/clone-from-post", **payload},
        created_at=made_at + _FATIGUED_AFTER,
    )


def _values(project_id: str, brand: BrandContext, found: list[Earner]) -> Recommendation:
    """Nothing that was made says what the product is good for, though the brand's words are known."""
    views, words = sum(one.earned.views for one in found), list(brand.keywords[:_VALUES])
    return Recommendation(
        recommendation_id=ids.derived("rec", project_id, "value_propositions"),
        kind="value_propositions",
        subject={"type": "project", "projectId": project_id},
        rationale=f"none of {len(found)} published creatives was briefed with value propositions",
        confidence=_sure(views),
        status="open",
        suggested_action={"endpoint": f"POST /v1/projects/{project_id}/content", "brief": {"valuePropositions": [*words]}},
        created_at=min(post.published_at for one in found for post in one.posts),
    )


def _briefed(visit: Visit, found: list[Earner]) -> bool:
    row = tables.containers.c
    briefs = visit.connection.execute(select(row.brief).where(row.id.in_([one.posts[0].container_id for one in found]))).scalars()
    return any(brief.get("valuePropositions") for brief in briefs)


def _made(visit: Visit, project_id: str) -> list[Recommendation]:
    """What follows from how things stand, as if nobody had marked anything."""
    found = earners(visit, project_id, _LOOKS_BACK_DAYS)
    if not found:
        return []
    views = sorted(one.earned.views for one in found)
    typical = views[len(views) // 2]
    tired = [one for one in found if not one.creative.eligible and one.creative.override is None and one.earned.views >= typical]
    made = [_refresh(project_id, one) for one in tired]
    brand = projects.brand_at(visit, project_id)[0]
    if brand is not None and brand.keywords and not _briefed(visit, found):
        made.append(_values(project_id, brand, found))
    return made


def _marked(visit: Visit, project_id: str) -> list[Recommendation]:
    row = tables.recommendations.c
    kept = visit.connection.execute(select(row.id, row.status).where(row.project_id == project_id))
    marks = {mark.id: mark.status for mark in kept}
    made = _made(visit, project_id)
    return [one.model_copy(update={"status": marks.get(one.recommendation_id, "open")}) for one in made]


def listing(visit: Visit, request: c_creatives.ListRecommendations) -> c_creatives.RecommendationPage:
    """A page of what is recommended."""
    project = projects.own(visit, request.project_id)
    found = [
        one
        for one in _marked(visit, project.id)
        if (request.kind is None or one.kind in request.kind)
        and (request.status is None or one.status in request.status)
        and one.confidence >= request.min_confidence
    ]
    by_confidence = request.sort == "confidence_desc"
    found.sort(key=lambda one: (one.confidence if by_confidence else 0.0, one.created_at or visit.now), reverse=True)
    items, cursor = whole_page(found, Window(request.cursor, request.limit), known_as="recommendation_id")
    return c_creatives.RecommendationPage(items=items, next_cursor=cursor)


def mark(visit: Visit, request: c_creatives.MarkRecommendation) -> c_creatives.MarkedRecommendation:
    """Keep what became of a recommendation; each stamp is set once (layers-api: PATCH recommendations)."""
    project, row = projects.own(visit, request.project_id), tables.recommendations.c
    wanted = ids.full("rec", request.recommendation_id)
    kept = visit.connection.execute(select(tables.recommendations).where(row.id == wanted, row.project_id == project.id)).first()
    if kept is None and wanted not in {one.recommendation_id for one in _made(visit, project.id)}:
        raise errors.NotFound(f"there is no recommendation {request.recommendation_id}")
    new: dict[str, Any] = {"status": request.status, "note": request.note, "updated_at": visit.now}
    stamp = _STAMPS.get(request.status)
    if stamp is not None and (kept is None or getattr(kept, stamp) is None):
        new[stamp] = visit.now
    if kept is None:
        visit.connection.execute(insert(tables.recommendations).values(new | {"id": wanted, "project_id": project.id}))
    else:
        visit.connection.execute(update(tables.recommendations).where(row.id == wanted).values(new))
    return c_creatives.MarkedRecommendation(recommendation_id=wanted, status=request.status, updated_at=visit.now)
