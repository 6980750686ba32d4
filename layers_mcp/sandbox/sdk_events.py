"""Events of the customer's own app, as they were forwarded; nothing goes on to an ad platform from here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from typing import Any, cast
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.sqlite import insert

from layers_mcp.contract import sdk_events
from layers_mcp.sandbox import ids, projects, sdk_apps, tables
from layers_mcp.sandbox.event_tables import app_events
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["conversions", "forward", "listing", "verify"]

_ROW = app_events.c
_REDACTED = "[redacted]"
_PERSONAL = re.compile(r"(?:^|_)(?:e?mail|phone|ip|user_agent|first_name|last_name|full_name|address|birthday)(?:_|$)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_EXACT = 2**53
"""From here on a number is not the same in every reader of JSON."""
_VALUES = ("revenue_amount", "revenue", "price_amount", "value")
"""What an event brought, the first that is there (layers-api: conversions; `revenue` is what POST /v1/events calls it)."""


def _keep(visit: Visit, app: Row[Any], given: Iterable[sdk_events.NewEvent]) -> int:
    """Write events down; how many were not there yet."""
    kept = 0
    for one in given:
        row: dict[str, Any] = {"project_id": app.project_id, "app_id": app.id, "event_id": one.event_id or str(uuid4()), "name": one.name}
        row |= {"user_id": one.app_user_id, "occurred_at": one.occurred_at, "received_at": visit.now}
        new = insert(app_events).values(row | {"properties": one.properties or {}, "context": one.context or {}})
        once = new.on_conflict_do_nothing(index_elements=["app_id", "event_id"]).returning(_ROW.seq)
        kept += visit.connection.execute(once).first() is not None
    return kept


def forward(visit: Visit, request: sdk_events.ForwardEvents) -> sdk_events.Forwarded:
    """Take events; one whose id is there already is not taken again.

    Raises:
        errors.Conflict: the project is archived.
    """
    app = sdk_apps.own(visit, projects.living(visit, request.project_id).id, request.sdk_app_id)
    kept = _keep(visit, app, request.events)
    return sdk_events.Forwarded(accepted=kept, duplicates=len(request.events) - kept)


def _shown(value: JsonValue, *, name: str = "", whole: bool) -> JsonValue:
    """A value as a reader may see it; `whole`: with what it says of a person."""
    if not whole and _PERSONAL.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()):
        return _REDACTED
    if isinstance(value, dict):
        return {inner: _shown(one, name=inner, whole=whole) for inner, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, whole=whole) for one in value]
    if isinstance(value, str) and not whole:
        return _EMAIL.sub(_REDACTED, value)
    return str(value) if isinstance(value, int) and abs(value) >= _EXACT else value


def _chosen(visit: Visit, request: sdk_events.ListEvents | sdk_events.GetConversions) -> Select[Any]:
    project = projects.own(visit, request.project_id)
    query = select(app_events).where(_ROW.project_id == project.id)
    if request.app_id is not None:
        query = query.where(_ROW.app_id == ids.full("app", request.app_id))
    if request.event_names is not None:
        query = query.where(_ROW.name.in_(request.event_names))
    if request.since is not None:
        query = query.where(_ROW.occurred_at >= request.since)
    if request.until is not None:
        query = query.where(_ROW.occurred_at < request.until)
    return query


def listing(visit: Visit, request: sdk_events.ListEvents) -> sdk_events.EventPage:
    """A page of events, newest first."""
    query, whole = _chosen(visit, request), sdk_events.PII in visit.key.scopes
    if request.user_id is not None:
        query = query.where(_ROW.user_id == request.user_id)

    def see(row: Row[Any]) -> sdk_events.Event:
        return sdk_events.Event(
            event_id=row.event_id,
            app_id=row.app_id,
            name=row.name,
            app_user_id=cast("str | None", _shown(row.user_id, whole=whole)),
            occurred_at=row.occurred_at,
            received_at=row.occurred_at,
            properties=cast("dict[str, JsonValue]", _shown(row.properties, whole=whole)),
        )

    keys = Keys("app events", _ROW.occurred_at, _ROW.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return sdk_events.EventPage(items=items, next_cursor=cursor)


def _brought(row: Row[Any]) -> float | None:
    given = next((row.properties[name] for name in _VALUES if row.properties.get(name) is not None), None)
    try:
        return None if given is None or isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        return None


def _total(rows: Iterable[Row[Any]]) -> dict[str, Any]:
    """How many, and what they brought: no sum where there are several currencies."""
    count, value, currencies = 0, 0.0, set[str]()
    for row in rows:
        count += 1
        brought = _brought(row)
        if brought is not None:
            value += brought
            currencies.add(str(row.properties.get("currency") or ""))
    one = len(currencies) == 1
    return {
        "count": count,
        "value": round(value, 2) if len(currencies) < 2 else None,
        "currency": (currencies.pop() or None) if one else None,
    }


def _common(row: Row[Any], by: str) -> Any:
    at = row.occurred_at.astimezone(UTC)
    match by:
        case "platform":
            return row.platform
        case "appId":
            return row.app_id
        case "eventName":
            return row.name
        case "day":
            return at.date().isoformat()
        case _:
            return at.replace(minute=0, second=0, microsecond=0)


def conversions(visit: Visit, request: sdk_events.GetConversions) -> sdk_events.Conversions:
    """What counted between two instants.

    Raises:
        errors.Invalid: `until` does not lie after `since`.
    """
    if request.until <= request.since:
        raise invalid("until", "must lie after since")
    app = tables.sdk_apps
    query = _chosen(visit, request).add_columns(app.c.platform).join(app, app.c.id == _ROW.app_id)
    newest = query.order_by(_ROW.occurred_at.desc(), _ROW.seq.desc()).limit(sdk_events.MOST_ROWS + 1)
    rows = visit.connection.execute(newest).all()
    counted, groups = rows[: sdk_events.MOST_ROWS], dict[tuple[Any, ...], list[Row[Any]]]()
    by = tuple(dict.fromkeys(request.group_by or ()))
    for row in counted if by else ():
        groups.setdefault(tuple(_common(row, one) for one in by), []).append(row)
    return sdk_events.Conversions(
        window=sdk_events.Span(since=request.since, until=request.until),
        totals=sdk_events.Total(**_total(counted)),
        groups=tuple(
            sdk_events.Group.model_validate({**dict(zip(by, common, strict=True)), **_total(groups[common])}) for common in sorted(groups)
        ),
        truncated=len(rows) > sdk_events.MOST_ROWS,
    )


def verify(visit: Visit, request: sdk_events.VerifyTracking) -> sdk_events.Verified:
    """Send a sample through, and say which of the expected events never came.

    Raises:
        errors.Conflict: the project is archived.
    """
    app = sdk_apps.own(visit, projects.living(visit, request.project_id).id, request.app_id)
    _keep(visit, app, [sdk_events.NewEvent(name=request.sample_event_name, occurred_at=visit.now)])
    came = set(visit.connection.execute(select(_ROW.name).where(_ROW.app_id == app.id).distinct()).scalars())
    last = visit.connection.execute(select(func.max(_ROW.received_at)).where(_ROW.app_id == app.id)).scalar()
    missing = tuple(name for name in dict.fromkeys(request.expected_events) if name not in came)
    return sdk_events.Verified(
        status="missing_events" if missing else "healthy", last_event_at=last, expected_events=request.expected_events, missing=missing
    )
