"""Publishing: what goes out where and when, and what became of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, PostStatus, PublishMode, SocialPlatform, Utc

__all__ = [
    "CANCEL",
    "GET",
    "LIST",
    "PUBLISH",
    "RESCHEDULE",
    "SCHEDULE",
    "CancelPost",
    "CanceledPost",
    "GetPost",
    "ListPosts",
    "PostProblem",
    "PublishContent",
    "ReschedulePost",
    "Schedule",
    "ScheduleContent",
    "ScheduledPost",
    "ScheduledPostPage",
    "Target",
]

Override = Annotated[str, StringConstraints(max_length=4000)]


class Target(Request):
    """One account and how to publish there (layers-api: publishing; `mode` as seed 004 spells it)."""

    social_account_id: Id
    mode: PublishMode = "direct_publish"
    caption_override: Override | None = None
    first_comment_override: Override | None = None
    share_reel_to_feed: bool | None = None


class ScheduleContent(Request):
    """1 to 50 targets, all or none, at an instant in the future (30 s of clock skew are forgiven)."""

    container_id: Id
    targets: tuple[Target, ...] = Field(min_length=1, max_length=50)
    scheduled_for: Utc


class PublishContent(Request):
    """1 to 50 targets, all or none, now."""

    container_id: Id
    targets: tuple[Target, ...] = Field(min_length=1, max_length=50)


class Schedule(Reply):
    """The posts that were queued; none while the content waits for approval (seed 004, step 9)."""

    scheduled_post_ids: tuple[str, ...]
    gate_status: Literal["queued", "blocked_on_approval"]
    scheduled_for: Utc


class PostProblem(Reply):
    """Why a post failed; `platformCode` is the platform's own word for it, `message` may be the platform's."""

    code: str | None = None
    message: str
    platform_code: str | None = None


class ScheduledPost(Reply):
    """One post on one account (seed 004, step 10)."""

    id: str
    container_id: str | None = None
    social_account_id: str | None = None
    platform: SocialPlatform | None = None
    mode: PublishMode | None = None
    caption: str | None = Field(default=None, description="What goes out under it; fixed when it was queued.")
    status: PostStatus
    external_id: str | None = None
    external_url: str | None = None
    scheduled_for: Utc | None = None
    attempted_at: Utc | None = None
    published_at: Utc | None = None
    canceled_at: Utc | None = None
    last_error: PostProblem | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None

    @property
    def over(self) -> bool:
        """Whether it will never change again."""
        return self.status in ("published", "failed", "canceled", "draft")


class ListPosts(Request):
    """A page of a project's posts, latest `scheduled_for` first; `limit` 1 to 100."""

    project_id: Id
    status: tuple[PostStatus, ...] | None = None
    social_account_id: Id | None = None
    since: Utc | None = None
    until: Utc | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=100)


class ScheduledPostPage(Reply):
    """A page of posts."""

    items: tuple[ScheduledPost, ...]
    next_cursor: str | None = None


class GetPost(Request):
    """One post."""

    scheduled_post_id: Id


class ReschedulePost(Request):
    """A queued post and its new instant."""

    scheduled_post_id: Id
    scheduled_for: Utc


class CancelPost(Request):
    """The post to cancel."""

    scheduled_post_id: Id
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class CanceledPost(Reply):
    """A canceled post."""

    id: str
    status: Literal["canceled"]
    canceled_at: Utc


SCHEDULE: Endpoint[ScheduleContent, Schedule] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/schedule",
    request=ScheduleContent,
    reply=Schedule,
    scope="publish:write",
    rate="write-light",
    keyed=True,
    statuses=(200, 202),
    codes=("CONTENT_REJECTED", "CONFLICT"),
    source="seed 004, step 9; 202 blocked_on_approval: layers-api: schedule-content",
)
PUBLISH: Endpoint[PublishContent, Schedule] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/publish",
    request=PublishContent,
    reply=Schedule,
    scope="publish:write",
    rate="write-light",
    keyed=True,
    codes=("APPROVAL_REQUIRED", "CONTENT_REJECTED", "CONFLICT"),
    source="layers-api: POST /v1/content/:containerId/publish",
)
LIST: Endpoint[ListPosts, ScheduledPostPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/scheduled-posts",
    request=ListPosts,
    reply=ScheduledPostPage,
    scope="publish:read",
    rate="read-light",
    source="layers-api: scheduled-posts",
)
GET: Endpoint[GetPost, ScheduledPost] = Endpoint(
    method="GET",
    path="/v1/scheduled-posts/{scheduledPostId}",
    request=GetPost,
    reply=ScheduledPost,
    scope="publish:write",
    rate="read-light",
    source="seed 004, step 10",
)
RESCHEDULE: Endpoint[ReschedulePost, ScheduledPost] = Endpoint(
    method="POST",
    path="/v1/scheduled-posts/{scheduledPostId}/reschedule",
    request=ReschedulePost,
    reply=ScheduledPost,
    scope="publish:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: reschedule",
)
CANCEL: Endpoint[CancelPost, CanceledPost] = Endpoint(
    method="DELETE",
    path="/v1/scheduled-posts/{scheduledPostId}",
    request=CancelPost,
    reply=CanceledPost,
    scope="publish:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: DELETE /v1/scheduled-posts/:scheduledPostId",
)
