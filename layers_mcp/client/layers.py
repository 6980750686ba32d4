"""The one client of the Partner API: sends by the table, retries what may be retried, raises what Layers raised."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from math import inf
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import httpx2
from pydantic import SecretStr

from layers_mcp.address import Resolve, resolved
from layers_mcp.client.keys import Keys, OneKey, sendable
from layers_mcp.client.manner import manner
from layers_mcp.client.pace import Pace, Ticket
from layers_mcp.client.partner import Seen
from layers_mcp.client.picture import SMALL, Bounds, Picture, fetch
from layers_mcp.client.retry import LONGEST_S, pause_before
from layers_mcp.client.sent import Check, Write, unchecked
from layers_mcp.client.tally import note
from layers_mcp.client.watched import watched
from layers_mcp.client.wire import Outgoing, clock_offset, outgoing, read_reply, retry_after_s, said
from layers_mcp.clock import Clock
from layers_mcp.contract.account import WHOAMI, WhoAmI
from layers_mcp.contract.endpoint import Empty, Endpoint, Reply, Request
from layers_mcp.contract.envelope import from_wire
from layers_mcp.contract.errors import BadReply, LayersError, LiveApiMoved, NotFound, TimedOut, Unauthenticated, Unreachable

__all__ = ["Layers"]

Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)

_CREDENTIAL = ("Authorization", "Bearer {}")
"""The header that carries the key, and how: the one switch. Seed 004 also shows `("X-Api-Key", "{}")`."""
_CONNECT_S = 10.0
_NOT_MODIFIED = 304
_NO_METHOD = frozenset({405, 410})
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)

_heard: ContextVar[str | None] = ContextVar("heard", default=None)


def _names(request: Request) -> bool:
    """Whether a request names things by their ids: as a field, or as the keys of one."""
    given = {name: getattr(request, name) for name in request.model_fields_set}
    return any(name.endswith(("_id", "_ids")) or isinstance(value, dict) for name, value in given.items() if value is not None)


def _moved(endpoint: Endpoint[Q, R], request: Q, status: int, problem: LayersError) -> bool:
    """Whether it is the route that is missing, and not the thing that it or its body names.

    That is so when the method is not served, when a 404 comes without Layers' envelope, and when it comes for a route that names
    nothing that could be missing.
    """
    if status in _NO_METHOD:
        return True
    may_lack = endpoint.path_fields or NotFound.code in endpoint.codes or _names(request)
    return status == NotFound.status and (isinstance(problem, BadReply) or not may_lack)


def _lost(name: str, failure: Exception) -> LayersError:
    """Our error for an exchange without an answer; the failure's own words may hold the URL and stay behind."""
    if isinstance(failure, _NEVER_SENT):
        return Unreachable(f"no connection for {name}")
    if isinstance(failure, httpx2.DecodingError):
        return BadReply(f"the answer to {name} can't be unpacked")
    if isinstance(failure, (TimeoutError, httpx2.TimeoutException)):
        return TimedOut(f"no answer to {name} in time")
    return TimedOut(f"the connection was lost before {name} was answered")


class Layers:
    """One connection pool to one API, for the life of the process.

    `key`: one that stays, or those of a rotation. `base_url` may end in `/v1`, as seed 004 prints it. `timeout_s` bounds one exchange
    as a whole. `luck` draws the retries' jitter; `resolve` finds the addresses of hosts that pictures are fetched from. `pace`: the
    budget, one of this process's own when None; every request, retries included, waits there for its turn in the task's `manner`.
    """

    def __init__(  # noqa: PLR0913  what a client is made of, each by name
        self,
        base_url: str,
        key: SecretStr | Keys,
        *,
        clock: Clock,
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout_s: float = 30.0,
        luck: Callable[[], float] = random.random,
        resolve: Resolve = resolved,
        pace: Pace | None = None,
    ) -> None:
        if isinstance(key, SecretStr):
            secret = key.get_secret_value().strip()
            if secret and not sendable(secret):
                raise Unauthenticated("the API key holds characters that no HTTP header can carry")
            key = OneKey(SecretStr(secret))
        self.place = base_url
        self.clock = clock
        self.pace = pace or Pace(clock)
        self._keys = key
        self._root = base_url.rstrip("/").removesuffix("/v1")
        self._timeout_s = timeout_s
        self._luck = luck
        self._resolve = resolve
        self._ahead = timedelta(0)
        self._asked = False
        limits = httpx2.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s))
        self._http = httpx2.AsyncClient(transport=transport, timeout=limits, headers={"Accept": "application/json"})

    def __repr__(self) -> str:
        return f"Layers({httpx2.URL(self._root).host!r})"

    @property
    def request_id(self) -> str | None:
        """The request id of the last answer in this task; None when the last exchange brought none."""
        return _heard.get()

    async def pass_on(self, endpoint: Endpoint[Q, R], request: Q, ask: Callable[[], Awaitable[R]]) -> R:  # noqa: ARG002  a fence asks
        """What somebody else's look brings."""
        return await ask()

    def hear(self, request_id: str | None) -> None:
        """Make the answer that another task got, on behalf of this one, the last of this task."""
        _heard.set(request_id)

    def now(self) -> datetime:
        """The API's time, as its last answer showed it; before the first answer our clock's own."""
        return self.clock.now() + self._ahead

    async def send(self, endpoint: Endpoint[Q, R], request: Q, *, key: str | None = None, check: Check = unchecked) -> R:
        """Send `request` and give back the reply; what may be retried is retried, under one Idempotency-Key.

        `key`: the Idempotency-Key of this operation, a fresh one when None; ignored where the endpoint does not honour keys.
        `check`: called before each attempt at a write; it raises what that is refused with.

        Raises:
            LayersError: what Layers or `check` refused, or `TimedOut`, `Unreachable`, `BadReply`; `unsure` where a write may have taken
                effect. `RateLimited` also when its turn is too far off for the task's patience, and nothing was sent.
        """
        message = outgoing(endpoint, request)
        key = (key or str(uuid4())) if endpoint.keyed else None
        write = Write(key or endpoint.name, check) if endpoint.method != "GET" else None
        headers, attempt = {"Idempotency-Key": key} if key else {}, 1
        ticket, began_s = await self._granted(endpoint, write), self.clock.elapsed_s()
        while True:
            try:
                answer = await self._exchange(endpoint, message, headers, ticket, check=write.begins if write else unchecked)
                reply = self._read(endpoint, request, answer)
            except LayersError as problem:
                attempt += 1
                problem.unsure = write is not None and write.failed(problem)
                safe, elapsed_s = key is not None or write is None, self.clock.elapsed_s() - began_s
                pause_s = pause_before(attempt, problem, safe=safe, luck=self._luck(), elapsed_s=elapsed_s)
                if pause_s is None:
                    raise
            else:
                if write:
                    write.answered()
                if isinstance(reply, WhoAmI):
                    self.pace.know(reply.rate_limit_tier)
                return reply
            await self.clock.sleep(pause_s)
            ticket = await self._granted(endpoint, write, at_most_s=LONGEST_S - (self.clock.elapsed_s() - began_s))

    async def look(self, endpoint: Endpoint[Q, R], request: Q, etag: str | None = None) -> Seen[R]:
        """Look once at something that may not have changed since `etag`; never retried, the desk decides when to look again.

        Raises:
            LayersError: as `send` does.
        """
        message = outgoing(endpoint, request)
        answer = await self._exchange(endpoint, message, {"If-None-Match": etag} if etag else {}, await self._turn(endpoint))
        pause_s = retry_after_s(answer.headers, self.clock.now())
        if etag and answer.status_code == _NOT_MODIFIED:
            return Seen(reply=None, etag=etag, retry_after_s=pause_s)
        return Seen(reply=self._read(endpoint, request, answer), etag=answer.headers.get("etag"), retry_after_s=pause_s)

    async def picture(self, url: str, bounds: Bounds = SMALL) -> Picture | None:
        """The file at a URL that an answer named, fetched without the key; None on any trouble, or when it is beyond `bounds`."""
        return await fetch(self._http, url, root=self._root, bounds=bounds, resolve=self._resolve)

    async def close(self) -> None:
        """Close the connections; the client sends no more, and who waits for a turn is cancelled."""
        self.pace.close()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def _granted(self, endpoint: Endpoint[Q, R], write: Write | None, *, at_most_s: float = inf) -> Ticket:
        """The right to send an attempt; where it does not come in time, that is on record, as a refusal of Layers' own would be.

        `at_most_s`: a retry comes as soon as `client/retry` says or not at all, however patient the caller is.
        """
        try:
            return await self._turn(endpoint, at_most_s=at_most_s)
        except LayersError as problem:
            problem.unsure = write is not None and write.failed(problem)
            raise

    async def _turn(self, endpoint: Endpoint[Q, R], *, at_most_s: float = inf) -> Ticket:
        """The right to send one request, in the task's manner."""
        if self.pace.guesses(endpoint.rate) and not self._asked:
            self._asked = True
            with suppress(LayersError):
                await self.send(WHOAMI, Empty())
        how = manner.get()
        return await self.pace.take(endpoint.rate, rank=how.rank, patience_s=min(how.patience_s, at_most_s), brake=how.brake, tell=how.tell)

    async def _exchange(
        self, endpoint: Endpoint[Q, R], message: Outgoing, headers: dict[str, str], ticket: Ticket, *, check: Check = unchecked
    ) -> httpx2.Response:
        """The answer to one request, whose turn it is; what it says of the budget is told to the pace, which gave the ticket."""
        try:
            answer = await self._answered(endpoint, message, headers, check)
        except Unreachable:
            self.pace.give_back(ticket)
            raise
        except BaseException:
            self.pace.hear(ticket, None)
            raise
        self.pace.hear(ticket, said(answer.headers, answer.status_code, rate=endpoint.rate, now=self.clock.now()))
        return answer

    async def _answered(self, endpoint: Endpoint[Q, R], message: Outgoing, headers: dict[str, str], check: Check) -> httpx2.Response:
        """To a key that Layers does not know a request does nothing, so the other one is tried, once; `check` is called before each."""
        first, *others = self._keys.offered()
        check()
        answer = await self._attempt(endpoint, message, headers, key=first)
        for other in others:
            if answer.status_code != Unauthenticated.status:
                break
            check()
            answer = await self._attempt(endpoint, message, headers, key=other)
            if answer.status_code != Unauthenticated.status:
                self._keys.took(other)
        return answer

    async def _attempt(self, endpoint: Endpoint[Q, R], message: Outgoing, headers: dict[str, str], *, key: SecretStr) -> httpx2.Response:
        _heard.set(None)
        note(endpoint.rate)
        header, form = _CREDENTIAL
        sent = self._http.build_request(
            endpoint.method,
            self._root + message.path,
            params=list(message.query) or None,
            json=message.body,
            headers={**headers, header: form.format(key.get_secret_value())},
        )
        with watched(endpoint) as seen:
            try:
                async with asyncio.timeout(self._timeout_s):
                    answer = await self._http.send(sent)
            except (TimeoutError, httpx2.RequestError) as failure:
                problem = _lost(endpoint.name, failure)
                seen.lost(problem)
                raise problem from None
            _heard.set(answer.headers.get("x-request-id"))
            seen.answered(answer)
        ahead = clock_offset(answer.headers, self.clock.now())
        self._ahead = self._ahead if ahead is None else ahead
        return answer

    def _read(self, endpoint: Endpoint[Q, R], request: Q, answer: httpx2.Response) -> R:
        status, request_id = answer.status_code, answer.headers.get("x-request-id")
        if status in endpoint.statuses and status != _NOT_MODIFIED:
            return read_reply(endpoint, answer.content, request_id=request_id)
        if status < 400:
            raise BadReply(f"{endpoint.name} was answered {status}, which the contract does not know", request_id=request_id)
        pause_s = retry_after_s(answer.headers, self.clock.now())
        problem = from_wire(status, answer.content, request_id=request_id, retry_after_s=pause_s)
        if _moved(endpoint, request, status, problem):
            words = f"the API no longer has {endpoint.name} (HTTP {status})"
            problem = LiveApiMoved(words, details={"route": endpoint.name}, request_id=problem.request_id)
        raise problem
