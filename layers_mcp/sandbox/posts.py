"""Scheduled posts as rows: what one shows follows from when it starts, how long publishing takes, and whether it was canceled."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select, update

from layers_mcp.contract.publishing import PostProblem, ScheduledPost
from layers_mcp.contract.scalars import PostStatus
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.visit import Visit

__all__ = ["WITH_ACCOUNT", "cancel_queued", "see", "status_at"]

WITH_ACCOUNT = select(tables.posts, tables.accounts.c.platform, tables.accounts.c.handle).join(
    tables.accounts, tables.posts.c.account_id == tables.accounts.c.id
)
"""Posts with what their account adds."""
_URLS = {"tiktok": "https://www.tiktok.com/@{handle}/video/{id}", "instagram": "https://www.instagram.com/reel/{id}/"}
_FIRST_ID = 7_000_000_000_000_000_000
_IDS = 10**18


def status_at(row: Row[Any], now: datetime) -> PostStatus:
    """Where a post stands at `now` (seed 004, step 10: queued, publishing, published or failed or canceled); drafts end as drafts."""
    if row.canceled_at is not None and row.canceled_at <= now:
        return "canceled"
    if now < row.starts_at:
        return "queued"
    if now < row.ends_at:
        return "publishing"
    if row.problem:
        return "failed"
    return "draft" if row.mode == "draft_to_device" else "published"


def external_id(post_id: str) -> str:
    """The platform's id of a post: a digit string, always the same for the same post."""
    return str(_FIRST_ID + int(sha256(post_id.encode()).hexdigest(), 16) % _IDS)


def see(row: Row[Any], now: datetime) -> ScheduledPost:
    """A post at `now`; `row` is one of `WITH_ACCOUNT`."""
    status = status_at(row, now)
    out = external_id(row.id) if status == "published" else None
    problem = PostProblem(code=row.problem, message=f"{row.platform} refused the post") if status == "failed" else None
    changed = max([row.updated_at, *(at for at in (row.starts_at, row.ends_at) if at <= now and status != "canceled")])
    return ScheduledPost(
        id=row.id,
        container_id=row.container_id,
        social_account_id=row.account_id,
        platform=row.platform,
        mode=row.mode,
        status=status,
        external_id=out,
        external_url=_URLS[row.platform].format(handle=row.handle, id=out) if out else None,
        scheduled_for=row.scheduled_for,
        attempted_at=row.starts_at if status in ("publishing", "published", "failed", "draft") else None,
        published_at=row.ends_at if status == "published" else None,
        canceled_at=row.canceled_at if status == "canceled" else None,
        last_error=problem,
        created_at=row.created_at,
        updated_at=changed,
    )


def cancel_queued(visit: Visit, project_id: str) -> int:
    """Cancel every post of a project that has not started; how many there were."""
    row = tables.posts.c
    queued = update(tables.posts).where(row.project_id == project_id, row.canceled_at.is_(None), row.starts_at > visit.now)
    return visit.connection.execute(queued.values(canceled_at=visit.now, updated_at=visit.now)).rowcount
