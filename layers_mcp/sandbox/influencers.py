"""Influencers: a project's first is born when its first ingest completes (seed 004, "Select an influencer"); others are made on request."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import errors, influencers
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import Id
from layers_mcp.sandbox import ids, jobs, projects, tables
from layers_mcp.sandbox.clockwork import Stage
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["bear", "change", "choose", "clone", "create", "delete", "get", "listing", "trained_at"]

_TRAINING_S = 20.0
"""How long an influencer is in training, in world seconds at job speed 1; ours (newer pages: about a minute)."""
_LASTS_S = (5.0, 45.0, 10.0)
"""Seconds of each stage of one that is made on request, at job speed 1 (layers-api: about a minute)."""
_NAMES = ("Ines", "Leo", "Maya", "Theo", "Ada", "Noor", "Jonas", "Priya")
_WHO = ("female", "male", "female", "male", "female", "female", "male", "female")


def _training(visit: Visit) -> timedelta:
    return timedelta(seconds=_TRAINING_S / visit.ground.job_speed)


def trained_at(visit: Visit, born_at: datetime) -> datetime:
    """When an influencer is ready that is born at this instant."""
    return born_at + _training(visit)


def bear(visit: Visit, project_id: str, brand: BrandContext, *, job_id: str, ready_at: datetime) -> None:
    """Give a project its first influencer, ready at `ready_at`; a project that has one keeps it."""
    row = tables.influencers.c
    if visit.connection.execute(select(row.id).where(row.project_id == project_id)).first() is not None:
        return
    which = 0 if not brand.keywords else int(sha256(brand.keywords[0].encode()).hexdigest(), 16) % len(_NAMES)
    role = f"{min(brand.keywords[:3], key=len)} regular" if brand.keywords else "everyday customer"
    new = {"id": ids.mint("inf"), "project_id": project_id, "job_id": job_id, "name": f"{_NAMES[which]} — {role}", "gender": _WHO[which]}
    new |= {"age_range": "25-34", "brand_voice": brand.brand_voice, "language": brand.primary_language or "en"}
    visit.connection.execute(insert(tables.influencers).values(new | {"born_at": ready_at - _training(visit), "ready_at": ready_at}))


def _see(row: Row[Any], now: datetime) -> influencers.Influencer:
    ready = row.ready_at <= now
    status: influencers.InfluencerStatus = "training" if not ready else "ready" if row.trouble is None else "failed"
    return influencers.Influencer(
        influencer_id=row.id,
        project_id=row.project_id,
        name=row.name,
        gender=row.gender,
        age_range=row.age_range,
        brand_voice=row.brand_voice,
        language=row.language,
        status=status,
        image_url=None,
        error_message=row.trouble if ready else None,
        created_at=row.born_at,
        updated_at=max(row.ready_at if ready else row.born_at, row.changed_at or row.born_at),
    )


def listing(visit: Visit, request: influencers.ListInfluencers) -> influencers.InfluencerPage:
    """A page of a project's influencers, newest first."""
    row = tables.influencers.c
    project = projects.own(visit, request.project_id)

    def see(found: Row[Any]) -> influencers.Influencer | None:
        seen = _see(found, visit.now)
        return seen if request.status in (None, seen.status) else None

    query = select(tables.influencers).where(row.project_id == project.id, row.born_at <= visit.now, row.deleted_at.is_(None))
    keys = Keys("influencers", row.born_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return influencers.InfluencerPage(items=items, next_cursor=cursor)


def _own(visit: Visit, influencer_id: str) -> Row[Any]:
    row, project = tables.influencers.c, tables.projects.c
    query = select(tables.influencers).join(tables.projects, row.project_id == project.id)
    query = query.where(row.id == ids.full("inf", influencer_id), row.born_at <= visit.now, row.deleted_at.is_(None))
    found = visit.connection.execute(query.where(project.organization_id == visit.key.organization_id)).first()
    if found is None:
        raise errors.NotFound(f"there is no influencer {influencer_id}")
    return found


def get(visit: Visit, request: influencers.GetInfluencer) -> influencers.Influencer:
    """One influencer."""
    return _see(_own(visit, request.influencer_id), visit.now)


def _make(visit: Visit, project_id: str, like: dict[str, Any]) -> Accepted:
    """Start a job that draws one; its row is there at once."""
    stages = [Stage(name, visit.ground.lasts_s(lasts_s)) for name, lasts_s in zip(influencers.STAGES, _LASTS_S, strict=True)]
    job_id, script = jobs.start(visit, project_id, jobs.Plan(influencers.KIND, stages), {})
    ends_at = visit.now + timedelta(seconds=sum(stage.lasts_s for stage in stages))
    new = like | {"id": ids.mint("inf"), "project_id": project_id, "job_id": job_id, "trouble": visit.trouble}
    new |= {"born_at": visit.now, "ready_at": script.finishes_at or ends_at}
    visit.connection.execute(insert(tables.influencers).values(new))
    pointers = {"project_id": project_id, "influencer_id": new["id"], "started_at": visit.now}
    return jobs.accepted(job_id, kind=influencers.KIND, stage=stages[0].name, **pointers)


def create(visit: Visit, request: influencers.CreateInfluencer) -> Accepted:
    """Start to make one for a project, in its brand's voice and language."""
    project = projects.living(visit, request.project_id)
    brand = projects.brand_at(visit, project.id)[0] or BrandContext()
    gender = request.gender or "female"
    named = [name for name, who in zip(_NAMES, _WHO, strict=True) if who == gender] or list(_NAMES)
    which = int(sha256(f"{request.prompt}/{request.age_range}".encode()).hexdigest(), 16) % len(named)
    like = {"name": named[which], "gender": gender, "age_range": request.age_range or "young_adult", "brand_voice": brand.brand_voice}
    return _make(visit, project.id, like | {"language": brand.primary_language or project.language})


def change(visit: Visit, request: influencers.UpdateInfluencer) -> influencers.Influencer:
    """Change what is known of one; posts made before stay as they are."""
    found = _own(visit, request.influencer_id)
    projects.living(visit, found.project_id)
    given = request.model_dump(exclude={"influencer_id"}, exclude_unset=True)
    row = tables.influencers.c.id == found.id
    visit.connection.execute(update(tables.influencers).where(row).values(given | {"changed_at": visit.now}))
    return _see(_own(visit, found.id), visit.now)


def clone(visit: Visit, request: influencers.CloneInfluencer) -> Accepted:
    """Start to make another of the same project, by the looks of this one.

    Raises:
        errors.Conflict: the source has no looks yet.
    """
    found = _own(visit, request.influencer_id)
    projects.living(visit, found.project_id)
    status = _see(found, visit.now).status
    if status != "ready":
        raise errors.Conflict(f"influencer {found.id} is {status}; only one that is ready can be cloned", details={"state": status})
    like = {name: getattr(found, name) for name in ("gender", "age_range", "brand_voice", "language")}
    other = {} if request.overrides is None else request.overrides.model_dump(exclude_none=True)
    return _make(visit, found.project_id, {**like, **other, "name": request.name, "cloned_from": found.id})


def delete(visit: Visit, request: influencers.DeleteInfluencer) -> influencers.DeletedInfluencer:
    """Take one away for good; its row stays for the posts that it voices."""
    found = _own(visit, request.influencer_id)
    projects.living(visit, found.project_id)
    visit.connection.execute(update(tables.influencers).where(tables.influencers.c.id == found.id).values(deleted_at=visit.now))
    return influencers.DeletedInfluencer(influencer_id=found.id, status="deleted", deleted_at=visit.now)


def choose(visit: Visit, project_id: str, pinned: Id | None) -> str | None:
    """The influencer that voices a generation: the pinned one, else the project's first, else none.

    Raises:
        errors.Invalid: the pinned one is not of this project, or not ready.
    """
    row = tables.influencers.c
    living = (row.project_id == project_id, row.born_at <= visit.now, row.deleted_at.is_(None), row.trouble.is_(None))
    query = select(row.id, row.ready_at).where(*living).order_by(row.born_at, row.seq)
    if pinned is None:
        first = visit.connection.execute(query.where(row.ready_at <= visit.now)).first()
        return None if first is None else str(first.id)
    found = visit.connection.execute(query.where(row.id == ids.full("inf", pinned))).first()
    if found is None:
        raise invalid("brief.influencerId", "is not an influencer of this project")
    if found.ready_at > visit.now:
        raise invalid("brief.influencerId", "is not ready yet")
    return str(found.id)
