"""API keys: their shape, what is kept of them, and who a request is from (layers-api: concepts, "Authentication")."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from layers_mcp.contract import errors
from layers_mcp.contract.organizations import ADMIN
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox import ids, tables
from layers_mcp.sandbox.visit import BY_NAME, Key

__all__ = [
    "ALL_SCOPES", "DEFAULT_HOSTS", "DEFAULT_KEY", "HOME", "SCOPES", "Grant", "Plain", "act_for", "add_key", "add_organization",
    "allow_host", "is_default", "known_key", "minted", "renew_default",
]  # fmt: skip

DEFAULT_KEY = "lp_test_SANDBOXKEYLAYERS_everybodyKnowsThisKeyBecauseItOpensNothing0"
"""The key of every sandbox. It is public: it opens nothing but a sandbox."""
HOME = "Sandbox"
"""The organization of the default key."""
DEFAULT_HOSTS = ("localhost", "127.0.0.1", "app.your-partner.com")
"""Where OAuth may come back to with the default key; the last is the page of seed 004, step 8."""
ALL_SCOPES = tuple(sorted({row.scope for row in TABLE if row.scope is not None} | set(BY_NAME)))
"""Every scope that a route of the table asks for, or shows more with."""
SCOPES = tuple(scope for scope in ALL_SCOPES if scope not in BY_NAME)
"""What a key may unless it is said: all that need not be granted by name (layers-api: concepts, "Scopes")."""
INCLUDED_CREDITS = 1000
PREPAID_CREDITS = 5000
"""What a new organization owns: the sample of layers-api, credits."""
_CHILD = tables.children.c
_BY_PUBLIC_ID = (
    select(tables.keys, _CHILD.status.label("standing"))
    .outerjoin(tables.children, _CHILD.id == tables.keys.c.organization_id)
    .where(tables.keys.c.public_id == bindparam("public"))
)
_SHAPE = re.compile(r"^lp_(live|test)_([A-Z0-9]{16})_([A-Za-z0-9_\-]{43})$")
"""`lp_<env>_<16 base32>_<43 base64url>` (layers-api: concepts, "Authentication")."""


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def add_organization(connection: Connection, name: str) -> str:
    """The id of the organization `name`, made when there is none, with credits to spend."""
    known = connection.execute(select(tables.organizations.c.id).where(tables.organizations.c.name == name)).scalar()
    if known is not None:
        return str(known)
    new = ids.derived("org", name)
    wallet = {"included_credits": INCLUDED_CREDITS, "prepaid_credits": PREPAID_CREDITS}
    connection.execute(insert(tables.organizations).values(id=new, name=name, **wallet))
    return new


class Grant(NamedTuple):
    """What a key may: its scopes, its rate tier, and the hosts that OAuth may come back to."""

    scopes: Sequence[str] = SCOPES
    tier: str = "standard"
    return_hosts: Sequence[str] = DEFAULT_HOSTS


def renew_default(connection: Connection) -> None:
    """Let the default key of a world that an older version made call what has come since."""
    row = tables.keys.c
    old = update(tables.keys).where(row.public_id == DEFAULT_KEY.split("_")[2], row.scopes != list(SCOPES))
    connection.execute(old.values(scopes=list(SCOPES)))


class Plain(NamedTuple):
    """A key in its parts; `plain` is the whole, which is kept nowhere."""

    public_id: str
    env: str
    secret_sha256: str
    plain: str


def minted(env: str = "test") -> Plain:
    """A key that nobody has seen."""
    return _parts(f"lp_{env}_{base64.b32encode(secrets.token_bytes(10)).decode()}_{secrets.token_urlsafe(32)}")


def _parts(plain: str) -> Plain:
    shape = _SHAPE.match(plain)
    if shape is None:
        raise errors.Invalid("the key has not the shape lp_<env>_<16 letters>_<43 letters>")
    env, public, secret = shape.groups()
    return Plain(public, env, _digest(secret), plain)


def is_default(row: Row[Any]) -> bool:
    """Whether a row is that of the key of every sandbox."""
    return bool(row.public_id == DEFAULT_KEY.split("_")[2])


def add_key(connection: Connection, organization_id: str, grant: Grant, *, plain: str | None = None) -> str:
    """A new key, in plain: shown this once, kept as a digest."""
    parts = minted() if plain is None else _parts(plain)
    row: dict[str, Any] = {"id": ids.derived("key", parts.public_id), "public_id": parts.public_id, "env": parts.env}
    row |= {"secret_sha256": parts.secret_sha256, "tier": grant.tier, "killed": False}
    row |= {"organization_id": organization_id, "scopes": list(grant.scopes), "return_hosts": [host.lower() for host in grant.return_hosts]}
    connection.execute(insert(tables.keys).values(row))
    return parts.plain


def allow_host(connection: Connection, plain: str, host: str) -> None:
    """Let OAuth come back to a page of `host` too, with the key `plain`."""
    shape = _SHAPE.match(plain)
    row = connection.execute(_BY_PUBLIC_ID, {"public": shape[2]}).first() if shape else None
    if row is not None and host.lower() not in row.return_hosts:
        hosts = [*row.return_hosts, host.lower()]
        connection.execute(update(tables.keys).where(tables.keys.c.id == row.id).values(return_hosts=hosts))


def _given(headers: Mapping[str, str]) -> str:
    """The key as it was sent: `X-Api-Key` wins over `Authorization: Bearer` (seed 004 sends either)."""
    plain = headers.get("x-api-key")
    if plain is None:
        scheme, _, plain = headers.get("authorization", "").partition(" ")
        plain = plain if scheme.lower() == "bearer" else ""
    return plain.strip()


def known_key(connection: Connection, headers: Mapping[str, str], now: datetime) -> Key:
    """The key a request is from; `now` is the world's time.

    Raises:
        errors.Unauthenticated: none was sent, nobody knows it, or it was taken away.
        errors.KillSwitch: it was stopped, or its organization is suspended.
    """
    given = _given(headers)
    if not given:
        raise errors.Unauthenticated("no API key was sent; send Authorization: Bearer lp_… or X-Api-Key")
    shape = _SHAPE.match(given)
    row = connection.execute(_BY_PUBLIC_ID, {"public": shape[2]}).first() if shape else None
    if shape is None or row is None or row.env != shape[1] or not hmac.compare_digest(row.secret_sha256, _digest(shape[3])):
        raise errors.Unauthenticated("the API key is not known")
    if row.killed:
        raise errors.KillSwitch("this key was stopped", details={"scope": "key"})
    if row.revoked_at is not None and row.revoked_at <= now:
        raise errors.Unauthenticated("the API key was taken away")
    if row.standing == "suspended":
        raise errors.KillSwitch("this key's organization is suspended", details={"scope": "organization"})
    if row.created_at is not None:
        connection.execute(update(tables.keys).where(tables.keys.c.id == row.id).values(last_used_at=now))
    scopes, hosts = tuple(row.scopes), tuple(row.return_hosts)
    return Key(id=row.id, organization_id=row.organization_id, scopes=scopes, tier=row.tier, return_hosts=hosts)


def act_for(connection: Connection, key: Key, given: str, *, writes: bool) -> Key:
    """`key` at work in the organization below its own that `X-Layers-Organization` names.

    Raises:
        errors.ForbiddenScope: the key does not administer organizations.
        errors.NotFound: there is no such organization directly below its own.
        errors.KillSwitch: it is suspended, and the request would change something.
        errors.Conflict: it is archived, and the request would change something.
    """
    if not key.may(ADMIN):
        raise errors.ForbiddenScope(f"the key lacks {ADMIN}", details={"requiredScope": ADMIN})
    mine = (_CHILD.id == ids.full("org", given), _CHILD.parent_id == key.organization_id)
    row = connection.execute(select(_CHILD.id, _CHILD.status).where(*mine)).first()
    if row is None:
        raise errors.NotFound("there is no such organization below this key's")
    if writes and row.status == "suspended":
        raise errors.KillSwitch("the organization is suspended", details={"scope": "organization"})
    if writes and row.status == "archived":
        raise errors.Conflict("the organization is archived", details={"status": "archived"})
    return replace(key, organization_id=row.id, below=True)
