"""Creatives: what was generated, scored for ads by age, with a person's override of the score."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import creatives, errors
from layers_mcp.sandbox import audit, ids, jobs, projects, tables
from layers_mcp.sandbox.pages import Window, whole_page
from layers_mcp.sandbox.visit import Visit

__all__ = ["ELIGIBLE_FROM", "ads_content_id", "completed", "eligible", "listing", "of_project", "override", "score"]

ELIGIBLE_FROM: Final = 4.0
"""layers-api: organic-scoring, `ELIGIBILITY_THRESHOLD`."""
_START, _FALL, _FALL_DAYS, _LEAST, _MOST = 7.0, 5.0, 30.0, 2.0, 10.0
_MOST_BOOST, _USD_A_POINT = 3.0, 33.3
_EVERY = timedelta(hours=4)
"""How often scores are made anew (layers-api: organic-scoring)."""
_ROWS = (
    select(
        tables.containers,
        tables.overrides.c.override,
        tables.overrides.c.note.label("override_note"),
    )
    .outerjoin(tables.overrides, tables.overrides.c.container_id == tables.containers.c.id)
    .order_by(tables.containers.c.seq)
)


def score(age_days: float, spend_30d: float = 0.0) -> float:
    """The score of generated and manual creatives, 2 to 10; `spend_30d` in units of money.

    What it falls to by age has its floor before spend is added, so that a fully boosted creative never drops below 5, as the page's
    prose has it; the formula printed there would let it (see `drift`).
    """
    boost = min(_MOST_BOOST, spend_30d / _USD_A_POINT)
    return round(min(_MOST, max(_LEAST, _START - _FALL * age_days / _FALL_DAYS) + boost), 2)


def eligible(points: float, override: str | None) -> bool:
    """Whether ads may use it: its score, unless a person said otherwise (layers-api: ad-eligibility)."""
    return override == "include" or (points >= ELIGIBLE_FROM and override != "exclude")


def ads_content_id(container_id: str) -> str:
    """The id of a container as a creative."""
    return f"adc_{container_id.partition('_')[2]}"


def completed(visit: Visit, project_id: str) -> dict[str, datetime]:
    """When each generation of a project was completed, by its job; those that are not are not among them."""
    row = tables.jobs.c
    query = select(tables.jobs).where(row.project_id == project_id, row.kind == "content_generate")
    seen = ((job.id, jobs.script_of(job).at(visit.now)) for job in visit.connection.execute(query))
    return {job_id: one.finished_at for job_id, one in seen if one.status == "completed" and one.finished_at is not None}


def _see(row: Row[Any], made_at: datetime, now: datetime) -> creatives.Creative:
    scored_at = made_at + (now - made_at) // _EVERY * _EVERY
    points = score((scored_at - made_at) / timedelta(days=1))
    return creatives.Creative(
        ads_content_id=ads_content_id(row.id),
        source_type="content_container",
        source_id=row.id,
        scoring_pool="generated",
        organic_score=points,
        eligible=eligible(points, row.override),
        override=row.override,
        note=row.override_note,
        active_promotions=(),
        scored_at=scored_at,
        created_at=made_at,
    )


def of_project(visit: Visit, project_id: str) -> list[creatives.Creative]:
    """Every creative of a project, first made first."""
    made = completed(visit, project_id)
    rows = visit.connection.execute(_ROWS.where(tables.containers.c.project_id == project_id))
    return [_see(row, made[row.job_id], visit.now) for row in rows if row.job_id in made]


def _fits(one: creatives.Creative, request: creatives.ListCreatives) -> bool:
    if request.scoring_pool is not None and one.scoring_pool not in request.scoring_pool:
        return False
    if request.override is not None and (one.override or "none") != request.override:
        return False
    return one.organic_score >= request.min_score and request.eligible in (None, one.eligible)


def _sorted(found: list[creatives.Creative], sort: str) -> list[creatives.Creative]:
    if sort == "scored_at_desc":
        return sorted(found, key=lambda one: (one.scored_at is not None, one.scored_at), reverse=True)
    return sorted(found, key=lambda one: one.organic_score, reverse=sort == "score_desc")


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
    kept = visit.connection.execute(update(tables.overrides).where(row.container_id == was.source_id).values(new))
    if not kept.rowcount:
        visit.connection.execute(insert(tables.overrides).values(new | {"container_id": was.source_id}))
    said = {"adsContentId": was.ads_content_id, "before": was.override, "override": request.override, "note": request.note}
    audit.log(visit, "creative_override", project.id, **said)
    return _own(visit, project.id, was.ads_content_id)
