"""Keys as they go through life: made for an organization below, renewed, taken away, stopped (layers-api: api-keys)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue, SecretStr
from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import api_keys, errors
from layers_mcp.contract.organizations import ADMIN
from layers_mcp.sandbox import audit, ids, keys, organizations, tables
from layers_mcp.sandbox.pages import Window, whole_page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["delete", "delete_child", "kill", "list_children", "mint", "rotate", "rotate_child"]

GRACE: Final = timedelta(hours=24)
"""How long a key works on that another has replaced (layers-api: rotate, organizations)."""
_ROW = tables.keys.c
_WARNING = "The secret is shown this once. The old one opens nothing any more."
_WARNING_CHILD = "The secret is shown this once."


def _key(visit: Visit, organization_id: str, key_id: str) -> Row[Any]:
    """The row of an organization's key.

    Raises:
        errors.NotFound: there is none; another organization's looks the same.
    """
    mine = (_ROW.id == ids.full("key", key_id), _ROW.organization_id == organization_id)
    row = visit.connection.execute(select(tables.keys).where(*mine)).first()
    if row is None:
        raise errors.NotFound(f"there is no API key {key_id}")
    return row


def _own(visit: Visit, key_id: str) -> Row[Any]:
    """The row of a key of the caller's organization that may be changed.

    Raises:
        errors.NotFound: as `_key` does.
        errors.Conflict: it is the key that every sandbox has.
    """
    row = _key(visit, visit.key.organization_id, key_id)
    if keys.is_default(row):
        words = "this is the public key of every sandbox, which stays; make another at /_sandbox/keys"
        raise errors.Conflict(words, details={"keyId": row.id})
    return row


def _change(visit: Visit, row: Row[Any], **changes: Any) -> Row[Any]:
    return visit.connection.execute(update(tables.keys).where(_ROW.id == row.id).values(changes).returning(tables.keys)).one()


def _prefix(row: Row[Any]) -> str:
    return f"lp_{row.env}_{row.public_id}"


def _shut(visit: Visit, row: Row[Any]) -> bool:
    """Whether a key was taken away."""
    return row.revoked_at is not None and row.revoked_at <= visit.now


def _see_own(visit: Visit, row: Row[Any]) -> api_keys.OwnKey:
    return api_keys.OwnKey(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name or _prefix(row),
        prefix=_prefix(row),
        kill_switch=row.killed,
        is_active=not row.killed and not _shut(visit, row),
        rotated_at=row.rotated_at,
        revoked_at=row.revoked_at if _shut(visit, row) else None,
    )


def kill(visit: Visit, request: api_keys.NameKey) -> api_keys.KilledKey:
    """Stop a key of the caller's organization for good; one that was stopped stays so.

    Raises:
        errors.Conflict: it is the sandbox's own.
    """
    row = _own(visit, request.key_id)
    if not row.killed:
        row = _change(visit, row, killed=True, revoked_at=row.revoked_at if _shut(visit, row) else visit.now)
        audit.log(visit, "api_key.killed", None, keyId=row.id)
    return api_keys.KilledKey(api_key=_see_own(visit, row), killed=True)


def delete(visit: Visit, request: api_keys.NameKey) -> api_keys.DeletedKey:
    """Take a key of the caller's organization away, without grace.

    Raises:
        errors.Conflict: it is the sandbox's own.
    """
    row = _own(visit, request.key_id)
    if not _shut(visit, row):
        row = _change(visit, row, revoked_at=visit.now)
        audit.log(visit, "api_key.revoked", None, keyId=row.id)
    return api_keys.DeletedKey(api_key=_see_own(visit, row), deleted=True)


def _check_covers(visit: Visit, scopes: tuple[str, ...]) -> None:
    """Let nobody get by a key what he may not himself.

    Raises:
        errors.ForbiddenScope: naming the first scope that the caller lacks.
    """
    missing = [scope for scope in scopes if not (scope in visit.key.scopes or (scope != "*" and visit.key.may(scope)))]
    if missing:
        raise errors.ForbiddenScope("the key would have a scope that this one lacks", details={"requiredScope": missing[0]})


def _check_working(visit: Visit, row: Row[Any]) -> None:
    if row.killed or _shut(visit, row):
        state: dict[str, JsonValue] = {"keyId": row.id, "killSwitch": row.killed, "isActive": False}
        raise errors.Conflict("the key was stopped or taken away, and is not renewed", details=state)


def rotate(visit: Visit, request: api_keys.NameKey) -> api_keys.RotatedKey:
    """Give a key a new prefix and secret in place; the old one opens nothing from now on.

    Raises:
        errors.ForbiddenScope: it may what the caller may not.
        errors.Conflict: it was stopped or taken away, or it is the sandbox's own.
    """
    row = _own(visit, request.key_id)
    _check_working(visit, row)
    _check_covers(visit, tuple(row.scopes))
    new = keys.minted(row.env)
    row = _change(visit, row, public_id=new.public_id, secret_sha256=new.secret_sha256, rotated_at=visit.now)
    audit.log(visit, "api_key.rotated", None, keyId=row.id)
    return api_keys.RotatedKey(api_key=_see_own(visit, row), secret=SecretStr(new.plain), warning=_WARNING)


def _see(visit: Visit, row: Row[Any]) -> api_keys.ChildKey:
    shut = _shut(visit, row) or row.killed
    return api_keys.ChildKey(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name or _prefix(row),
        prefix=_prefix(row),
        env=row.env,
        scopes=tuple(row.scopes),
        rate_limit_tier=row.tier,
        status="revoked" if shut else "active",
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        rotated_at=row.rotated_at,
        revoked_at=row.revoked_at if shut else None,
        grace_until=row.revoked_at if row.superseded_by is not None else None,
        superseded_by=row.superseded_by,
    )


def _minted(visit: Visit, row: dict[str, Any], env: str) -> api_keys.MintedKey:
    new = keys.minted(env)
    whole = {"id": ids.mint("key"), "public_id": new.public_id, "env": env, "secret_sha256": new.secret_sha256, "killed": False}
    whole |= {"created_at": visit.now, "return_hosts": list(visit.key.return_hosts), **row}
    made = visit.connection.execute(insert(tables.keys).values(whole).returning(tables.keys)).one()
    return api_keys.MintedKey(api_key=_see(visit, made), secret=SecretStr(new.plain), warning=_WARNING_CHILD)


def mint(visit: Visit, request: api_keys.MintKey) -> api_keys.MintedKey:
    """A new key for an organization below.

    Raises:
        errors.ForbiddenScope: a scope is not the caller's, or is the administration of organizations.
        errors.Invalid: nobody knows a scope.
        errors.Conflict: the organization is archived.
    """
    owner = organizations.living(visit, request.org_id)
    if ADMIN in request.scopes:
        raise errors.ForbiddenScope(f"{ADMIN} goes to no key below", details={"requiredScope": ADMIN})
    for index, scope in enumerate(request.scopes):
        if scope != "*" and scope not in keys.ALL_SCOPES:
            raise invalid(f"scopes.{index}", "is no scope")
    _check_covers(visit, request.scopes)
    tier = "sandbox" if request.env == "test" else visit.key.tier
    scopes = list(dict.fromkeys(request.scopes))
    made = _minted(visit, {"organization_id": owner.id, "name": request.name, "scopes": scopes, "tier": tier}, request.env)
    audit.log(visit, "api_key.created", None, organizationId=owner.id, keyId=made.api_key.id, scopes=[*scopes])
    return made


def list_children(visit: Visit, request: api_keys.ListChildKeys) -> api_keys.ChildKeyPage:
    """A page of an organization's keys, newest first."""
    mine = select(tables.keys).where(_ROW.organization_id == organizations.child(visit, request.org_id).id)
    found = [_see(visit, row) for row in visit.connection.execute(mine.order_by(_ROW.created_at.desc(), _ROW.id.desc()))]
    items, cursor = whole_page(found, Window(request.cursor, request.limit), known_as="id")
    return api_keys.ChildKeyPage(items=items, next_cursor=cursor)


def delete_child(visit: Visit, request: api_keys.NameChildKey) -> api_keys.DeletedChildKey:
    """Take a key of an organization below away, without grace; again: what stands."""
    row = _key(visit, organizations.child(visit, request.org_id).id, request.key_id)
    if not _shut(visit, row):
        row = _change(visit, row, revoked_at=visit.now)
        audit.log(visit, "api_key.revoked", None, organizationId=row.organization_id, keyId=row.id)
    return api_keys.DeletedChildKey(api_key=_see(visit, row), deleted=True)


def rotate_child(visit: Visit, request: api_keys.NameChildKey) -> api_keys.MintedKey:
    """A new key in place of one, which works for a day more.

    Raises:
        errors.ForbiddenScope: it may what the caller may not.
        errors.Conflict: it was replaced before, stopped or taken away; or its organization is archived.
    """
    row = _key(visit, organizations.living(visit, request.org_id).id, request.key_id)
    _check_working(visit, row)
    if row.superseded_by is not None:
        raise errors.Conflict("the key was replaced before", details={"keyId": row.id, "supersededBy": row.superseded_by})
    _check_covers(visit, tuple(row.scopes))
    kept = {name: getattr(row, name) for name in ("organization_id", "name", "scopes", "tier", "return_hosts")}
    made = _minted(visit, kept, row.env)
    _change(visit, row, rotated_at=visit.now, revoked_at=visit.now + GRACE, superseded_by=made.api_key.id)
    audit.log(visit, "api_key.rotated", None, organizationId=row.organization_id, keyId=row.id, supersededBy=made.api_key.id)
    return made
