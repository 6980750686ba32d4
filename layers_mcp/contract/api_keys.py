"""API keys: those of one's own organization are stopped, taken away and renewed; those of one below are made, too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.organizations import ADMIN
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.contract.secret import Secret

__all__ = [
    "DELETE", "DELETE_CHILD", "KILL", "LIST_CHILD", "MINT_CHILD", "ROTATE", "ROTATE_CHILD", "ChildKey", "ChildKeyPage", "DeletedChildKey",
    "DeletedKey", "KilledKey", "ListChildKeys", "MintKey", "MintedKey", "NameChildKey", "NameKey", "OwnKey", "RotatedKey",
]  # fmt: skip


class OwnKey(Reply):
    """A key of the caller's organization; `prefix` is what may be shown of it."""

    id: str
    organization_id: str | None = None
    name: str | None = None
    prefix: str | None = None
    kill_switch: bool
    is_active: bool
    rotated_at: Utc | None = None
    revoked_at: Utc | None = None


class NameKey(Request):
    """A key of the caller's organization."""

    key_id: Id


class KilledKey(Reply):
    """A key that was stopped: every request with it is answered 503 KILL_SWITCH from now on."""

    api_key: OwnKey
    killed: bool


class DeletedKey(Reply):
    """A key that was taken away: every request with it is answered 401 from now on."""

    api_key: OwnKey
    deleted: bool


class RotatedKey(Reply):
    """A key with a new secret, which is shown this once; the old one opens nothing any more."""

    api_key: OwnKey
    secret: Secret | None = None
    warning: str | None = None


class ChildKey(Reply):
    """A key of an organization below. After a rotation it works until `grace_until`, and `superseded_by` names the key that replaced it."""

    id: str
    organization_id: str
    name: str
    prefix: str
    env: Literal["live", "test"]
    scopes: tuple[str, ...]
    rate_limit_tier: str
    status: Literal["active", "revoked"]
    created_at: Utc | None = None
    last_used_at: Utc | None = None
    rotated_at: Utc | None = None
    revoked_at: Utc | None = None
    grace_until: Utc | None = None
    superseded_by: str | None = None


class MintKey(Request):
    """A new key for an organization below: its scopes are among the caller's; a `test` key has the rate tier `sandbox`."""

    org_id: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    scopes: tuple[Annotated[str, StringConstraints(min_length=1, max_length=64)], ...] = Field(min_length=1, max_length=64)
    env: Literal["live", "test"] = "live"


class MintedKey(Reply):
    """A key that was made, for the first time or in place of another; its secret is shown this once."""

    api_key: ChildKey
    secret: Secret | None = None
    warning: str | None = None


class ListChildKeys(Request):
    """A page of an organization's keys, newest first; `limit` 1 to 100."""

    org_id: Id
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class ChildKeyPage(Reply):
    """A page of keys, without their secrets."""

    items: tuple[ChildKey, ...]
    next_cursor: str | None = None


class NameChildKey(Request):
    """A key of an organization below."""

    org_id: Id
    key_id: Id


class DeletedChildKey(Reply):
    """A key that was taken away, without grace."""

    api_key: ChildKey
    deleted: bool


_ONE = "/v1/api-keys/{keyId}"
_CHILD = "/v1/organizations/{orgId}/api-keys"
_SOURCE = "layers-api: api-keys"
KILL: Endpoint[NameKey, KilledKey] = Endpoint(
    method="POST",
    path=f"{_ONE}/kill",
    request=NameKey,
    reply=KilledKey,
    scope=None,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
DELETE: Endpoint[NameKey, DeletedKey] = Endpoint(
    method="DELETE",
    path=_ONE,
    request=NameKey,
    reply=DeletedKey,
    scope=ADMIN,
    rate="write-light",
    codes=("CONFLICT",),
    source=_SOURCE,
)
ROTATE: Endpoint[NameKey, RotatedKey] = Endpoint(
    method="POST",
    path=f"{_ONE}/rotate",
    request=NameKey,
    reply=RotatedKey,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    needs_key=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
MINT_CHILD: Endpoint[MintKey, MintedKey] = Endpoint(
    method="POST",
    path=_CHILD,
    request=MintKey,
    reply=MintedKey,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source=_SOURCE,
)
LIST_CHILD: Endpoint[ListChildKeys, ChildKeyPage] = Endpoint(
    method="GET",
    path=_CHILD,
    request=ListChildKeys,
    reply=ChildKeyPage,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
DELETE_CHILD: Endpoint[NameChildKey, DeletedChildKey] = Endpoint(
    method="DELETE",
    path=f"{_CHILD}/{{keyId}}",
    request=NameChildKey,
    reply=DeletedChildKey,
    scope=ADMIN,
    rate="write-light",
    source=_SOURCE,
)
ROTATE_CHILD: Endpoint[NameChildKey, MintedKey] = Endpoint(
    method="POST",
    path=f"{_CHILD}/{{keyId}}/rotate",
    request=NameChildKey,
    reply=MintedKey,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
