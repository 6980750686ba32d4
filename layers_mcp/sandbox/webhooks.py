"""Endpoints that are told what happens, their secrets, and what became of each delivery (layers-api: webhooks)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from pydantic import JsonValue, SecretStr
from sqlalchemy import Row, delete, insert, select, update

from layers_mcp.contract import errors, webhooks
from layers_mcp.contract.events import EVENTS, PING
from layers_mcp.sandbox import projects, telling
from layers_mcp.sandbox.hook_tables import deliveries, events
from layers_mcp.sandbox.hook_tables import webhooks as table
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid
from layers_mcp.sandbox.web.post import misfit
from layers_mcp.sandbox.web.sites import listed

__all__ = ["change", "create", "deliveries_of", "listing", "ping", "remove", "replay", "rotate"]

_VERSION = "v1"
_OVERLAP = timedelta(hours=24)
"""How long the old secret signs beside the new one (layers-api: rotate-secret, older pages)."""
_METADATA_BYTES = 8 * 1024
_ADMIN = "org:admin"
_ROW, _SENT = table.c, deliveries.c
_WARNING = "Deliveries are signed by both secrets until previousSecretExpiresAt; let your receiver know the new one before that."
_HELLO = "A test of this endpoint."


def _check_url(visit: Visit, url: str) -> None:
    why = misfit(url, listed(visit.ground.sites))
    if why is not None:
        raise invalid("url", why)


def _check_events(given: Sequence[str]) -> list[str]:
    for index, name in enumerate(given):
        if name not in EVENTS:
            raise invalid(f"events.{index}", f"is no event; there are {', '.join(EVENTS)}")
    return list(dict.fromkeys(given))


def _check_scope(visit: Visit, scope: str) -> None:
    if scope == "all_children" and not visit.key.may(_ADMIN):
        raise errors.ForbiddenScope("all_children needs a key that may administer the organization", details={"requiredScope": _ADMIN})


def _check_metadata(metadata: dict[str, Any] | None) -> None:
    if metadata is not None and len(json.dumps(metadata, separators=(",", ":")).encode()) > _METADATA_BYTES:
        raise invalid("metadata", "is longer than 8 KB")


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"


def _see(row: Row[Any]) -> webhooks.Webhook:
    return webhooks.Webhook(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        url=row.url,
        description=row.description,
        metadata=row.metadata,
        scope=row.scope,
        status=row.status,
        events=tuple(row.events),
        api_version=_VERSION,
        created_at=row.created_at,
        updated_at=row.updated_at,
        last_success_at=row.last_success_at,
        last_failure_at=row.last_failure_at,
        consecutive_failure_count=row.failures,
    )


def _own(visit: Visit, endpoint_id: str) -> Row[Any]:
    """The row of an endpoint of this organization.

    Raises:
        errors.NotFound: there is none; another organization's looks the same.
    """
    query = select(table).where(_ROW.id == endpoint_id.lower(), _ROW.organization_id == visit.key.organization_id)
    row = visit.connection.execute(query).first()
    if row is None:
        raise errors.NotFound(f"there is no webhook endpoint {endpoint_id}")
    return row


def create(visit: Visit, request: webhooks.CreateWebhook) -> webhooks.CreatedWebhook:
    """A new endpoint, active from now on; its secret is shown this once.

    Raises:
        errors.Invalid: nothing can be sent to the URL, or no event is called so.
        errors.ForbiddenScope: `all_children` with a key that does not administer the organization.
    """
    _check_scope(visit, request.scope)
    _check_url(visit, request.url)
    _check_metadata(request.metadata)
    project_id = None if request.project_id is None else projects.own(visit, request.project_id).id
    row: dict[str, Any] = {"id": str(uuid4()), "organization_id": visit.key.organization_id, "project_id": project_id}
    row |= {"url": request.url, "description": request.description, "metadata": request.metadata, "scope": request.scope}
    row |= {"status": "active", "events": _check_events(request.events), "secret": _new_secret(), "failures": 0}
    row |= {"created_at": visit.now, "updated_at": visit.now}
    made = visit.connection.execute(insert(table).values(row).returning(table)).one()
    return webhooks.CreatedWebhook(endpoint=_see(made), signing_secret=SecretStr(row["secret"]))


def listing(visit: Visit, request: webhooks.ListWebhooks) -> webhooks.WebhookPage:
    """A page of endpoints, newest first; of one project, those of the organization are left out."""
    query = select(table).where(_ROW.organization_id == visit.key.organization_id)
    if request.project_id is not None:
        query = query.where(_ROW.project_id == projects.own(visit, request.project_id).id)
    if request.status is not None:
        query = query.where(_ROW.status == request.status)
    keys = Keys("webhooks", _ROW.created_at, _ROW.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=_see)
    return webhooks.WebhookPage(items=items, next_cursor=cursor)


def _merged(was: dict[str, JsonValue] | None, given: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    """Key by key; "" unsets one, null clears all (layers-api: PATCH /v1/webhook-endpoints)."""
    return None if given is None else {name: value for name, value in {**(was or {}), **given}.items() if value != ""}


def change(visit: Visit, request: webhooks.UpdateWebhook) -> webhooks.Webhook:
    """Change the given fields; `status: active` starts an endpoint again and forgets its failures."""
    row, given = _own(visit, request.endpoint_id), request.model_fields_set - {"endpoint_id"}
    changes: dict[str, Any] = {name: getattr(request, name) for name in given} | {"updated_at": visit.now}
    if request.url is not None:
        _check_url(visit, request.url)
    if request.events is not None:
        changes["events"] = _check_events(request.events)
    if request.scope is not None:
        _check_scope(visit, request.scope)
    if "metadata" in given:
        changes["metadata"] = _merged(row.metadata, request.metadata)
        _check_metadata(changes["metadata"])
    if request.status == "active":
        changes["failures"] = 0
    changed = update(table).where(_ROW.seq == row.seq).values(changes).returning(table)
    return _see(visit.connection.execute(changed).one())


def remove(visit: Visit, request: webhooks.DeleteWebhook) -> webhooks.DeletedWebhook:
    """Take an endpoint away with its history; what waits for it is never sent."""
    row = _own(visit, request.endpoint_id)
    visit.connection.execute(delete(deliveries).where(_SENT.webhook_id == row.id))
    visit.connection.execute(delete(events).where(events.c.id.not_in(select(_SENT.event_id))))
    visit.connection.execute(delete(table).where(_ROW.seq == row.seq))
    return webhooks.DeletedWebhook(id=row.id, deleted=True)


def rotate(visit: Visit, request: webhooks.RotateSecret) -> webhooks.Rotated:
    """A new secret; the one before signs beside it for 24 hours of the world's time, the one before that no more."""
    row, new, until = _own(visit, request.endpoint_id), _new_secret(), visit.now + _OVERLAP
    changes = {"secret": new, "previous_secret": row.secret, "previous_until": until, "updated_at": visit.now}
    visit.connection.execute(update(table).where(_ROW.seq == row.seq).values(changes))
    return webhooks.Rotated(endpoint_id=row.id, signing_secret=SecretStr(new), previous_secret_expires_at=until, warning=_WARNING)


def ping(visit: Visit, request: webhooks.PingWebhook) -> webhooks.Pinged:
    """Let a test be sent, whatever the endpoint subscribes to, also while it is paused."""
    row = _own(visit, request.endpoint_id)
    hello: dict[str, JsonValue] = {"message": _HELLO, "endpointId": row.id, "organizationId": row.organization_id}
    whose: dict[str, Any] = {"organization_id": row.organization_id, "project_id": row.project_id}
    data = hello if request.payload is None else request.payload
    event_id, (delivery_id,) = telling.queue(visit.connection, [row], PING, visit.now, **whose, data=data)
    return webhooks.Pinged(event_id=event_id, delivery_id=delivery_id, scheduled_at=visit.now)


def _delivery(row: Row[Any]) -> webhooks.Delivery:
    return webhooks.Delivery(
        id=row.id,
        endpoint_id=row.webhook_id,
        event_id=row.event_id,
        event_type=row.type,
        status=row.status,
        attempts=row.attempts,
        next_retry_at=row.due_at,
        delivered_at=row.delivered_at,
        abandoned_at=row.abandoned_at,
        last_response_status=row.last_status,
        last_response_at=row.last_at,
        last_error_message=row.last_error,
        created_at=row.created_at,
    )


def deliveries_of(visit: Visit, request: webhooks.ListDeliveries) -> webhooks.DeliveryPage:
    """A page of an endpoint's deliveries, newest first, without what they said."""
    query = select(deliveries).where(_SENT.webhook_id == _own(visit, request.endpoint_id).id)
    if request.event_type is not None:
        query = query.where(_SENT.type == request.event_type)
    if request.status is not None:
        query = query.where(_SENT.status == request.status)
    keys = Keys("deliveries", _SENT.created_at, _SENT.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=_delivery)
    return webhooks.DeliveryPage(items=items, next_cursor=cursor)


def replay(visit: Visit, request: webhooks.ReplayDelivery) -> webhooks.Replayed:
    """Send what a delivery said again, as an event of its own.

    Raises:
        errors.NotFound: there is no such delivery.
        errors.Conflict: it is still to be sent, or its endpoint is paused.
    """
    query = select(deliveries, _ROW.status.label("endpoint")).join(table, _SENT.webhook_id == _ROW.id)
    mine = (_SENT.id == request.delivery_id.lower(), _ROW.organization_id == visit.key.organization_id)
    found = visit.connection.execute(query.where(*mine)).first()
    if found is None:
        raise errors.NotFound(f"there is no webhook delivery {request.delivery_id}")
    if found.due_at is not None or found.endpoint != "active":
        stands = {"status": found.status, "endpointStatus": found.endpoint}
        raise errors.Conflict("the delivery is still to be sent, or its endpoint is paused", details=stands)
    event = visit.connection.execute(select(events).where(events.c.id == found.event_id)).one()
    to = visit.connection.execute(select(table).where(_ROW.id == found.webhook_id)).one()
    whose: dict[str, Any] = {"organization_id": event.organization_id, "project_id": event.project_id}
    again = telling.queue(visit.connection, [to], event.type, visit.now, **whose, data=event.data, replay_of=found.id)
    return webhooks.Replayed(original_delivery_id=found.id, replay_delivery_id=again[1][0], scheduled_at=visit.now)
