"""What came about by itself as time passed, told at its own instant: jobs that ended, posts that went out, tokens that ran out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, select

from layers_mcp.contract import events
from layers_mcp.sandbox import awaiting, jobs, leases, posts, readiness, tables
from layers_mcp.sandbox.ads import passing
from layers_mcp.sandbox.hook_tables import awaited, webhooks
from layers_mcp.sandbox.telling import tell
from layers_mcp.sandbox.visit import Ground, Key, Visit

__all__ = ["catch_up", "waits"]


def _job(visit: Visit, due: Row[Any]) -> None:
    row = visit.connection.execute(select(tables.jobs).where(tables.jobs.c.id == due.subject)).one()
    seen = jobs.script_of(row).at(visit.now)
    if seen.finished_at is None:
        jobs.look_later(visit, row)
        return
    awaiting.over(visit.connection, "job", row.id)
    job, at = jobs.see(visit, row, seen), seen.finished_at
    whose: dict[str, Any] = {"project_id": row.project_id, "at": at}
    ended: dict[str, Any] = {"job_id": job.job_id, "kind": job.kind}
    ended |= {name: made for name, made in (("result", job.result), ("error", job.error)) if made is not None}
    tell(visit.connection, f"job.{job.status}", events.JobEnded(**ended), **whose)
    if job.status == "completed" and job.container_ids:
        for container_id, assets in jobs.assets_of(visit, row.id).items():
            tell(visit.connection, "content.generated", events.ContentGenerated(id=container_id, assets=assets), **whose)
    if job.status == "completed":
        readiness.look(visit.connection, row.project_id, at)


def _post(visit: Visit, due: Row[Any]) -> None:
    row = visit.connection.execute(posts.WITH_ACCOUNT.where(tables.posts.c.id == due.subject)).one()
    post = posts.see(row, visit.now)
    if not post.over:
        awaiting.expect(visit.connection, "post", row.id, project_id=row.project_id, due_at=row.ends_at)
        return
    awaiting.over(visit.connection, "post", row.id)
    whose: dict[str, Any] = {"project_id": row.project_id, "at": row.ends_at}
    which: dict[str, Any] = {"scheduled_post_id": row.id, "container_id": row.container_id}
    if post.status == "published":
        which |= {"external_id": post.external_id, "external_url": post.external_url, "published_at": post.published_at}
        tell(visit.connection, "post.published", events.PostPublished(**which), **whose)
    if post.status == "failed":
        tell(visit.connection, "post.failed", events.PostFailed(**which, last_error=post.last_error), **whose)


def _account(visit: Visit, due: Row[Any]) -> None:
    row = visit.connection.execute(select(tables.accounts).where(tables.accounts.c.id == due.subject)).one()
    awaiting.over(visit.connection, "account", row.id)
    over = events.AccountNeedsReauth(
        social_account_id=row.id, platform=row.platform, display_name=row.handle, token_expires_at=row.token_expires_at
    )
    tell(visit.connection, "social_account.needs_reauth", over, project_id=row.project_id, at=row.token_expires_at)


def _lease(visit: Visit, due: Row[Any]) -> None:
    awaiting.over(visit.connection, "lease", due.subject)
    leases.tell(visit, due.subject)


_LOOK: dict[str, Callable[[Visit, Row[Any]], None]] = {"job": _job, "post": _post, "account": _account, "lease": _lease}


def waits(connection: Connection, now: datetime) -> bool:
    """Whether somebody listens, and something came about that was not told yet."""
    if connection.execute(select(webhooks.c.seq).where(webhooks.c.status == "active")).first() is None:
        return False
    return connection.execute(select(exists().where(awaited.c.due_at <= now))).scalar_one() or passing.waits(connection, now)


def catch_up(connection: Connection, now: datetime, ground: Ground) -> None:
    """Let happen, and tell, whatever comes about by itself by `now`; to be called in a transaction that writes, before it is read."""
    passing.catch_up(connection, now)
    nobody = Key(id="", organization_id="", scopes=(), tier="internal", return_hosts=())
    visit = Visit(connection=connection, now=now, key=nobody, ground=ground)
    for due in awaiting.due(connection, now):
        _LOOK[due.kind](visit, due)
