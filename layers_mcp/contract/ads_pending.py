"""What the optimizer wants to do and may not do alone: the queue of actions that wait for a decision."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.ads import Cursor, PathPlatform
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "APPROVE", "COUNT", "LIST", "REJECT", "ActionType", "ApprovePending", "CountPending", "ListPending", "PendingAction", "PendingCount",
    "PendingPage", "PendingStatus", "RejectPending", "Reviewed",
]  # fmt: skip

ActionType = Literal[
    "pause_ad", "pause_adset", "update_budget", "push_creative", "replace_creative", "prune_creative", "update_targeting",
    "update_schedule", "pause_campaign", "resume_campaign",
]  # fmt: skip
"""The last two are ours: no page has a word for them (`drift`)."""
PendingStatus = Literal["pending", "approved", "rejected", "dispatched", "dispatch_failed"]


class ListPending(Request):
    """A page of the queue, newest first."""

    project_id: Id
    platform: PathPlatform
    status: PendingStatus = "pending"
    action_type: ActionType | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=200)


class PendingAction(Reply):
    """One action: what it is on, from what to what, why, and how it stands; `rationale` is the optimizer's own."""

    pending_id: str
    action_type: str
    entity_type: str
    entity_id: str
    entity_name: str | None = None
    platform: str
    current_value: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    new_value: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    rationale: str | None = None
    proposed_action: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    status: PendingStatus
    created_at: Utc
    expires_at: Utc | None = None
    dispatched_at: Utc | None = None
    dispatch_failure_reason: str | None = None


class PendingPage(Reply):
    """Actions, and where the next page begins."""

    items: tuple[PendingAction, ...]
    next_cursor: str | None = None


class CountPending(Request):
    """How many there are of one kind."""

    project_id: Id
    platform: PathPlatform
    status: PendingStatus = "pending"
    action_type: ActionType | None = None


class PendingCount(Reply):
    """How many."""

    count: int


class ApprovePending(Request):
    """Let an action be dispatched."""

    project_id: Id
    platform: PathPlatform
    pending_id: Id
    comment: Annotated[str, StringConstraints(max_length=1024)] | None = None


class RejectPending(Request):
    """Turn an action down."""

    project_id: Id
    platform: PathPlatform
    pending_id: Id
    reason: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Reviewed(Reply):
    """An action after its decision; an approved one is dispatched at the optimizer's next tick."""

    pending_id: str
    status: PendingStatus
    dispatched: bool
    dispatched_at: Utc | None = None
    verdict_id: str


_ROOT = "/v1/projects/{projectId}/ads/{platform}/pending"
LIST: Endpoint[ListPending, PendingPage] = Endpoint(
    method="GET",
    path=_ROOT,
    request=ListPending,
    reply=PendingPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/pending",
)
COUNT: Endpoint[CountPending, PendingCount] = Endpoint(
    method="GET",
    path=f"{_ROOT}/count",
    request=CountPending,
    reply=PendingCount,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/pending/count",
)
APPROVE: Endpoint[ApprovePending, Reviewed] = Endpoint(
    method="POST",
    path=f"{_ROOT}/{{pendingId}}/approve",
    request=ApprovePending,
    reply=Reviewed,
    scope="ads:write:pending",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: ads/pending/approve",
)
REJECT: Endpoint[RejectPending, Reviewed] = Endpoint(
    method="POST",
    path=f"{_ROOT}/{{pendingId}}/reject",
    request=RejectPending,
    reply=Reviewed,
    scope="ads:write:pending",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: ads/pending/reject",
)
