"""The audit log: one row for each decision and change that somebody may ask after later."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, select

from layers_mcp.contract import audit
from layers_mcp.sandbox import ids, tables
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit

__all__ = ["listing", "log", "log_ours"]


def log(visit: Visit, event_type: str, project_id: str | None, **data: JsonValue) -> None:
    """Write an event down that the caller of this request caused, in the transaction of what it tells of."""
    row = {"id": str(uuid4()), "event_type": event_type, "occurred_at": visit.now, "actor": "partner_api", "request_id": visit.request_id}
    row |= {"organization_id": visit.key.organization_id, "project_id": project_id, "key_id": visit.key.id, "data": data}
    visit.connection.execute(insert(tables.audit).values(row))


def log_ours(connection: Connection, event_type: str, project_id: str, at: datetime, **data: JsonValue) -> None:
    """Write an event down that nobody's request caused: the optimizer did it, at the instant `at`."""
    project = tables.projects.c
    owner = connection.execute(select(project.organization_id).where(project.id == project_id)).scalar_one()
    row = {"id": str(uuid4()), "event_type": event_type, "occurred_at": at, "actor": "optimizer"}
    connection.execute(insert(tables.audit).values(row | {"organization_id": owner, "project_id": project_id, "data": data}))


def _see(row: Row[Any]) -> audit.AuditEvent:
    return audit.AuditEvent(
        event_id=row.id,
        event_type=row.event_type,
        occurred_at=row.occurred_at,
        request_id=row.request_id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        api_key_id=row.key_id,
        actor=row.actor,
        data=row.data,
    )


def listing(visit: Visit, request: audit.ListAudit) -> audit.AuditPage:
    """A page of this organization's events, newest first."""
    row = tables.audit.c
    query = select(tables.audit).where(row.organization_id == visit.key.organization_id)
    if request.event_type is not None:
        query = query.where(row.event_type == request.event_type)
    if request.project_id is not None:
        query = query.where(row.project_id == ids.full("prj", request.project_id))
    if request.api_key_id is not None:
        query = query.where(row.key_id == ids.full("key", request.api_key_id))
    if request.since is not None:
        query = query.where(row.occurred_at >= request.since)
    if request.until is not None:
        query = query.where(row.occurred_at <= request.until)
    keys = Keys("audit", row.occurred_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=_see)
    return audit.AuditPage(items=items, next_cursor=cursor)
