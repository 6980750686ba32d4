"""Events: written down with their deliveries in the transaction of the change that they tell of, or not at all.

What nobody subscribes to is not written. An endpoint is told of what happened while it was there and active.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, literal, select

from layers_mcp.contract.events import Said
from layers_mcp.sandbox import faults, ids, tables
from layers_mcp.sandbox.hook_tables import deliveries, events, webhooks

__all__ = ["body", "listens", "queue", "tell"]


def _listening(connection: Connection, project_id: str, kind: str, at: datetime) -> list[Row[Any]]:
    """The endpoints that are to be told of what happened in a project."""
    row, project, below = webhooks.c, tables.projects.c, tables.children.c
    whose = select(project.organization_id, below.parent_id, below.status)
    owner = connection.execute(whose.outerjoin(tables.children, below.id == project.organization_id).where(project.id == project_id)).one()
    if owner.status in ("suspended", "archived"):
        return []
    mine = (row.organization_id == owner.organization_id) | ((row.organization_id == owner.parent_id) & (row.scope == "all_children"))
    query = (
        select(webhooks, literal(owner.organization_id).label("owner_id"))
        .where(mine)
        .where(row.status == "active", row.created_at <= at, row.project_id.is_(None) | (row.project_id == project_id))
    )
    return [one for one in connection.execute(query.order_by(row.seq)) if kind in one.events]


def _write(connection: Connection, kind: str, at: datetime, **event: Any) -> str:
    row: dict[str, Any] = {"id": ids.stamped("evt", at), "type": kind, "at": at}
    connection.execute(insert(events).values(row | event))
    return str(row["id"])


def queue(
    connection: Connection, to: Sequence[Row[Any]], kind: str, at: datetime, *, late: timedelta = timedelta(), **event: Any
) -> tuple[str, list[str]]:
    """Write an event of `at` down with a delivery to each of these endpoints, due then or `late`; the event's id, and the deliveries'."""
    event_id, made = _write(connection, kind, at, **event), list[str]()
    for one in to:
        row: dict[str, Any] = {"id": str(uuid4()), "webhook_id": one.id, "event_id": event_id, "project_id": event.get("project_id")}
        row |= {"type": kind, "status": "pending", "attempts": 0, "due_at": at + late, "created_at": at, "lease_until_ms": 0}
        connection.execute(insert(deliveries).values(row))
        made.append(row["id"])
    return event_id, made


def listens(connection: Connection, kind: str, *, project_id: str, at: datetime) -> bool:
    """Whether anybody is to be told; for who would have to gather first what there is to tell."""
    return bool(_listening(connection, project_id, kind, at))


def tell(connection: Connection, kind: str, said: Said, *, project_id: str, at: datetime) -> None:
    """Tell whoever listens that something happened in a project at the instant `at`; trouble that was scripted for it is counted."""
    to = _listening(connection, project_id, kind, at)
    if not to:
        return
    trouble = faults.next_event(connection, kind)
    if trouble is not None and trouble.lost:
        return
    data: dict[str, JsonValue] = said.model_dump(mode="json", by_alias=True, exclude_unset=True) | {"projectId": project_id}
    late = timedelta(seconds=trouble.delay_s if trouble is not None else 0)
    twice = [*to, *to] if trouble is not None and trouble.doubled else to
    queue(connection, twice, kind, at, late=late, organization_id=to[0].owner_id, project_id=project_id, data=data)


def body(event: Row[Any], *, firehose: bool) -> bytes:
    """What is sent, the same bytes at every attempt. In a firehose every event names its organization (layers-api: webhooks)."""
    whole: dict[str, JsonValue] = {"id": event.id, "type": event.type, "data": event.data}
    if firehose:
        whole["data"] = {**event.data, "organizationId": event.organization_id}
    if event.replay_of is not None:
        whole["replayOf"] = event.replay_of
    return json.dumps(whole, separators=(",", ":")).encode()
