"""The approval gate: one decision for each container, and the policy that says which wait for one."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Row, update

from layers_mcp.contract import errors, events, review
from layers_mcp.sandbox import audit, content, projects, publishing, regenerating, tables, telling
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["approve", "get_policy", "reject", "set_policy"]


def _waiting(visit: Visit, container_id: str) -> Row[Any]:
    """The container that waits for a decision.

    Raises:
        errors.Conflict: it was decided, needs no decision, or is not generated yet.
    """
    row, seen = content.own(visit, container_id)
    if row.approval != "pending":
        details = {"containerId": row.id, "approvalStatus": row.approval}
        raise errors.Conflict(f"content {row.id} is {row.approval}; a decision is final", details=details)
    if seen.status != "completed":
        details = {"containerId": row.id, "approvalStatus": row.approval, "status": content.status_of(seen)}
        raise errors.Conflict(f"content {row.id} is {content.status_of(seen)}; there is nothing to decide on", details=details)
    return row


def _decide(visit: Visit, row: Row[Any], approval: Literal["approved", "rejected"], note: str | None) -> None:
    changes = {"approval": approval, "decided_at": visit.now, "decided_by": visit.key.id, "note": note, "stash": None}
    visit.connection.execute(update(tables.containers).where(tables.containers.c.id == row.id).values(changes))
    if approval == "approved":
        decided = events.ContentDecided(id=row.id, approved_at=visit.now, approved_by=visit.key.id)
    else:
        decided = events.ContentDecided(id=row.id, rejected_at=visit.now, rejected_by=visit.key.id, reason=note)
    telling.tell(visit.connection, f"content.{approval}", decided, project_id=row.project_id, at=visit.now)


def approve(visit: Visit, request: review.ApproveContent) -> review.Decision:
    """Let a container through; a schedule that waited for it becomes real posts (layers-api: approve-content)."""
    row = _waiting(visit, request.container_id)
    _decide(visit, row, "approved", request.note)
    audit.log(visit, "content.approved", row.project_id, containerId=row.id, note=request.note)
    decision = review.Decision(id=row.id, approval_status="approved", approved_at=visit.now, approved_by=visit.key.id)
    if row.stash is None:
        return decision
    post_ids = publishing.promote(visit, row)
    promotion = review.Promotion(status="failed" if post_ids is None else "ok", scheduled_post_ids=post_ids or ())
    return decision.model_copy(update={"pending_schedule_promotion": promotion})


def reject(visit: Visit, request: review.RejectContent) -> review.Decision:
    """Turn a container down; with `regenerateBrief` a new generation starts in the same step, or nothing happens at all."""
    row = _waiting(visit, request.container_id)
    if request.regenerate_brief is not None and row.job_kind == content.UPLOADED:
        raise invalid("regenerateBrief", "goes with what was generated; this was uploaded")
    _decide(visit, row, "rejected", request.reason)
    audit.log(visit, "content.rejected", row.project_id, containerId=row.id, reason=request.reason)
    made: dict[str, Any] = {}
    if request.regenerate_brief is not None:
        project = projects.living(visit, row.project_id)
        made["job_id"], made["container_ids"], _ = content.begin(
            visit, project, regenerating.edited(row, request.regenerate_brief), regenerated_from=row.id
        )
    return review.Decision(
        id=row.id, approval_status="rejected", rejected_at=visit.now, rejected_by=visit.key.id, reason=request.reason, **made
    )


def _policy(visit: Visit, row: Row[Any]) -> review.ReviewPolicy:
    shown: dict[str, Any] = {"project_id": row.id, "policy": row.policy, "pending_count": projects.pending_count(visit, row.id)}
    shown |= {"first_n": row.first_n} if row.policy == "review_first_n" else {}
    return review.ReviewPolicy(**shown, **({"updated_at": row.policy_updated_at} if row.policy_updated_at else {}))


def get_policy(visit: Visit, request: review.GetReviewPolicy) -> review.ReviewPolicy:
    """The policy of a project."""
    return _policy(visit, projects.own(visit, request.project_id))


def set_policy(visit: Visit, request: review.SetReviewPolicy) -> review.ReviewPolicy:
    """Set the policy; containers that wait already keep waiting.

    Raises:
        errors.Invalid: `firstN` is missing with `review_first_n`, or given with another policy.
    """
    row = projects.own(visit, request.project_id)
    if request.policy == "review_first_n" and request.first_n is None:
        raise invalid("firstN", "is required with review_first_n")
    if request.policy != "review_first_n" and request.first_n is not None:
        raise invalid("firstN", "goes with review_first_n only")
    changes = {"policy": request.policy, "first_n": request.first_n, "policy_updated_at": visit.now, "updated_at": visit.now}
    visit.connection.execute(update(tables.projects).where(tables.projects.c.id == row.id).values(changes))
    audit.log(visit, "content_review_policy.updated", row.id, policy=request.policy, firstN=request.first_n)
    return _policy(visit, projects.own(visit, row.id))
