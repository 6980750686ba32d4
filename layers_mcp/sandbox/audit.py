"""The audit log: what was done, by whom, kept in the transaction that did it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, select

from layers_mcp.contract import audit
from layers_mcp.sandbox import ids, tables
from layers_mcp.sandbox.ads.tables import audit as log
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Key, Visit

__all__ = ["listing", "note", "write"]


def write(  # noqa: PLR0913  a line of the log, each column by name
    connection: Connection, *, project_id: str, at: datetime, event: str, actor: str, key: Key | None = None, data: dict[str, JsonValue]
) -> None:
    """Add a line; `key` None: Layers itself did it."""
    project = tables.projects.c
    owner = connection.execute(select(project.organization_id).where(project.id == project_id)).scalar_one()
    row = {"id": str(uuid4()), "organization_id": owner, "project_id": project_id, "key_id": key.id if key else None}
    connection.execute(insert(log).values(row | {"at": at, "event": event, "actor": actor, "data": data}))


def note(visit: Visit, project_id: str, event: str, data: dict[str, JsonValue]) -> None:
    """Add a line about what the caller of this request did."""
    write(visit.connection, project_id=project_id, at=visit.now, event=event, actor="partner_api", key=visit.key, data=data)


def _see(row: Row[Any]) -> audit.AuditEvent:
    return audit.AuditEvent(
        event_id=row.id,
        event_type=row.event,
        occurred_at=row.at,
        request_id=None,
        organization_id=row.organization_id,
        project_id=row.project_id,
        api_key_id=row.key_id,
        actor=row.actor,
        data=row.data,
    )


def listing(visit: Visit, request: audit.ListAudit) -> audit.AuditPage:
    """A page of the organization's log, newest first."""
    row = log.c
    query = select(log).where(row.organization_id == visit.key.organization_id)
    if request.project_id is not None:
        query = query.where(row.project_id == ids.full("prj", request.project_id))
    if request.api_key_id is not None:
        query = query.where(row.key_id == ids.full("key", request.api_key_id))
    if request.event_type is not None:
        query = query.where(row.event == request.event_type)
    if request.since is not None:
        query = query.where(row.at >= request.since)
    if request.until is not None:
        query = query.where(row.at <= request.until)
    items, cursor = page(visit.connection, query, Keys("audit", row.at, row.seq), Window(request.cursor, request.limit), see=_see)
    return audit.AuditPage(items=items, next_cursor=cursor)
