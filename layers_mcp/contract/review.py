"""The approval gate of Layers: decisions on one container, and the policy that says which wait for one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.content import Brief
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import ApprovalStatus, Id, Utc

__all__ = [
    "APPROVE",
    "GET_POLICY",
    "REJECT",
    "SET_POLICY",
    "ApproveContent",
    "Decision",
    "GetReviewPolicy",
    "Promotion",
    "RejectContent",
    "ReviewPolicy",
    "SetReviewPolicy",
]

Note = Annotated[str, StringConstraints(max_length=1024)]


class ApproveContent(Request):
    """The container to let through."""

    container_id: Id
    note: Note | None = None


class RejectContent(Request):
    """The container to turn down; with `regenerate_brief` a new generation with these edits starts in the same step."""

    container_id: Id
    reason: Note | None = None
    regenerate_brief: Brief | None = None


class Promotion(Reply):
    """What became of a schedule that waited for the approval."""

    status: Literal["ok", "failed"]
    scheduled_post_ids: tuple[str, ...] = ()


class Decision(Reply):
    """A container after a decision (seed 004, step 7); a regeneration adds its job and new containers."""

    id: str
    approval_status: ApprovalStatus
    approved_at: Utc | None = None
    approved_by: str | None = None
    rejected_at: Utc | None = None
    rejected_by: str | None = None
    reason: str | None = None
    pending_schedule_promotion: Promotion | None = None
    job_id: str | None = None
    container_ids: tuple[str, ...] = ()


class GetReviewPolicy(Request):
    """The project whose policy is asked after."""

    project_id: Id


class SetReviewPolicy(Request):
    """The new policy; `first_n` 1 to 50 goes with `review_first_n` and with nothing else."""

    project_id: Id
    policy: Literal["auto_approve", "review_first_n", "review_all"]
    first_n: int | None = Field(default=None, ge=1, le=50)


class ReviewPolicy(Reply):
    """Which content waits for a decision, and how many wait now."""

    project_id: str
    policy: Literal["auto_approve", "review_first_n", "review_all"]
    first_n: int | None = None
    pending_count: int
    updated_at: Utc | None = None


APPROVE: Endpoint[ApproveContent, Decision] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/approve",
    request=ApproveContent,
    reply=Decision,
    scope="content:approve",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="seed 004, step 7",
)
REJECT: Endpoint[RejectContent, Decision] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/reject",
    request=RejectContent,
    reply=Decision,
    scope="content:approve",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT", "INSUFFICIENT_CREDITS"),
    source="seed 004, step 7",
)
GET_POLICY: Endpoint[GetReviewPolicy, ReviewPolicy] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/content-review-policy",
    request=GetReviewPolicy,
    reply=ReviewPolicy,
    scope="content:read",
    rate="read-light",
    source="layers-api: content-review-policy",
)
SET_POLICY: Endpoint[SetReviewPolicy, ReviewPolicy] = Endpoint(
    method="PATCH",
    path="/v1/projects/{projectId}/content-review-policy",
    request=SetReviewPolicy,
    reply=ReviewPolicy,
    scope="content:approve",
    rate="write-light",
    keyed=True,
    source="layers-api: content-review-policy",
)
