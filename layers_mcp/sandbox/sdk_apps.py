"""SDK apps: what an app sends its events with. Of a key only its beginning and its SHA-256 are kept."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, get_args

from pydantic import SecretStr
from sqlalchemy import Row, func, insert, select, update

from layers_mcp.contract import errors, sdk_apps
from layers_mcp.contract.sdk_apps import SdkPlatform
from layers_mcp.sandbox import audit, ids, projects, tables
from layers_mcp.sandbox.event_tables import app_events
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["Found", "app_id_of", "bear", "create", "get", "install_spec", "listing", "own", "update_app"]

_ENDPOINT = "https://in.layers.com/l/events"
"""layers-api: SDK app object, `ingestEndpoint`."""
_REQUIRED = {"bundle_id": ("ios",), "android_package": ("android",), "web_domain": sdk_apps.WEB}
"""The identifier that apps of these stacks must have (layers-api: POST …/sdk-apps)."""
_WIRE = {"bundle_id": "bundleId", "android_package": "androidPackage", "web_domain": "webDomain"}
_PLATFORMS: tuple[SdkPlatform, ...] = get_args(SdkPlatform)
_IN_A_LIST = ("app_id", "name", "platform", "bundle_id", "android_package", "web_domain", "created_at", "last_event_at")
_PLAIN = re.compile(r"[A-Za-z0-9\-_]+(\.[A-Za-z0-9\-_]+)+")
_LAST = select(func.max(app_events.c.received_at)).where(app_events.c.app_id == tables.sdk_apps.c.id).scalar_subquery()
_WITH_LAST = select(tables.sdk_apps, _LAST.label("last_event_at"))
_NAME_AT_MOST = 128
_ID_AT_MOST = 150


class _Key(NamedTuple):
    """A new key: what is shown once, and what is kept."""

    plain: SecretStr
    kept: dict[str, str]


def _new_key() -> _Key:
    """`lsk_<16 base32>_<43 base64url>`: 256 random bits after a public beginning; the form is ours (see `drift`)."""
    public = f"lsk_{base64.b32encode(secrets.token_bytes(10)).decode()}"
    plain = f"{public}_{secrets.token_urlsafe(32)}"
    return _Key(SecretStr(plain), {"key_prefix": public, "key_sha256": sha256(plain.encode()).hexdigest()})


def _check(name: str, given: str | None, platform: str) -> None:
    if given is None and platform in _REQUIRED[name]:
        raise invalid(_WIRE[name], f"is required for {platform}; give it")
    if given is not None and platform not in sdk_apps.FITS[name]:
        raise invalid(_WIRE[name], f"does not go with {platform}, but with {', '.join(sdk_apps.FITS[name])}; leave it out")


def _see(row: Row[Any], key: SecretStr | None = None) -> sdk_apps.SdkApp:
    relays = {name: sdk_apps.CapiRelay(enabled=on, pixel_id=None, last_forward_at=None) for name, on in row.capi.items()}
    shown: dict[str, Any] = {"app_id": row.id, "name": row.name, "platform": row.platform, "ingest_endpoint": _ENDPOINT}
    shown |= {name: getattr(row, name) for name in sdk_apps.FITS} | {"capi": sdk_apps.Capi(**relays), "created_at": row.created_at}
    shown |= {"last_rotated_at": row.rotated_at, "last_event_at": row.last_event_at} | ({} if key is None else {"api_key": key})
    return sdk_apps.SdkApp(**shown)


def own(visit: Visit, project_id: str, app_id: str) -> Row[Any]:
    """The row of a project's app, with the time of its last event.

    Raises:
        errors.NotFound: the project has none of this id.
    """
    row = tables.sdk_apps.c
    query = _WITH_LAST.where(row.project_id == project_id, row.id == ids.full("app", app_id), row.created_at <= visit.now)
    found = visit.connection.execute(query).first()
    if found is None:
        raise errors.NotFound(f"there is no SDK app {app_id} in this project")
    return found


def create(visit: Visit, request: sdk_apps.CreateSdkApp) -> sdk_apps.SdkApp:
    """A new app; its key stands in this reply and nowhere else."""
    project = projects.living(visit, request.project_id)
    for name in sdk_apps.FITS:
        _check(name, getattr(request, name), request.platform)
    key, app_id = _new_key(), ids.mint("app")
    row: dict[str, Any] = {"id": app_id, "project_id": project.id, "name": request.name, "platform": request.platform, "capi": {}}
    row |= {name: getattr(request, name) for name in sdk_apps.FITS} | key.kept | {"created_at": visit.now, "rotated_at": visit.now}
    visit.connection.execute(insert(tables.sdk_apps).values(row))
    return _see(own(visit, project.id, app_id), key.plain)


def listing(visit: Visit, request: sdk_apps.ListSdkApps) -> sdk_apps.SdkAppPage:
    """A page of a project's apps, newest first, never with a key."""
    row, project = tables.sdk_apps.c, projects.own(visit, request.project_id)
    query = _WITH_LAST.where(row.project_id == project.id, row.created_at <= visit.now)
    if request.platform is not None:
        query = query.where(row.platform == request.platform)

    def see(found: Row[Any]) -> sdk_apps.SdkApp:
        whole = _see(found)
        return sdk_apps.SdkApp(**{name: getattr(whole, name) for name in _IN_A_LIST})

    items, cursor = page(visit.connection, query, Keys("sdk-apps", row.created_at, row.seq), Window(request.cursor, request.limit), see=see)
    return sdk_apps.SdkAppPage(items=items, next_cursor=cursor)


def get(visit: Visit, request: sdk_apps.GetSdkApp) -> sdk_apps.SdkApp:
    """One app, without its key."""
    return _see(own(visit, projects.own(visit, request.project_id).id, request.app_id))


def _switched(row: Row[Any], change: sdk_apps.CapiChange) -> dict[str, bool]:
    """The relays after the change.

    Raises:
        errors.Invalid: one is to be switched on, which needs a pixel; nothing in this sandbox has one.
    """
    given = {name: switch for name in change.model_fields_set if (switch := getattr(change, name)) is not None}
    for name in sorted(name for name, switch in given.items() if switch.enabled):
        words = "needs a pixel and an ad credential of this platform, and the project has none; leave it off until both are configured"
        raise invalid(f"capi.{name}.enabled", words)
    return dict(row.capi) | {name: switch.enabled for name, switch in given.items()}


def update_app(visit: Visit, request: sdk_apps.UpdateSdkApp) -> sdk_apps.SdkApp:
    """Change only the fields that were given; with `rotateKey` the old key is no longer known, and the new one is shown once."""
    row = own(visit, projects.living(visit, request.project_id).id, request.app_id)
    given, changes = request.model_fields_set, dict[str, Any]()
    if "name" in given:
        if request.name is None:
            raise invalid("name", "can't be emptied")
        changes["name"] = request.name
    for name in sorted(given.intersection(sdk_apps.FITS)):
        _check(name, getattr(request, name), row.platform)
        changes[name] = getattr(request, name)
    if request.capi is not None:
        changes["capi"] = _switched(row, request.capi)
    key = _new_key() if request.rotate_key else None
    changes |= {} if key is None else key.kept | {"rotated_at": visit.now}
    if changes:
        visit.connection.execute(update(tables.sdk_apps).where(tables.sdk_apps.c.id == row.id).values(changes))
        audit.log(visit, "sdk_app.updated", row.project_id, appId=row.id, keyRotated=key is not None)
    return _see(own(visit, row.project_id, row.id), key.plain if key else None)


def install_spec(visit: Visit, request: sdk_apps.GetInstallSpec) -> sdk_apps.InstallSpec:
    """How the SDK is installed: what an ingest writes, for the platforms asked for, else for the app's own."""
    from layers_mcp.sandbox.repository.instrument.spec import spec  # noqa: PLC0415  heavy, and needed only when it is asked for

    row = own(visit, projects.own(visit, request.project_id).id, request.app_id)
    asked = [name.strip() for name in (request.platforms or row.platform).split(",")]
    known: list[SdkPlatform] = [platform for platform in _PLATFORMS if platform in asked]
    if len(known) != len(asked):
        raise invalid("platforms", f"is not a list of different platforms with commas between; there are {', '.join(_PLATFORMS)}")
    made = tuple(spec(platform, row.id, android_package=row.android_package) for platform in known)
    return sdk_apps.InstallSpec(app_id=row.id, platforms=made)


def app_id_of(job_id: str) -> str:
    """The id of the app that this ingest makes."""
    return f"app_{sha256(job_id.encode()).hexdigest()[:24]}"


class Found(NamedTuple):
    """What an ingest found of an app: its name, its stack, and the identifiers by the names of the columns."""

    name: str
    platform: str
    identifiers: dict[str, str | None]


def bear(visit: Visit, project_id: str, found: Found, *, job_id: str, at: datetime) -> None:
    """The app of an ingest, there from the instant `at`; it has no key until one is made by `rotateKey` (see `drift`)."""
    row: dict[str, Any] = {"id": app_id_of(job_id), "project_id": project_id, "job_id": job_id, "capi": {}}
    row |= {"name": found.name[:_NAME_AT_MOST], "platform": found.platform, "created_at": at, "rotated_at": at}
    for name, value in found.identifiers.items():
        plain = value is not None and len(value) <= _ID_AT_MOST and _PLAIN.fullmatch(value) is not None
        row[name] = value if plain and found.platform in sdk_apps.FITS[name] else None
    visit.connection.execute(insert(tables.sdk_apps).values(row))
