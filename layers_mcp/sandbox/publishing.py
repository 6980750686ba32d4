"""Publishing: all targets or none, at an instant or now, and only what was let through."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, update

from layers_mcp.contract import errors, events, publishing
from layers_mcp.contract.endpoint import Reply
from layers_mcp.sandbox import audit, awaiting, content, ids, posts, projects, social, tables, telling
from layers_mcp.sandbox.clockwork import whole_ms
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.refusals import Draft, of_content
from layers_mcp.sandbox.visit import Answer, Visit, invalid

__all__ = ["cancel", "check_let_through", "get", "listing", "promote", "publish", "ready", "reschedule", "schedule"]

PUBLISHING_S = 11.412
"""Seconds from `scheduledFor` to `publishedAt` at job speed 1 (the stamps of seed 004, step 10)."""
_SKEW = timedelta(seconds=30)
"""How far in the past `scheduledFor` may lie (layers-api: schedule-content)."""
_FARTHEST = timedelta(days=3650)
"""How far ahead `scheduledFor` may lie; ours."""
_CONSENT = "its owner's consent again: POST /v1/projects/{projectId}/social/reauth-url (connect_account)"
_MODES = {
    "tiktok": ("direct_publish", "draft_to_device"),
    "instagram": ("direct_publish", "draft_to_device", "reels", "feed"),
}


def _check_time(scheduled_for: datetime, now: datetime) -> None:
    if scheduled_for < now - _SKEW:
        raise invalid("scheduledFor", "lies in the past")
    if scheduled_for > now + _FARTHEST:
        raise invalid("scheduledFor", "lies more than ten years ahead")


def _check_targets(visit: Visit, project_id: str, targets: Sequence[publishing.Target]) -> list[publishing.Target]:
    """The targets with the ids of their accounts in full.

    Raises:
        errors.Invalid: the first account that is not of this project or whose token has expired, or mode that its platform does not know.
    """
    known, expired = social.connected(visit, project_id), social.expired(visit, project_id)
    good: list[publishing.Target] = []
    for index, target in enumerate(targets):
        account_id = ids.full("sa", target.social_account_id)
        platform = known.get(account_id)
        if platform is None:
            raise invalid(f"targets.{index}.socialAccountId", "is not a connected account of this project")
        if account_id in expired:
            raise invalid(f"targets.{index}.socialAccountId", f"needs {_CONSENT}")
        if target.mode not in _MODES[platform]:
            raise invalid(f"targets.{index}.mode", f"is not one of {', '.join(_MODES[platform])}")
        if target.share_reel_to_feed and platform != "instagram":
            raise invalid(f"targets.{index}.shareReelToFeed", "goes with instagram only")
        good.append(target.model_copy(update={"social_account_id": account_id}))
    return good


def _draft(row: Row[Any], target: publishing.Target, platform: str) -> Draft:
    generated = next((caption["text"] for caption in row.captions if caption["platform"] == platform), "")
    caption = generated if target.caption_override is None else target.caption_override
    return Draft(platform=platform, mode=target.mode, format=row.format, caption=caption)


def _lose_token(visit: Visit, account_id: str, at: datetime) -> None:
    """Let the account's token die at `at`, as if its owner had taken the consent back."""
    row = tables.accounts.c
    lost = update(tables.accounts).where(row.id == account_id, row.token_expires_at > at).values(token_expires_at=at)
    project_id = visit.connection.execute(lost.returning(row.project_id)).scalar()
    if project_id is not None:
        awaiting.expect(visit.connection, "account", account_id, project_id=project_id, due_at=at)


def _queue(visit: Visit, row: Row[Any], targets: Sequence[publishing.Target], scheduled_for: datetime) -> tuple[str, ...]:
    starts_at = max(whole_ms(scheduled_for), visit.now)
    ends_at = whole_ms(starts_at + timedelta(seconds=PUBLISHING_S / visit.ground.job_speed))
    times = {"scheduled_for": scheduled_for, "starts_at": starts_at, "ends_at": ends_at, "created_at": visit.now, "updated_at": visit.now}
    whose = {"project_id": row.project_id, "container_id": row.id}
    no_token, platforms = visit.trouble == "CREDENTIAL_INVALID", social.connected(visit, row.project_id)
    post_ids = tuple(ids.mint("sp") for _ in targets)
    for post_id, target in zip(post_ids, targets, strict=True):
        how = {"account_id": target.social_account_id, "mode": target.mode, "target": target.model_dump(mode="json", exclude_unset=True)}
        draft = _draft(row, target, platforms[target.social_account_id])
        what = {"id": post_id, "caption": draft.caption, "problem": None if no_token else visit.trouble or of_content(draft)}
        visit.connection.execute(insert(tables.posts).values(times | whose | how | what))
        audit.log(visit, "scheduled_post.created", row.project_id, scheduledPostId=post_id, containerId=row.id)
        awaiting.expect(visit.connection, "post", post_id, project_id=row.project_id, due_at=ends_at)
        said = events.PostScheduled(scheduled_post_id=post_id, container_id=row.id, scheduled_for=scheduled_for)
        telling.tell(visit.connection, "post.scheduled", said, project_id=row.project_id, at=visit.now)
        if no_token:
            _lose_token(visit, target.social_account_id, starts_at)
    return post_ids


def ready(visit: Visit, container_id: str) -> Row[Any]:
    """The row of a container that could go out but for its approval.

    Raises:
        errors.ContentRejected: it was turned down.
        errors.Conflict: it is not completed, it has no media, or its project is archived.
    """
    row, seen = content.own(visit, container_id)
    if row.project_status == "archived":
        raise errors.Conflict(f"project {row.project_id} is archived", details={"projectId": row.project_id, "status": "archived"})
    if row.approval == "rejected":
        raise errors.ContentRejected(f"content {row.id} was rejected", details={"containerId": row.id, "approvalStatus": "rejected"})
    if seen.status != "completed":
        status = content.status_of(seen)
        raise errors.Conflict(f"content {row.id} is {status}", details={"containerId": row.id, "status": status})
    if not row.media:  # of a world from before media were drawn
        raise errors.Conflict(f"content {row.id} has no media; generate it again", details={"containerId": row.id, "status": "completed"})
    return row


def schedule(visit: Visit, request: publishing.ScheduleContent) -> Reply | Answer:
    """Queue a post for each target, or keep the intent until the content is approved."""
    row = ready(visit, request.container_id)
    _check_time(request.scheduled_for, visit.now)
    targets = _check_targets(visit, row.project_id, request.targets)
    if row.approval == "pending":
        stash = request.model_copy(update={"targets": tuple(targets)}).model_dump(mode="json", exclude_unset=True)
        visit.connection.execute(update(tables.containers).where(tables.containers.c.id == row.id).values(stash=stash))
        blocked = publishing.Schedule(scheduled_post_ids=(), gate_status="blocked_on_approval", scheduled_for=request.scheduled_for)
        return Answer(reply=blocked, status=202)
    post_ids = _queue(visit, row, targets, request.scheduled_for)
    return publishing.Schedule(scheduled_post_ids=post_ids, gate_status="queued", scheduled_for=request.scheduled_for)


def promote(visit: Visit, row: Row[Any]) -> tuple[str, ...] | None:
    """Make the posts of the schedule that waited in `row`; None when it can't be kept any more."""
    stash = publishing.ScheduleContent.model_validate(row.stash)
    try:
        _check_time(stash.scheduled_for, visit.now)
        targets = _check_targets(visit, row.project_id, stash.targets)
    except errors.Invalid:
        return None
    return _queue(visit, row, targets, stash.scheduled_for)


def check_let_through(row: Row[Any]) -> None:
    """Refuse what waits for a decision.

    Raises:
        errors.ApprovalRequired: it does.
    """
    if row.approval == "pending":
        details = {"containerId": row.id, "approvalStatus": "pending"}
        raise errors.ApprovalRequired(f"content {row.id} is pending", details=details)


def publish(visit: Visit, request: publishing.PublishContent) -> publishing.Schedule:
    """Publish now.

    Raises:
        errors.ApprovalRequired: the content waits for a decision; nothing is kept.
    """
    row = ready(visit, request.container_id)
    check_let_through(row)
    targets = _check_targets(visit, row.project_id, request.targets)
    post_ids = _queue(visit, row, targets, visit.now)
    return publishing.Schedule(scheduled_post_ids=post_ids, gate_status="queued", scheduled_for=visit.now)


def _own(visit: Visit, post_id: str) -> Row[Any]:
    project = tables.projects.c
    query = posts.WITH_ACCOUNT.join(tables.projects, tables.posts.c.project_id == project.id)
    query = query.where(tables.posts.c.id == ids.full("sp", post_id), project.organization_id == visit.key.organization_id)
    row = visit.connection.execute(query).first()
    if row is None:
        raise errors.NotFound(f"there is no scheduled post {post_id}")
    return row


def get(visit: Visit, request: publishing.GetPost) -> publishing.ScheduledPost:
    """One post."""
    return posts.see(_own(visit, request.scheduled_post_id), visit.now)


def listing(visit: Visit, request: publishing.ListPosts) -> publishing.ScheduledPostPage:
    """A page of posts, latest `scheduledFor` first."""
    row, project = tables.posts.c, projects.own(visit, request.project_id)
    query = posts.WITH_ACCOUNT.where(row.project_id == project.id)
    if request.social_account_id is not None:
        query = query.where(row.account_id == ids.full("sa", request.social_account_id))
    if request.since is not None:
        query = query.where(row.scheduled_for >= request.since)
    if request.until is not None:
        query = query.where(row.scheduled_for <= request.until)

    def shown(found: Row[Any]) -> publishing.ScheduledPost | None:
        post = posts.see(found, visit.now)
        return post if request.status is None or post.status in request.status else None

    keys = Keys("posts", row.scheduled_for, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=shown)
    return publishing.ScheduledPostPage(items=items, next_cursor=cursor)


def _changeable(visit: Visit, post_id: str, *, when: Sequence[str]) -> Row[Any]:
    row = _own(visit, post_id)
    status = posts.status_at(row, visit.now)
    if status not in when:
        raise errors.Conflict(f"scheduled post {row.id} is {status}", details={"scheduledPostId": row.id, "status": status})
    return row


def reschedule(visit: Visit, request: publishing.ReschedulePost) -> publishing.ScheduledPost:
    """Move a queued post to another instant.

    Raises:
        errors.Invalid: nobody can post at that time, or on the post's account any more.
        errors.Conflict: the post is not queued any more.
    """
    row = _changeable(visit, request.scheduled_post_id, when=("queued",))
    _check_time(request.scheduled_for, visit.now)
    if row.token_expires_at <= visit.now:
        raise invalid("scheduledPostId", f"its account needs {_CONSENT}")
    starts_at = max(whole_ms(request.scheduled_for), visit.now)
    times = {"scheduled_for": request.scheduled_for, "starts_at": starts_at, "ends_at": starts_at + (row.ends_at - row.starts_at)}
    visit.connection.execute(update(tables.posts).where(tables.posts.c.id == row.id).values(times | {"updated_at": visit.now}))
    awaiting.expect(visit.connection, "post", row.id, project_id=row.project_id, due_at=times["ends_at"])
    audit.log(visit, "scheduled_post.rescheduled", row.project_id, scheduledPostId=row.id)
    return posts.see(_own(visit, row.id), visit.now)


def cancel(visit: Visit, request: publishing.CancelPost) -> publishing.CanceledPost:
    """Cancel a post that is not out yet."""
    row = _changeable(visit, request.scheduled_post_id, when=("queued", "publishing"))
    posts.cancel(visit, tables.posts.c.id == row.id)
    audit.log(visit, "scheduled_post.cancelled", row.project_id, scheduledPostId=row.id, reason=request.reason)
    return publishing.CanceledPost(id=row.id, status="canceled", canceled_at=visit.now)
