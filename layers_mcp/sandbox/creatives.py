"""Creatives: what ads may be made of, scored by age and spend, with a person's override of the score."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue
from sqlalchemy import insert, update

from layers_mcp.contract import creatives, errors
from layers_mcp.sandbox import audit, ids, projects, tables
from layers_mcp.sandbox.ads import pool
from layers_mcp.sandbox.ads.ledger import NO_ADS, Ledger, promoted
from layers_mcp.sandbox.ads.selection import eligible
from layers_mcp.sandbox.pages import Window, whole_page
from layers_mcp.sandbox.visit import Visit

__all__ = ["listing", "of_project", "override"]


def _promotions(ledger: Ledger) -> dict[str, list[JsonValue]]:
    """The ads that run now, by what they show."""
    found: dict[str, list[JsonValue]] = {}
    for row in (line.row for line in ledger.lines):
        if (row.status, row.campaign_status) == ("active", "active") and row.ads_content_id is not None and row.platform != NO_ADS:
            ad: JsonValue = {"adId": row.id, "adsetId": row.adset_id, "campaignId": row.campaign_id, "platform": row.platform}
            found.setdefault(row.ads_content_id, []).append(ad)
    return found


def of_project(visit: Visit, project_id: str) -> list[creatives.Creative]:
    """Every creative of a project, first made first."""
    now = visit.now
    ledger = promoted(visit.connection, project_id, now)
    brought, running = ledger.by_creative(now - pool.SPEND_COUNTS, now), _promotions(ledger)
    found: list[creatives.Creative] = []
    for one in pool.creatives_at(visit.connection, project_id, now):
        facts = one.facts(now, brought)
        found.append(
            creatives.Creative(
                ads_content_id=one.id,
                source_type=one.source_type,
                source_id=one.source_id,
                scoring_pool=one.pool,
                organic_score=facts.score,
                eligible=eligible(facts),
                override=one.override,
                note=one.note,
                active_promotions=tuple(running.get(one.id, ())),
                scored_at=one.scored_at(now),
                created_at=one.made_at,
            )
        )
    return found


def _score(one: creatives.Creative) -> float:
    return one.organic_score or 0.0


def _fits(one: creatives.Creative, request: creatives.ListCreatives) -> bool:
    if request.scoring_pool is not None and one.scoring_pool not in request.scoring_pool:
        return False
    if request.override is not None and (one.override or "none") != request.override:
        return False
    return _score(one) >= request.min_score and request.eligible in (None, one.eligible)


def _sorted(found: list[creatives.Creative], sort: str) -> list[creatives.Creative]:
    if sort == "scored_at_desc":
        return sorted(found, key=lambda one: (one.scored_at is not None, one.scored_at), reverse=True)
    return sorted(found, key=_score, reverse=sort == "score_desc")


def listing(visit: Visit, request: creatives.ListCreatives) -> creatives.CreativePage:
    """A page of a project's creatives."""
    project = projects.own(visit, request.project_id)
    fitting = _sorted([one for one in of_project(visit, project.id) if _fits(one, request)], request.sort)
    items, cursor = whole_page(fitting, Window(request.cursor, request.limit), known_as="ads_content_id")
    return creatives.CreativePage(items=items, next_cursor=cursor)


def _own(visit: Visit, project_id: str, given: str) -> creatives.Creative:
    wanted = ids.full("adc", given)
    found = next((one for one in of_project(visit, project_id) if one.ads_content_id == wanted), None)
    if found is None:
        raise errors.NotFound(f"there is no creative {given} in this project")
    return found


def override(visit: Visit, request: creatives.OverrideCreative) -> creatives.Creative:
    """Set, or with null take back, a person's word on a creative; it is logged (layers-api: ad-eligibility)."""
    project = projects.living(visit, request.project_id)
    was = _own(visit, project.id, request.id)
    row = tables.overrides.c
    new: dict[str, Any] = {"override": request.override, "note": request.note, "updated_at": visit.now}
    kept = visit.connection.execute(update(tables.overrides).where(row.ads_content_id == was.ads_content_id).values(new))
    if not kept.rowcount:
        whose = {"project_id": project.id, "ads_content_id": was.ads_content_id}
        visit.connection.execute(insert(tables.overrides).values(new | whose))
    said = {"adsContentId": was.ads_content_id, "before": was.override, "override": request.override, "note": request.note}
    audit.log(visit, "creative_override", project.id, **said)
    return _own(visit, project.id, was.ads_content_id)
