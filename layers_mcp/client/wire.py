"""A request as it travels, and what an answer's headers and body say; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TypeVar
from urllib.parse import quote

from pydantic import JsonValue, ValidationError

from layers_mcp.client.bucket import Said
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.errors import BadReply, Invalid, RateLimited
from layers_mcp.contract.scalars import RateClass

__all__ = ["Outgoing", "clock_offset", "outgoing", "read_reply", "retry_after_s", "said"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)

_NO_SEGMENT = frozenset({"", ".", ".."})
_NOISE = timedelta(seconds=2)
"""A `Date` header has whole seconds and its journey takes time; less than this is no difference."""
_PATHS_NAMED = 5
_UNSAID_S = 1.0
"""How long a refusal that does not say so is taken to last."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Where a request goes and what goes with it."""

    path: str
    query: tuple[tuple[str, str], ...]
    body: dict[str, JsonValue] | None


def _segment(name: str, given: JsonValue) -> str:
    if str(given) in _NO_SEGMENT:
        raise Invalid(f"{name} can't be {given!r}", details={"issues": [{"path": name, "message": "not an id"}]})
    return quote(str(given), safe="")


def _words(given: JsonValue) -> list[str]:
    """One value of the query as its repeated parameters: none for null, `true` and `false` for booleans."""
    values = given if isinstance(given, list) else [given]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values if value is not None]


def outgoing(endpoint: Endpoint[Q, R], request: Q) -> Outgoing:
    """`request` by the table: ids quoted into the path, the rest in the query of a GET, else in a JSON body.

    What was not set is not sent; a field set to None is sent as `null`. A DELETE with nothing to say has no body.

    Raises:
        Invalid: a path field is empty or dots only, and would leave its segment.
    """
    fields: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    path = endpoint.path
    for name in endpoint.path_fields:
        path = path.replace(f"{{{name}}}", _segment(name, fields[name] if name in endpoint.repeats else fields.pop(name)))
    if not endpoint.in_body:
        return Outgoing(path=path, query=tuple((name, word) for name, given in fields.items() for word in _words(given)), body=None)
    return Outgoing(path=path, query=(), body=fields if fields or endpoint.method != "DELETE" else None)


def read_reply(endpoint: Endpoint[Q, R], body: bytes, *, request_id: str | None) -> R:
    """The reply that `body` is.

    Raises:
        BadReply: it does not fit; names the endpoint and the fields, never their values.
    """
    try:
        return endpoint.reply.model_validate_json(body)
    except ValidationError as misfit:
        paths = [".".join(map(str, issue["loc"])) or "the body" for issue in misfit.errors()[:_PATHS_NAMED]]
    raise BadReply(f"the answer to {endpoint.name} does not fit the contract at {', '.join(paths)}", request_id=request_id)


def _http_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _iso_date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def clock_offset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How far the API's clock is ahead of `now`, or None when the headers do not say.

    `X-Sandbox-Time` (ISO 8601 with milliseconds, the sandbox's) is taken as it is; of `Date` less than two seconds are noise.
    """
    exact = _iso_date(headers.get("x-sandbox-time", ""))
    if exact is not None:
        return exact - now
    rough = _http_date(headers.get("date", ""))
    if rough is None:
        return None
    return rough - now if abs(rough - now) >= _NOISE else timedelta(0)


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for, said in seconds or as an HTTP date; None when it does not say.

    A date is measured from the answer's own `Date`, or from `now` where there is none.
    """
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        until = _http_date(said)
        if until is None:
            return None
        seconds = (until - (_http_date(headers.get("date", "")) or now)).total_seconds()
    return max(seconds, 0.0) if isfinite(seconds) else None


def _count(headers: Mapping[str, str], name: str, *, least: int) -> int | None:
    given = headers.get(name, "").strip()
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 and int(given) >= least else None


def said(headers: Mapping[str, str], status: int, *, rate: RateClass, now: datetime) -> Said:
    """What an answer says of the bucket `rate` (names: `drift`, "rate headers"); nothing when it speaks of another class."""
    known = headers.get("x-ratelimit-endpoint-class", rate) == rate
    limit = _count(headers, "x-ratelimit-limit", least=1) if known else None
    left = _count(headers, "x-ratelimit-remaining", least=0) if known else None
    refused_s = (retry_after_s(headers, now) or _UNSAID_S) if status == RateLimited.status else None
    return Said(limit, left, refused_s)
