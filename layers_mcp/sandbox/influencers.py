"""Influencers: a project's first ambassador is born when its first ingest completes (seed 004, "Select an influencer")."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, insert, select

from layers_mcp.contract import errors, influencers
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import Id
from layers_mcp.sandbox import ids, projects, tables
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["bear", "choose", "get", "listing", "trained_at"]

_TRAINING_S = 20.0
"""How long an influencer is in training, in world seconds at job speed 1; ours (newer pages: about a minute)."""
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
    return influencers.Influencer(
        influencer_id=row.id,
        project_id=row.project_id,
        name=row.name,
        gender=row.gender,
        age_range=row.age_range,
        brand_voice=row.brand_voice,
        language=row.language,
        status="ready" if ready else "training",
        image_url=None,
        created_at=row.born_at,
        updated_at=row.ready_at if ready else row.born_at,
    )


def listing(visit: Visit, request: influencers.ListInfluencers) -> influencers.InfluencerPage:
    """A page of a project's influencers, newest first."""
    row = tables.influencers.c
    project = projects.own(visit, request.project_id)

    def see(found: Row[Any]) -> influencers.Influencer | None:
        seen = _see(found, visit.now)
        return seen if request.status in (None, seen.status) else None

    query = select(tables.influencers).where(row.project_id == project.id, row.born_at <= visit.now)
    keys = Keys("influencers", row.born_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return influencers.InfluencerPage(items=items, next_cursor=cursor)


def get(visit: Visit, request: influencers.GetInfluencer) -> influencers.Influencer:
    """One influencer."""
    row, project = tables.influencers.c, tables.projects.c
    query = select(tables.influencers).join(tables.projects, row.project_id == project.id)
    query = query.where(row.id == ids.full("inf", request.influencer_id), row.born_at <= visit.now)
    found = visit.connection.execute(query.where(project.organization_id == visit.key.organization_id)).first()
    if found is None:
        raise errors.NotFound(f"there is no influencer {request.influencer_id}")
    return _see(found, visit.now)


def choose(visit: Visit, project_id: str, pinned: Id | None) -> str | None:
    """The influencer that voices a generation: the pinned one, else the project's first, else none.

    Raises:
        errors.Invalid: the pinned one is not of this project, or not ready.
    """
    row = tables.influencers.c
    query = select(row.id, row.ready_at).where(row.project_id == project_id, row.born_at <= visit.now).order_by(row.born_at, row.seq)
    if pinned is None:
        first = visit.connection.execute(query.where(row.ready_at <= visit.now)).first()
        return None if first is None else str(first.id)
    found = visit.connection.execute(query.where(row.id == ids.full("inf", pinned))).first()
    if found is None:
        raise invalid("brief.influencerId", "is not an influencer of this project")
    if found.ready_at > visit.now:
        raise invalid("brief.influencerId", "is not ready yet")
    return str(found.id)
