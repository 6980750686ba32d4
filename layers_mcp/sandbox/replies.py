"""Replies kept by Idempotency-Key, for 24 hours of the wall's time (layers-api: concepts, "Idempotency")."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, delete, insert, select

from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Request
from layers_mcp.sandbox import ids, tables

__all__ = ["KEPT", "MOST_LETTERS", "Kept", "Sent", "digest", "keep", "kept"]

KEPT = timedelta(hours=24)
MOST_LETTERS = 255
"""Of an Idempotency-Key; ours."""


_PREFIXES = {
    "projectId": "prj",
    "projectLayerId": "pl",
    "containerId": "cnt",
    "influencerId": "inf",
    "socialAccountId": "sa",
    "scheduledPostId": "sp",
    "appId": "app",
    "sdkAppId": "app",
    "mediaId": "med",
    "referenceMediaIds": "med",
    "recommendationId": "rec",
    "id": "adc",
    "adAccountId": "aac",
    "campaignId": "cmp",
    "pendingId": "pa",
    "layerId": "lyr",
    "sourcePlatformPostId": "sp",
    "sourcePostIds": "sp",
    "assetIds": "asset",
    "adsetId": "adg",
    "adId": "ad",
    "adsContentId": "adc",
    "orgId": "org",
    "keyId": "key",
}
"""Of the ids that may come bare, alone or in a list; `id` is a creative's, the one id of that name in a request with a key."""


class Kept(NamedTuple):
    """A reply as it was sent the first time."""

    status: int
    body: str


class Sent(NamedTuple):
    """What tells one keyed request from another."""

    key_id: str
    endpoint: str
    idempotency_key: str
    digest: str


def _full(prefix: str, given: Any) -> Any:
    if isinstance(given, list):
        return [_full(prefix, item) for item in cast("list[Any]", given)]
    return ids.full(prefix, given) if isinstance(given, str) else _with_full_ids(given)


def _with_full_ids(plain: Any) -> Any:
    if isinstance(plain, list):
        return [_with_full_ids(item) for item in cast("list[Any]", plain)]
    if not isinstance(plain, dict):
        return plain
    known = cast("dict[str, Any]", plain)
    return {name: _full(_PREFIXES[name], value) if name in _PREFIXES else _with_full_ids(value) for name, value in known.items()}


def digest(request: Request) -> str:
    """The same for the same request, however its JSON was laid out or spelled, with bare or with prefixed ids."""
    plain = _with_full_ids(request.model_dump(mode="json", by_alias=True, exclude_unset=True))
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def kept(connection: Connection, sent: Sent, wall_now: datetime) -> Kept | None:
    """The reply to the first such request, or None when there was none in the last 24 hours.

    Raises:
        errors.IdempotencyConflict: the key was used for another request.
    """
    old = tables.replies.c
    query = select(tables.replies).where(
        old.key_id == sent.key_id,
        old.endpoint == sent.endpoint,
        old.idempotency_key == sent.idempotency_key,
        old.stored_at > wall_now - KEPT,
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.digest != sent.digest:
        raise errors.IdempotencyConflict("this Idempotency-Key was used for another request", details={"endpoint": sent.endpoint})
    return Kept(row.status, row.body)


def keep(connection: Connection, sent: Sent, reply: Kept, wall_now: datetime) -> None:
    """Keep `reply` in the transaction of its effect, and drop what is too old."""
    connection.execute(delete(tables.replies).where(tables.replies.c.stored_at <= wall_now - KEPT))
    connection.execute(insert(tables.replies).values(**sent._asdict(), **reply._asdict(), stored_at=wall_now))
