"""The audit log: what was decided and changed, by which key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["LIST", "AuditEvent", "AuditPage", "ListAudit"]


class ListAudit(Request):
    """A page of an organization's events, newest first; `since` and `until` inclusive; `limit` 1 to 200."""

    event_type: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    project_id: Id | None = None
    api_key_id: Id | None = None
    since: Utc | None = None
    until: Utc | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class AuditEvent(Reply):
    """One event; what `data` holds depends on its type."""

    event_id: str
    event_type: str
    occurred_at: Utc
    request_id: str | None = None
    organization_id: str | None = None
    project_id: str | None = None
    api_key_id: str | None = None
    actor: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class AuditPage(Reply):
    """A page of events."""

    items: tuple[AuditEvent, ...]
    next_cursor: str | None = None


LIST: Endpoint[ListAudit, AuditPage] = Endpoint(
    method="GET",
    path="/v1/audit-log",
    request=ListAudit,
    reply=AuditPage,
    scope=None,
    rate="read-light",
    source="layers-api: GET /v1/audit-log",
)
