"""What the customer's own app reports: events forwarded by a server, read back, and counted; and a probe of the way they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, cast

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "CONVERSIONS",
    "FORWARD",
    "LIST",
    "MOST_ROWS",
    "PII",
    "VERIFY",
    "Conversions",
    "Event",
    "EventPage",
    "ForwardEvents",
    "Forwarded",
    "GetConversions",
    "Group",
    "GroupBy",
    "ListEvents",
    "NewEvent",
    "Span",
    "Total",
    "Verified",
    "VerifyTracking",
]  # fmt: skip

PII: Final = "events:read+pii"
"""The scope that shows what events say of a person as it came; `*` does not cover it (layers-api: GET …/events)."""
MOST_ROWS: Final = 50_000
"""Events that conversions are counted from at most (layers-api: GET …/conversions)."""
EventName = Annotated[str, StringConstraints(min_length=1, max_length=128)]


def _apart(given: object) -> object:
    """Names that came in one text, with commas between them, each for itself."""
    if isinstance(given, (list, tuple)):
        named = cast("Sequence[object]", given)
        return tuple(name for one in named for name in (one.split(",") if isinstance(one, str) else [one]))
    return given


GroupBy = Literal["platform", "appId", "eventName", "day", "hour"]
EventNames = Annotated[tuple[EventName, ...], BeforeValidator(_apart), Field(min_length=1, max_length=50)]


class NewEvent(Request):
    """One event. `occurred_at`: when it happened; `event_id`: two of the same app with one id are one event.

    `properties` of a purchase: `revenue` in units of `currency`, `product_id`, `quantity`.
    """

    name: EventName
    occurred_at: Utc
    app_user_id: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    event_id: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    properties: dict[str, JsonValue] | None = Field(default=None, max_length=100)
    context: dict[str, JsonValue] | None = Field(default=None, max_length=100)


class ForwardEvents(Request):
    """Up to 100 events of one SDK app."""

    project_id: Id
    sdk_app_id: Id
    events: tuple[NewEvent, ...] = Field(min_length=1, max_length=100)


class Forwarded(Reply):
    """How many were taken, and how many were there already."""

    accepted: int
    duplicates: int = 0


class ListEvents(Request):
    """A page of a project's events, newest first; `since` inclusive, `until` exclusive; names by comma or repeated."""

    project_id: Id
    app_id: Id | None = None
    event_names: EventNames | None = None
    user_id: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    since: Utc | None = None
    until: Utc | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class Event(Reply):
    """One event; what it says of a person is `[redacted]` unless the key has `events:read+pii`; big integers are texts."""

    event_id: str
    app_id: str
    name: str
    app_user_id: str | None = None
    occurred_at: Utc
    received_at: Utc | None = None
    properties: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class EventPage(Reply):
    """A page of events."""

    items: tuple[Event, ...]
    next_cursor: str | None = None


class GetConversions(Request):
    """Events that count, between two instants, in all and by what they have in common."""

    project_id: Id
    since: Utc
    until: Utc
    event_names: EventNames = ("purchase_success", "subscribe_success", "trial_start")
    group_by: Annotated[tuple[GroupBy, ...], BeforeValidator(_apart), Field(min_length=1, max_length=5)] | None = None
    app_id: Id | None = None


class Span(Reply):
    """From when, inclusive, until when, exclusive."""

    since: Utc
    until: Utc


class Total(Reply):
    """How many, and what they brought in units of `currency`; both None where there are several currencies."""

    count: int
    value: float | None = None
    currency: str | None = None


class Group(Total):
    """The same of those that have something in common; what was not asked for is left out."""

    platform: str | None = None
    app_id: str | None = None
    event_name: str | None = None
    day: str | None = None
    hour: Utc | None = None


class Conversions(Reply):
    """What counted; `truncated`: there were more events than are counted."""

    window: Span
    totals: Total
    groups: tuple[Group, ...] = ()
    truncated: bool = False


class VerifyTracking(Request):
    """The events that the app should have sent, and the name of the one that is sent through now."""

    project_id: Id
    app_id: Id
    expected_events: Annotated[tuple[EventName, ...], Field(min_length=1, max_length=50)] = ("app_open",)
    sample_event_name: EventName = "layers_test_event"


class Verified(Reply):
    """How the way of the events is; `missing`: the expected that never came."""

    status: Literal["healthy", "missing_events"]
    last_event_at: Utc | None = None
    expected_events: tuple[str, ...]
    missing: tuple[str, ...] = ()


_SOURCE = "layers-api: events"
FORWARD: Endpoint[ForwardEvents, Forwarded] = Endpoint(
    method="POST",
    path="/v1/events",
    request=ForwardEvents,
    reply=Forwarded,
    scope="events:write",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("CONFLICT",),
    source=_SOURCE,
)
LIST: Endpoint[ListEvents, EventPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/events",
    request=ListEvents,
    reply=EventPage,
    scope="events:read",
    rate="read-light",
    source=_SOURCE,
)
CONVERSIONS: Endpoint[GetConversions, Conversions] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/conversions",
    request=GetConversions,
    reply=Conversions,
    scope="events:read",
    rate="read-light",
    source=_SOURCE,
)
VERIFY: Endpoint[VerifyTracking, Verified] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/sdk-apps/{appId}/verify-tracking",
    request=VerifyTracking,
    reply=Verified,
    scope="sdk:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: sdk-apps/verify-tracking",
)
