"""What Layers tells a webhook endpoint: the envelope of an event, and what each kind of event says.

The catalog is that of layers-api, "Webhooks"; `project.ready` and `ads.decision` stand in seed 000 alone, the events of ads and
reviews on the ads pages alone. Only the ids are sure: whatever else a page cuts off may be missing.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, JsonValue, StringConstraints, ValidationError

from layers_mcp.contract.ads_optimizer import Decision
from layers_mcp.contract.endpoint import Reply
from layers_mcp.contract.jobs import JobProblem, JobResult, ResultAsset
from layers_mcp.contract.publishing import PostProblem
from layers_mcp.contract.scalars import Utc

__all__ = [
    "ADS", "CATALOG", "EVENTS", "PING", "PLAYBOOK", "AccountConnected", "AccountNeedsReauth", "AccountRevoked", "ActionDispatched",
    "AdsDecision", "ContentDecided", "ContentGenerated", "CreativeReviewed", "Event", "JobEnded", "LeaseDecided", "Ping", "PostCanceled",
    "PostFailed", "PostPublished", "PostScheduled", "ProjectReady", "RunCompleted", "Said",
]  # fmt: skip


class Said(Reply):
    """What every kind of event may say: whose it is. `organization_id` stands in deliveries of a firehose (`scope: all_children`)."""

    organization_id: str | None = None
    project_id: str | None = None


class JobEnded(Said):
    """`job.completed` with the result, `job.failed` with the error, `job.canceled`."""

    job_id: str
    kind: str | None = None
    result: JobResult | None = None
    error: JobProblem | None = None


class ContentGenerated(Said):
    """`content.generated`: one container is completed, with its media; `id` is the container's."""

    id: str
    assets: tuple[ResultAsset, ...] = ()


class ContentDecided(Said):
    """`content.approved` and `content.rejected`: the container `id` left `pending`."""

    id: str
    approved_at: Utc | None = None
    approved_by: str | None = None
    rejected_at: Utc | None = None
    rejected_by: str | None = None
    reason: str | None = None


class PostScheduled(Said):
    """`post.scheduled`: a post waits for its hour."""

    scheduled_post_id: str
    container_id: str | None = None
    scheduled_for: Utc | None = None


class PostPublished(Said):
    """`post.published`: a post is live on its platform."""

    scheduled_post_id: str
    container_id: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    published_at: Utc | None = None


class PostFailed(Said):
    """`post.failed`: a post will not go out."""

    scheduled_post_id: str
    container_id: str | None = None
    last_error: PostProblem | None = None


class PostCanceled(Said):
    """`post.canceled`: somebody canceled a post."""

    scheduled_post_id: str
    container_id: str | None = None
    canceled_at: Utc | None = None


class AccountConnected(Said):
    """`social_account.connected`: an owner consented."""

    social_account_id: str
    platform: str | None = None
    display_name: str | None = None
    connected_at: Utc | None = None


class AccountNeedsReauth(Said):
    """`social_account.needs_reauth`: the token is over; nothing goes out on the account until its owner consents again."""

    social_account_id: str
    platform: str | None = None
    display_name: str | None = None
    token_expires_at: Utc | None = None


class AccountRevoked(Said):
    """`social_account.revoked`: the account is disconnected; `disconnected_reason` as the reply that did it says it."""

    social_account_id: str
    platform: str | None = None
    display_name: str | None = None
    disconnected_reason: str | None = None
    disconnected_at: Utc | None = None


class LeaseDecided(Said):
    """`lease_request.assigned` (all or some of the accounts) and `lease_request.rejected`."""

    request_id: str
    status: str | None = None
    assigned_at: Utc | None = None
    assigned_social_account_ids: tuple[str, ...] = ()
    note: str | None = None


class ProjectReady(Said):
    """`project.ready`: onboarding is complete (seed 000, "Webhook events to subscribe to")."""

    customer_external_id: str | None = None
    ready_at: Utc | None = None


class AdsDecision(Said, Decision):
    """`ads.decision`: the optimizer made a material decision; the fields of the decision itself stand beside those of its run."""

    run_id: str | None = None
    layer_id: str | None = None
    platform: str | None = None


class RunCompleted(Said):
    """`ads.optimizer.run.completed`: a run is over; `changes`: what it changed, in words for people."""

    run_id: str
    layer_id: str | None = None
    platform: str | None = None
    dry_run: bool | None = None
    completed_at: Utc | None = None
    summary: dict[str, int] = Field(default_factory=dict[str, int])
    changes: tuple[str, ...] = ()


class ActionDispatched(Said):
    """`approval.dispatched`: an action that somebody approved was carried out."""

    pending_id: str
    platform: str | None = None
    status: str | None = None
    dispatched_at: Utc | None = None


class CreativeReviewed(Said):
    """`approval.approved`, `approval.disapproved`: a platform's review; `ads.creative.flagged`, `.unlocked`: our own."""

    review_id: str | None = None
    ads_content_id: str | None = None
    ad_id: str | None = None
    platform: str | None = None
    flagged_reason: str | None = None


class Ping(Said):
    """`test.ping`: somebody tries the endpoint; a payload of their own may stand in place of these."""

    message: str | None = None
    endpoint_id: str | None = None


PING: Final = "test.ping"
CATALOG: dict[str, type[Said]] = {
    "job.completed": JobEnded,
    "job.failed": JobEnded,
    "job.canceled": JobEnded,
    "content.generated": ContentGenerated,
    "content.approved": ContentDecided,
    "content.rejected": ContentDecided,
    "post.scheduled": PostScheduled,
    "post.published": PostPublished,
    "post.failed": PostFailed,
    "post.canceled": PostCanceled,
    "social_account.connected": AccountConnected,
    "social_account.needs_reauth": AccountNeedsReauth,
    "social_account.revoked": AccountRevoked,
    "lease_request.assigned": LeaseDecided,
    "lease_request.rejected": LeaseDecided,
    PING: Ping,
}
"""Events of the pages' catalog, each with what it says; an endpoint that subscribes to these is never refused for a name."""
PLAYBOOK: dict[str, type[Said]] = {"project.ready": ProjectReady, "ads.decision": AdsDecision}
"""Events that seed 000 names and no catalog lists: the live API may refuse to subscribe to them."""
ADS: dict[str, type[Said]] = {
    "ads.optimizer.run.completed": RunCompleted,
    "approval.dispatched": ActionDispatched,
    "approval.approved": CreativeReviewed,
    "approval.disapproved": CreativeReviewed,
    "ads.creative.flagged": CreativeReviewed,
    "ads.creative.unlocked": CreativeReviewed,
}
"""Events of the ads pages, of which the integrations page says that there are none: the live API may refuse them, too."""
EVENTS: dict[str, type[Said]] = CATALOG | PLAYBOOK | ADS
"""Every kind of event that this version knows, with what it says."""


class Event(Reply):
    """One event as it is delivered; of a kind that this version does not know all is kept (layers-api: operational/webhooks).

    `id`: the same at every attempt, so whoever saw it has seen the event; a replay has an id of its own.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_\-]+$")]
    type: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
    data: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])

    def said(self) -> Said | None:
        """What the event says, by its kind; None when the kind is not known here, or says something else than it should."""
        kind = EVENTS.get(self.type)
        try:
            return kind.model_validate(self.data) if kind is not None else None
        except ValidationError:
            return None
