"""The edge of the sandbox: who asks, how often, with what trouble; then the noun; then the envelope. All within transactions.

A request that writes is one transaction: its effect, its reply by Idempotency-Key and its rate limit are kept together or not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from json import dumps
from math import ceil
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Connection

from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.envelope import envelope
from layers_mcp.contract.scalars import wire_time
from layers_mcp.contract.secret import SHOWS, secrets_of
from layers_mcp.database import reading, writing
from layers_mcp.sandbox import clockwork, faults, ids, keys, news, rates, replies
from layers_mcp.sandbox.ads.passing import catch_up
from layers_mcp.sandbox.answers import ANSWERS, MINTS
from layers_mcp.sandbox.asking import read_request
from layers_mcp.sandbox.visit import Answer, Key, Unprepared, Visit, invalid
from layers_mcp.sandbox.world import World

__all__ = ["Asked", "Ready", "Told", "Waits", "answer", "refusal", "writes"]

_log = logging.getLogger(__name__)
_NOT_MODIFIED = 304
_FOR = "x-layers-organization"
"""The header that names the organization below the key's own in which it acts (layers-api: concepts, "Acting for a child org")."""
_BUSY_S = 5.0
"""Seconds after which a place to do work may be free."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came; header names in lower case."""

    headers: Mapping[str, str]
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Told:
    """What to send: `delay_s` wall seconds later, or not at all when `lost`."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0
    lost: bool = False


class Entry(NamedTuple):
    """Who asks, what is left of the budget, the trouble that was scripted, what the request is refused with, and how it is called."""

    key: Key | None
    budget: rates.Budget | None
    fault: faults.Fault | None
    refusal: errors.LayersError | None
    request_id: str = ""

    def headers(self, endpoint: Endpoint[Request, Reply]) -> dict[str, str]:
        """The headers of its rate limit."""
        return self.budget.headers() if self.budget else {"X-RateLimit-Endpoint-Class": endpoint.rate}


@dataclass(frozen=True, kw_only=True)
class Waits:
    """A request whose answer needs `errand` done first; `entry` is who asked, so that it is not counted twice."""

    errand: BaseModel
    entry: Entry


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The same request with its work done; `prepared` None: there was no place to do it."""

    prepared: BaseModel | None
    entry: Entry


def _time_headers(now: datetime, request_id: str) -> dict[str, str]:
    exact = wire_time(now) if now.microsecond else wire_time(now).replace("Z", ".000Z")
    return {"X-Request-Id": request_id, "Date": format_datetime(now.replace(microsecond=0), usegmt=True), "X-Sandbox-Time": exact}


def refusal(
    problem: errors.LayersError,
    now: datetime,
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    request_id: str | None = None,
) -> Told:
    """The answer that carries `problem` in its envelope."""
    request_id = request_id or ids.stamped("req", now)
    sent = {**(headers or {}), **_time_headers(now, request_id)}
    if problem.retry_after_s is not None:
        sent["Retry-After"] = str(ceil(problem.retry_after_s))
    if isinstance(problem, errors.UnknownProblem):
        status = status or problem.wire_status
    return Told(status=status or problem.status, body=dumps(envelope(problem, request_id)), headers=sent)


def _enter(
    connection: Connection, endpoint: Endpoint[Request, Reply], headers: Mapping[str, str], now: datetime, *, wall: datetime
) -> Entry:
    """Who asks, for whom, whether the key may, and which trouble was scripted for it."""
    try:
        key = keys.known_key(connection, headers, now)
    except errors.LayersError as problem:
        return Entry(None, None, None, problem)
    budget = rates.take(connection, key.id, rates.TIERS[key.tier], endpoint.rate, wall_now=wall)
    try:
        budget.check()
        if (other := headers.get(_FOR)) is not None:
            key = keys.act_for(connection, key, other.strip(), writes=writes(endpoint))
        if not key.may(endpoint.scope):
            raise errors.ForbiddenScope(f"the key lacks {endpoint.scope}", details={"requiredScope": endpoint.scope})
    except errors.LayersError as problem:
        return Entry(key, budget, None, problem)
    fault = faults.next_fault(connection, endpoint)
    return Entry(key, budget, fault, fault.problem() if fault else None)


class _Written(NamedTuple):
    """An answer as it goes out, and as it may be kept: a secret goes out once."""

    told: Told
    kept: replies.Kept


def _written(answered: Reply | Answer, endpoint: Endpoint[Request, Reply]) -> _Written:
    whole = answered if isinstance(answered, Answer) else Answer(reply=answered, status=endpoint.statuses[0])
    body = whole.reply.model_dump_json(by_alias=True, exclude_unset=True, context=SHOWS)
    secrets = secrets_of(whole.reply)
    again = whole.reply.model_copy(update={"replayed": True}) if "replayed" in type(whole.reply).model_fields else whole.reply
    kept = again.model_dump_json(by_alias=True, exclude_unset=True, exclude=secrets) if secrets or again is not whole.reply else body
    return _Written(Told(status=whole.status, body=body), replies.Kept(whole.status, kept))


def _handled(visit: Visit, endpoint: Endpoint[Request, Reply], asked: Asked, wall_now: datetime) -> Told:
    """The noun's answer, or the one that was kept for this Idempotency-Key."""
    request = read_request(endpoint, asked.path, asked.query, asked.body)
    if endpoint.live_only is not None:
        raise errors.NotFound(f"{endpoint.name} is live only: {endpoint.live_only}", details={"liveOnly": endpoint.live_only})
    given = asked.headers.get("idempotency-key")
    if given is None and endpoint.needs_key:
        words = "this route takes no request without Idempotency-Key"
        raise errors.UnknownProblem(words, wire_code="IDEMPOTENCY_REQUIRED", wire_status=400)
    if given is None or not endpoint.keyed:
        return _written(ANSWERS[endpoint.name](visit, request), endpoint).told
    if not 0 < len(given) <= replies.MOST_LETTERS:
        raise invalid("Idempotency-Key", f"must have 1 to {replies.MOST_LETTERS} letters")
    named = f"{visit.key.organization_id} {given}" if visit.key.below else given  # what was said in one organization holds there
    sent = replies.Sent(visit.key.id, endpoint.name, named, replies.digest(request))
    if (first := replies.kept(visit.connection, sent, wall_now)) is not None:
        return Told(status=first.status, body=first.body, headers={"Idempotency-Replayed": "true"})
    written = _written(ANSWERS[endpoint.name](visit, request), endpoint)
    replies.keep(visit.connection, sent, written.kept, wall_now)
    return written.told


def _conditional(told: Told, endpoint: Endpoint[Request, Reply], asked: Asked) -> Told:
    """The same with its ETag, or 304 when the caller has it already (layers-api: concepts/jobs)."""
    if _NOT_MODIFIED not in endpoint.statuses:
        return told
    tag = f'"{sha256(told.body.encode()).hexdigest()[:32]}"'
    known = {part.strip().removeprefix("W/") for part in asked.headers.get("if-none-match", "").split(",")}
    headers = told.headers | {"ETag": tag}
    if tag in known or "*" in known:
        return Told(status=_NOT_MODIFIED, body="", headers=headers)
    return Told(status=told.status, body=told.body, headers=headers)


def _tried(visit: Visit, endpoint: Endpoint[Request, Reply], asked: Asked, wall_now: datetime) -> Told | errors.LayersError | Unprepared:
    """What the noun says; whatever it refuses, or needs first, its writes are undone."""
    try:
        with visit.connection.begin_nested() if writes(endpoint) else nullcontext():
            return _conditional(_handled(visit, endpoint, asked, wall_now), endpoint, asked)
    except (errors.LayersError, Unprepared) as problem:
        return problem
    except Exception:  # noqa: BLE001  the edge: whatever broke, the caller gets an envelope
        _log.exception("%s broke", endpoint.name)
        return errors.Internal("something broke in the sandbox; its log says what")


def writes(endpoint: Endpoint[Request, Reply]) -> bool:
    """Whether a request to this route may change anything but its rate limit."""
    return endpoint.method != "GET" or endpoint.name in MINTS


def _visit(connection: Connection, world: World, entry: Entry, *, now: datetime, prepared: BaseModel | None) -> Visit | None:
    if entry.key is None or entry.refusal is not None:
        return None
    trouble = entry.fault.job_error if entry.fault else None
    return Visit(
        connection=connection,
        now=now,
        key=entry.key,
        ground=world.ground,
        trouble=trouble,
        prepared=prepared,
        request_id=entry.request_id,
    )


def _troubled(told: Told, entry: Entry) -> Told:
    fault = entry.fault
    if fault is None:
        return told
    lost = fault.reset or (fault.lose_answer and fault.problem() is None)
    return Told(status=told.status, body=told.body, headers=told.headers, delay_s=fault.delay_s, lost=lost)


def _answered(result: Told | errors.LayersError | None, endpoint: Endpoint[Request, Reply], entry: Entry, *, now: datetime) -> Told:
    """The noun's answer, or the refusal in its envelope, with the headers of every answer."""
    problem = entry.refusal or (result if isinstance(result, errors.LayersError) else None)
    if problem is not None or not isinstance(result, Told):
        status = entry.fault.status if entry.fault and entry.refusal is not None else None
        told = refusal(
            problem or errors.Internal("nothing answered"), now, status=status, headers=entry.headers(endpoint), request_id=entry.request_id
        )
        return _troubled(told, entry)
    headers = result.headers | entry.headers(endpoint) | _time_headers(now, entry.request_id)
    return _troubled(Told(status=result.status, body=result.body, headers=headers), entry)


def answer(world: World, endpoint: Endpoint[Request, Reply], asked: Asked, ready: Ready | None = None) -> Told | Waits:
    """Answer one request to one route of the table, or say what must be done first; `ready`: it was, and who asks is known."""
    result: Told | errors.LayersError | Unprepared | None = None
    prepared = ready.prepared if ready else None
    with writing(world.engine) as connection:
        wall_now = world.wall.now()
        now = clockwork.world_now(connection, wall_now)
        if writes(endpoint):
            news.catch_up(connection, now, world.ground)
        else:
            catch_up(connection, now)
        entry = (
            ready.entry
            if ready
            else _enter(connection, endpoint, asked.headers, now, wall=wall_now)._replace(request_id=ids.stamped("req", now))
        )
        visit = _visit(connection, world, entry, now=now, prepared=prepared)
        if writes(endpoint) and visit is not None:
            result = _tried(visit, endpoint, asked, wall_now)
    if result is None and entry.refusal is None:
        with reading(world.engine) as connection:
            visit = _visit(connection, world, entry, now=now, prepared=prepared)
            result = _tried(visit, endpoint, asked, wall_now) if visit else None
    if isinstance(result, Unprepared):
        if ready is None:
            return Waits(errand=result.errand, entry=entry)
        busy = errors.Unavailable("too many files are being fetched; send the same call again in a few seconds", retry_after_s=_BUSY_S)
        again = errors.Internal("the work of this answer was done, and is asked for again")
        result = busy if ready.prepared is None else again
    return _answered(result, endpoint, entry, now=now)
