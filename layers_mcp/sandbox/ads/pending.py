"""The queue of actions that wait for a person; what nobody decides on in seven days is rejected."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Row, Select, func, select, update

from layers_mcp.contract import ads_pending, errors
from layers_mcp.contract.ads_pending import PendingStatus
from layers_mcp.sandbox import audit, ids, projects
from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.ads.authority import PLATFORMS
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit

__all__ = ["EXPIRES", "approve", "count", "lapse", "listing", "reject", "shown"]

EXPIRES = timedelta(days=7)
"""Until nobody's answer is a no (layers-api: ads/pending)."""
_ROW = tables.pending.c
_LAPSED = "lapsed"
"""Of a row that nobody decided on in time; it shows as rejected."""
_WITH_DECISION: Select[Any] = select(
    tables.pending,
    tables.decisions.c.current,
    tables.decisions.c.new,
    tables.decisions.c.replacement,
    tables.decisions.c.inputs,
    tables.ads.c.name.label("ad_name"),
    tables.adsets.c.name.label("adset_name"),
    tables.campaigns.c.name.label("campaign_name"),
    tables.layers.c.platform,
).select_from(
    tables.pending.join(tables.decisions, _ROW.decision_id == tables.decisions.c.id)
    .join(tables.layers, _ROW.layer_id == tables.layers.c.id)
    .join(tables.campaigns, tables.decisions.c.campaign_id == tables.campaigns.c.id)
    .outerjoin(tables.adsets, tables.decisions.c.adset_id == tables.adsets.c.id)
    .outerjoin(tables.ads, tables.decisions.c.ad_id == tables.ads.c.id)
)


def _in_state(visit: Visit, status: PendingStatus) -> ColumnElement[bool]:
    """Rows that show `status` now: what waited too long shows as rejected, whether or not `lapse` wrote it down yet."""
    open_ = (_ROW.status == "pending") & (_ROW.expires_at > visit.now)
    late = (_ROW.status == "pending") & (_ROW.expires_at <= visit.now)
    if status == "pending":
        return open_
    return _ROW.status.in_(("rejected", _LAPSED)) | late if status == "rejected" else _ROW.status == status


def shown(status: str, expires_at: datetime, now: datetime) -> PendingStatus:
    """What a question of this status shows as."""
    return "rejected" if status == _LAPSED or (status == "pending" and expires_at <= now) else cast("PendingStatus", status)


def lapse(connection: Connection, now: datetime) -> None:
    """Write down, and into the log at its own instant, what nobody decided on in time."""
    late = select(tables.pending).where(_ROW.status == "pending", _ROW.expires_at <= now).order_by(_ROW.expires_at, _ROW.seq)
    for one in connection.execute(late).all():
        changes = {"status": _LAPSED, "decided_at": one.expires_at}
        connection.execute(update(tables.pending).where(_ROW.seq == one.seq).values(changes))
        data: dict[str, JsonValue] = {"pendingId": one.id, "actionType": one.action, "entityId": one.entity_id, "actor_type": "optimizer"}
        audit.log_ours(connection, "ads.pending.expired", one.project_id, one.expires_at, **data)


def _chosen(visit: Visit, request: ads_pending.ListPending | ads_pending.CountPending) -> list[ColumnElement[bool]]:
    project = projects.own(visit, request.project_id)
    chosen = [_ROW.project_id == project.id, tables.layers.c.platform == PLATFORMS[request.platform], _in_state(visit, request.status)]
    return chosen if request.action_type is None else [*chosen, _ROW.action == request.action_type]


def _see(row: Row[Any], visit: Visit) -> ads_pending.PendingAction:
    names = {"ad": row.ad_name, "adset": row.adset_name, "campaign": row.campaign_name}
    detail: dict[str, JsonValue] = {"inputs": row.inputs}
    if row.replacement:
        detail["replacement"] = row.replacement
    return ads_pending.PendingAction(
        pending_id=row.id,
        action_type=row.action,
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        entity_name=names[row.entity_type],
        platform=row.platform,
        current_value=row.current,
        new_value=row.new,
        rationale=row.rationale,
        proposed_action={"detail": detail},
        status=shown(row.status, row.expires_at, visit.now),
        created_at=row.created_at,
        expires_at=row.expires_at,
        dispatched_at=row.dispatched_at,
        dispatch_failure_reason=row.failure,
    )


def listing(visit: Visit, request: ads_pending.ListPending) -> ads_pending.PendingPage:
    """A page of the queue, newest first."""
    query = _WITH_DECISION.where(*_chosen(visit, request))
    keys, window = Keys("pending", _ROW.created_at, _ROW.seq), Window(request.cursor, request.limit)
    items, cursor = page(visit.connection, query, keys, window, see=lambda row: _see(row, visit))
    return ads_pending.PendingPage(items=items, next_cursor=cursor)


def count(visit: Visit, request: ads_pending.CountPending) -> ads_pending.PendingCount:
    """How many there are."""
    query = select(func.count()).select_from(tables.pending.join(tables.layers, _ROW.layer_id == tables.layers.c.id))
    return ads_pending.PendingCount(count=visit.connection.execute(query.where(*_chosen(visit, request))).scalar_one())


def _waiting(visit: Visit, request: ads_pending.ApprovePending | ads_pending.RejectPending) -> Row[Any]:
    """The action that waits for a decision.

    Raises:
        errors.NotFound: there is none of this id on this platform.
        errors.Conflict: it was decided, dispatched, or waited too long; or the project is archived.
    """
    project = projects.living(visit, request.project_id)
    query = select(tables.pending).join(tables.layers, _ROW.layer_id == tables.layers.c.id)
    wanted = (_ROW.id == ids.full("pa", request.pending_id), _ROW.project_id == project.id)
    row = visit.connection.execute(query.where(*wanted, tables.layers.c.platform == PLATFORMS[request.platform])).first()
    if row is None:
        raise errors.NotFound(f"there is no pending {PLATFORMS[request.platform]} action {request.pending_id} in project {project.id}")
    status = shown(row.status, row.expires_at, visit.now)
    if status != "pending":
        raise errors.Conflict(f"action {row.id} is {status}", details={"pendingId": row.id, "status": status})
    return row


def _decide(visit: Visit, row: Row[Any], status: PendingStatus, words: str | None) -> ads_pending.Reviewed:
    verdict = ids.mint("ver")
    changes = {"status": status, "words": words, "decided_at": visit.now}
    visit.connection.execute(update(tables.pending).where(_ROW.seq == row.seq).values(changes))
    data: dict[str, JsonValue] = {"pendingId": row.id, "actionType": row.action, "entityId": row.entity_id, "verdictId": verdict}
    audit.log(visit, f"ads.pending.{status}", row.project_id, **data, actor_type="partner")
    return ads_pending.Reviewed(pending_id=row.id, status=status, dispatched=False, dispatched_at=None, verdict_id=verdict)


def approve(visit: Visit, request: ads_pending.ApprovePending) -> ads_pending.Reviewed:
    """Let an action be dispatched, at the optimizer's next tick."""
    return _decide(visit, _waiting(visit, request), "approved", request.comment)


def reject(visit: Visit, request: ads_pending.RejectPending) -> ads_pending.Reviewed:
    """Turn an action down for good; the optimizer may ask again when its cooldown is over."""
    return _decide(visit, _waiting(visit, request), "rejected", request.reason)
