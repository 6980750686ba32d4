"""Webhooks: the endpoints that Layers tells what happened, and what became of each delivery."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, JsonValue, StringConstraints, field_validator, model_validator

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.contract.secret import Secret

__all__ = [
    "CREATE", "DELETE", "DELIVERIES", "LIST", "MOST_EVENTS", "REPLAY", "ROTATE", "TEST", "UPDATE", "CreateWebhook", "CreatedWebhook",
    "DeleteWebhook", "DeletedWebhook", "Delivery", "DeliveryPage", "DeliveryStatus", "ListDeliveries", "ListWebhooks", "PingWebhook",
    "Pinged", "ReplayDelivery", "Replayed", "RotateSecret", "Rotated", "UpdateWebhook", "Webhook", "WebhookPage", "WebhookScope",
    "WebhookStatus",
]  # fmt: skip

MOST_EVENTS: Final = 50
EventName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")]
EventNames = Annotated[tuple[EventName, ...], Field(min_length=1, max_length=MOST_EVENTS)]
"""Kinds of events (`events.EVENTS`); which are known is for who answers to say."""
Address = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""https; http for localhost only (layers-api: POST /v1/webhook-endpoints)."""
Description = Annotated[str, StringConstraints(max_length=500)]
Metadata = dict[str, JsonValue]
"""The caller's own; at most 8 KB as JSON, as for a project (ours)."""
WebhookStatus = Literal["active", "paused", "auto_paused"]
WebhookScope = Literal["own", "all_children"]
DeliveryStatus = Literal["pending", "delivering", "delivered", "failed", "abandoned"]


class CreateWebhook(Request):
    """Where to tell, and of which kinds of events; `project_id`: of one project only. `all_children`: of child organizations too."""

    url: Address
    events: EventNames
    description: Description | None = None
    metadata: Metadata | None = None
    project_id: Id | None = None
    scope: WebhookScope = "own"


class Webhook(Reply):
    """An endpoint. `auto_paused`: too many deliveries in a row failed; `status: active` starts it again."""

    id: str
    organization_id: str | None = None
    project_id: str | None = None
    url: str
    description: str | None = None
    metadata: Metadata | None = None
    scope: WebhookScope | None = None
    status: WebhookStatus
    events: tuple[str, ...]
    api_version: str | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None
    last_success_at: Utc | None = None
    last_failure_at: Utc | None = None
    consecutive_failure_count: int = 0


class CreatedWebhook(Reply):
    """A new endpoint with its secret, which is shown this once: an answer that is replayed for its Idempotency-Key has none."""

    endpoint: Webhook
    signing_secret: Secret | None = None


class ListWebhooks(Request):
    """A page of endpoints, newest first; with `project_id` only those of the project. `limit` 1 to 100."""

    project_id: Id | None = None
    status: WebhookStatus | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class WebhookPage(Reply):
    """A page of endpoints."""

    items: tuple[Webhook, ...]
    next_cursor: str | None = None


class UpdateWebhook(Request):
    """The fields to change, at least one. `events` replaces; `metadata` is merged key by key, "" unsets one, null all."""

    endpoint_id: Id
    url: Address | None = None
    events: EventNames | None = None
    description: Description | None = None
    metadata: Metadata | None = None
    status: Literal["active", "paused"] | None = None
    scope: WebhookScope | None = None

    @field_validator("url", "events", "status", "scope")
    @classmethod
    def _never_empty(cls, given: object) -> object:
        if given is None:
            message = "can't be null; leave it out to keep it"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _something(self) -> UpdateWebhook:
        if not self.model_fields_set - {"endpoint_id"}:
            message = "nothing to change; give at least one field"
            raise ValueError(message)
        return self


class DeleteWebhook(Request):
    """The endpoint to delete; what waits for it is abandoned."""

    endpoint_id: Id


class DeletedWebhook(Reply):
    """An endpoint that is gone with its history."""

    id: str
    deleted: bool


class RotateSecret(Request):
    """The endpoint that is to have a new secret."""

    endpoint_id: Id


class Rotated(Reply):
    """A new secret, shown this once; deliveries are signed by the old one too until `previous_secret_expires_at`."""

    endpoint_id: str
    signing_secret: Secret | None = None
    previous_secret_expires_at: Utc | None = None
    warning: str | None = None


class PingWebhook(Request):
    """The endpoint to try, whatever it subscribes to; `payload` in place of the usual data of `test.ping`."""

    endpoint_id: Id
    payload: dict[str, JsonValue] | None = None


class Pinged(Reply):
    """A test that will be delivered within about a minute."""

    event_id: str
    delivery_id: str
    scheduled_at: Utc


class ListDeliveries(Request):
    """A page of an endpoint's deliveries, newest first; `limit` 1 to 100."""

    endpoint_id: Id
    event_type: EventName | None = None
    status: DeliveryStatus | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class Delivery(Reply):
    """How one event stands with one endpoint; without what it said. `attempts`: how often it was sent so far."""

    id: str
    endpoint_id: str | None = None
    event_id: str
    event_type: str
    status: DeliveryStatus
    attempts: int = 0
    next_retry_at: Utc | None = None
    delivered_at: Utc | None = None
    abandoned_at: Utc | None = None
    last_response_status: int | None = None
    last_response_at: Utc | None = None
    last_error_message: str | None = None
    created_at: Utc | None = None


class DeliveryPage(Reply):
    """A page of deliveries."""

    items: tuple[Delivery, ...]
    next_cursor: str | None = None


class ReplayDelivery(Request):
    """The delivery to send again, as an event of its own."""

    delivery_id: Id


class Replayed(Reply):
    """A delivery that will be sent again within about a minute."""

    original_delivery_id: str
    replay_delivery_id: str
    scheduled_at: Utc


_ROOT = "/v1/webhook-endpoints"
_ONE = f"{_ROOT}/{{endpointId}}"
CREATE: Endpoint[CreateWebhook, CreatedWebhook] = Endpoint(
    method="POST",
    path=_ROOT,
    request=CreateWebhook,
    reply=CreatedWebhook,
    scope=None,
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("FORBIDDEN_SCOPE",),
    source="layers-api: POST /v1/webhook-endpoints",
)
LIST: Endpoint[ListWebhooks, WebhookPage] = Endpoint(
    method="GET",
    path=_ROOT,
    request=ListWebhooks,
    reply=WebhookPage,
    scope=None,
    rate="read-light",
    source="layers-api: GET /v1/webhook-endpoints",
)
UPDATE: Endpoint[UpdateWebhook, Webhook] = Endpoint(
    method="PATCH",
    path=_ONE,
    request=UpdateWebhook,
    reply=Webhook,
    scope=None,
    rate="write-light",
    keyed=True,
    codes=("FORBIDDEN_SCOPE",),
    source="layers-api: PATCH /v1/webhook-endpoints/{endpointId}",
)
DELETE: Endpoint[DeleteWebhook, DeletedWebhook] = Endpoint(
    method="DELETE",
    path=_ONE,
    request=DeleteWebhook,
    reply=DeletedWebhook,
    scope=None,
    rate="write-light",
    source="layers-api: DELETE /v1/webhook-endpoints/{endpointId}",
)
ROTATE: Endpoint[RotateSecret, Rotated] = Endpoint(
    method="POST",
    path=f"{_ONE}/rotate-secret",
    request=RotateSecret,
    reply=Rotated,
    scope=None,
    rate="write-light",
    keyed=True,
    source="layers-api: POST /v1/webhook-endpoints/{endpointId}/rotate-secret",
)
TEST: Endpoint[PingWebhook, Pinged] = Endpoint(
    method="POST",
    path=f"{_ONE}/test",
    request=PingWebhook,
    reply=Pinged,
    scope=None,
    rate="write-light",
    statuses=(202,),
    source="layers-api: POST /v1/webhook-endpoints/{endpointId}/test",
)
DELIVERIES: Endpoint[ListDeliveries, DeliveryPage] = Endpoint(
    method="GET",
    path=f"{_ONE}/deliveries",
    request=ListDeliveries,
    reply=DeliveryPage,
    scope=None,
    rate="read-light",
    source="layers-api: GET /v1/webhook-endpoints/{endpointId}/deliveries",
)
REPLAY: Endpoint[ReplayDelivery, Replayed] = Endpoint(
    method="POST",
    path="/v1/webhook-deliveries/{deliveryId}/replay",
    request=ReplayDelivery,
    reply=Replayed,
    scope=None,
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/webhook-deliveries/{deliveryId}/replay",
)
