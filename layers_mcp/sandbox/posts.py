"""Scheduled posts as rows: what one shows follows from when it starts, how long publishing takes, and whether it was canceled."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from sqlalchemy import BigInteger, ColumnElement, Connection, Row, func, or_, select, type_coerce, update

from layers_mcp.contract.events import PostCanceled
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.scalars import PostStatus
from layers_mcp.sandbox import awaiting, refusals, tables, telling
from layers_mcp.sandbox.visit import Visit

__all__ = ["WITH_ACCOUNT", "cancel", "cancel_on", "cancel_queued", "external_id", "keep_failed", "see", "status_at"]

_DAY_MS = 86_400_000
_EARLIER = tables.posts.alias("earlier")
_JUST_BEFORE = (
    select(func.count())
    .where(
        _EARLIER.c.account_id == tables.posts.c.account_id,
        _EARLIER.c.mode != "draft_to_device",
        _EARLIER.c.canceled_at.is_(None),
        _EARLIER.c.problem.is_(None),
        type_coerce(_EARLIER.c.starts_at, BigInteger) - type_coerce(tables.accounts.c.token_expires_at, BigInteger) < 0,
        type_coerce(_EARLIER.c.starts_at, BigInteger) > type_coerce(tables.posts.c.starts_at, BigInteger) - _DAY_MS,
        _EARLIER.c.starts_at <= tables.posts.c.starts_at,
        or_(_EARLIER.c.starts_at < tables.posts.c.starts_at, _EARLIER.c.seq < tables.posts.c.seq),
    )
    .correlate(tables.posts, tables.accounts)
    .scalar_subquery()
)
"""How many posts went out on the same account in the 24 hours before; one that was refused uses nothing up."""
WITH_ACCOUNT = select(
    tables.posts,
    tables.accounts.c.platform,
    tables.accounts.c.handle,
    tables.accounts.c.token_expires_at,
    _JUST_BEFORE.label("just_before"),
).join(tables.accounts, tables.posts.c.account_id == tables.accounts.c.id)
"""Posts with what their account adds."""
_URLS = {"tiktok": "https://www.tiktok.com/@{handle}/video/{id}", "instagram": "https://www.instagram.com/reel/{id}/"}
_FIRST_ID = 7_000_000_000_000_000_000
_IDS = 10**18


def _refused(row: Row[Any]) -> str | None:
    """Why the platform does not take a post, known when it starts: the rule's name, or a scripted code."""
    if row.problem:
        return str(row.problem)
    if row.starts_at >= row.token_expires_at:
        return "token"
    return "many" if row.mode != "draft_to_device" and row.just_before >= refusals.MOST_A_DAY[row.platform] else None


def status_at(row: Row[Any], now: datetime) -> PostStatus:
    """Where a post stands at `now` (seed 004, step 10: queued, publishing, published or failed or canceled); drafts end as drafts."""
    if row.canceled_at is not None and row.canceled_at <= now:
        return "canceled"
    if now < row.starts_at:
        return "queued"
    if now < row.ends_at:
        return "publishing"
    if _refused(row):
        return "failed"
    return "draft" if row.mode == "draft_to_device" else "published"


def external_id(post_id: str) -> str:
    """The platform's id of a post: a digit string, always the same for the same post."""
    return str(_FIRST_ID + int(sha256(post_id.encode()).hexdigest(), 16) % _IDS)


def see(row: Row[Any], now: datetime) -> ScheduledPost:
    """A post at `now`; `row` is one of `WITH_ACCOUNT`."""
    status = status_at(row, now)
    out = external_id(row.id) if status == "published" else None
    problem = refusals.problem(_refused(row) or "", row.platform) if status == "failed" else None
    changed = max([row.updated_at, *(at for at in (row.starts_at, row.ends_at) if at <= now and status != "canceled")])
    return ScheduledPost(
        id=row.id,
        container_id=row.container_id,
        social_account_id=row.account_id,
        platform=row.platform,
        mode=row.mode,
        caption=row.caption,
        status=status,
        external_id=out,
        external_url=_URLS[row.platform].format(handle=quote(row.handle, safe=""), id=out) if out else None,
        scheduled_for=row.scheduled_for,
        attempted_at=row.starts_at if status in ("publishing", "published", "failed", "draft") else None,
        published_at=row.ends_at if status == "published" else None,
        canceled_at=row.canceled_at if status == "canceled" else None,
        last_error=problem,
        created_at=row.created_at,
        updated_at=changed,
    )


def cancel(visit: Visit, *which: ColumnElement[bool]) -> int:
    """Cancel the posts that these conditions hold for; how many there were."""
    row, now = tables.posts.c, visit.now
    stopped = update(tables.posts).where(*which).values(canceled_at=now, updated_at=now)
    canceled = visit.connection.execute(stopped.returning(row.id, row.project_id, row.container_id)).all()
    awaiting.over(visit.connection, "post", *(one.id for one in canceled))
    for one in canceled:
        said = PostCanceled(scheduled_post_id=one.id, container_id=one.container_id, canceled_at=now)
        telling.tell(visit.connection, "post.canceled", said, project_id=one.project_id, at=now)
    return len(canceled)


def cancel_on(visit: Visit, account_id: str) -> int:
    """Cancel every post on an account that has not started; how many there were."""
    row = tables.posts.c
    return cancel(visit, row.account_id == account_id, row.canceled_at.is_(None), row.starts_at > visit.now)


def cancel_queued(visit: Visit, project_id: str) -> int:
    """Cancel every post of a project that has not started; how many there were."""
    row = tables.posts.c
    return cancel(visit, row.project_id == project_id, row.canceled_at.is_(None), row.starts_at > visit.now)


def keep_failed(connection: Connection, account_id: str, *, expired_at: datetime, now: datetime) -> None:
    """Let the posts that failed for want of a token stay failed; called before the account gets a new one."""
    row = tables.posts.c
    missed = update(tables.posts).where(row.account_id == account_id, row.problem.is_(None), row.canceled_at.is_(None))
    connection.execute(missed.where(row.starts_at >= expired_at, row.starts_at <= now).values(problem="token"))
