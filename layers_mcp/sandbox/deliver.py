"""Deliveries: what is due is sent, signed, and its outcome written down; at least once, whoever is killed in between.

Retries follow the world's clock, so that a test moves them; leases and the instant in a signature follow the wall's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, Select, delete, func, or_, select, update

from layers_mcp.clock import Clock
from layers_mcp.contract.events import PING
from layers_mcp.contract.signing import EVENT_ID, SIGNATURE, signature
from layers_mcp.database import reading, writing
from layers_mcp.sandbox import news
from layers_mcp.sandbox.clockwork import now_ms, setting, world_now
from layers_mcp.sandbox.hook_tables import awaited, deliveries, events, webhooks
from layers_mcp.sandbox.telling import body
from layers_mcp.sandbox.visit import Ground
from layers_mcp.sandbox.web.post import Unsent, post
from layers_mcp.sandbox.web.sites import listed

__all__ = ["KEPT", "LADDER_S", "MOST_FAILURES", "Post", "Teller", "poster"]

LADDER_S = (0, 30, 60, 300, 900, 3_600, 21_600, 86_400)
"""World seconds before each attempt, counted from the one before it: eight in about 32 hours (layers-api: operational/webhooks)."""
MOST_FAILURES = 20
"""Attempts in a row that fail before an endpoint is paused (layers-api: operational/webhooks)."""
_PATIENCE_S = 10.0
"""Wall seconds that a receiver has to answer; ours, no page says (`drift`)."""
_TURN_S = 5.0
"""Wall seconds after which no more of a batch is begun, so that none outlives its lease."""
_LEASE_S = 20.0
_AT_ONCE = 16
_LOOK_S, _SOON_S = 5.0, 0.05
KEPT = timedelta(days=30)
"""World time for which a delivery that is over stays listed, and can be replayed; ours, no page says (`drift`)."""
_PRUNE_S = 3600.0
_log = logging.getLogger(__name__)

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int]]
"""Sends a body with headers to a URL; the answer's status. Raises `Unsent` when none came."""
_D, _W = deliveries.c, webhooks.c


def poster(ground: Ground) -> Post:
    """What sends when nothing else was handed down: to this machine, to the listed sites, and to the public Internet."""
    sites = listed(ground.sites)

    async def send(url: str, headers: Mapping[str, str], sent: bytes) -> int:
        return await post(url, headers, sent, at_most_s=_PATIENCE_S, sites=sites)

    return send


class _Outcome(NamedTuple):
    """What came of an attempt: the answer's status, or why there was none."""

    status: int | None
    problem: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def hopeless(self) -> bool:
        """Whether it is not worth another attempt: the receiver says that the request is wrong (layers-api: integrations/webhooks)."""
        return self.status is not None and 400 <= self.status < 500 and self.status != 429


def _after(outcome: _Outcome, attempts: int, now: datetime) -> dict[str, Any]:
    """How a delivery stands after its `attempts`-th attempt."""
    said = outcome.problem or (None if outcome.taken else f"HTTP {outcome.status}")
    row: dict[str, Any] = {"attempts": attempts, "last_status": outcome.status, "last_at": now, "last_error": said, "due_at": None}
    if outcome.taken:
        return row | {"status": "delivered", "delivered_at": now}
    if outcome.hopeless:
        return row | {"status": "abandoned", "abandoned_at": now}
    if attempts >= len(LADDER_S):
        return row | {"status": "failed"}
    return row | {"status": "pending", "due_at": now + timedelta(seconds=LADDER_S[attempts])}


class _Parcel(NamedTuple):
    """A delivery that is ours to send: to where, with which headers and bytes; `attempts`: so far."""

    id: str
    webhook_id: str
    attempts: int
    url: str
    headers: dict[str, str]
    sent: bytes


def _packed(delivery: Row[Any], webhook: Row[Any], event: Row[Any], *, now: datetime, wall_now: datetime) -> _Parcel:
    """A delivery signed by every secret that is good: the old one too, until its overlap ends by the world's time."""
    sent = body(event, firehose=webhook.scope == "all_children")
    secrets = [webhook.secret]
    if webhook.previous_until is not None and now < webhook.previous_until:
        secrets.append(webhook.previous_secret)
    headers = {"Content-Type": "application/json", "User-Agent": "layers-mcp sandbox", EVENT_ID: event.id}
    headers[SIGNATURE] = signature(secrets, sent, int(wall_now.timestamp()))
    return _Parcel(delivery.id, webhook.id, delivery.attempts, webhook.url, headers, sent)


def _count(connection: Connection, webhook_id: str, outcome: _Outcome, now: datetime) -> None:
    """Count failures in a row; too many pause the endpoint."""
    mine = update(webhooks).where(_W.id == webhook_id)
    if outcome.taken:
        connection.execute(mine.values(failures=0, last_success_at=now))
        return
    connection.execute(mine.values(failures=_W.failures + 1, last_failure_at=now))
    tired = (_W.failures >= MOST_FAILURES, _W.status == "active")
    connection.execute(mine.where(*tired).values(status="auto_paused", updated_at=now))


class Teller:
    """Sends what is due in one open world; several processes may have the same world open."""

    def __init__(self, engine: Engine, ground: Ground, wall: Clock, send: Post) -> None:
        self._engine, self._ground, self._wall, self._send = engine, ground, wall, send
        self._name = uuid.uuid4().hex
        self._wake = asyncio.Event()
        self._pruned_s = float("-inf")
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for what is due."""
        self._loop = asyncio.create_task(self._look())

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    async def stop(self) -> None:
        """Let go of what was not sent; whoever opens the world next sends it."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await asyncio.to_thread(self._hand_back)

    async def idle(self) -> None:
        """Return when nothing is due by the world's time and nothing is on its way, here or elsewhere."""
        while await asyncio.to_thread(self._left):
            self.nudge()
            await asyncio.sleep(0.02)

    def _hand_back(self) -> None:
        with writing(self._engine) as connection:
            mine = update(deliveries).where(_D.holder == self._name)
            connection.execute(mine.values(holder=None, lease_until_ms=0, status="pending"))

    def _due(self, now: datetime) -> Select[Any]:
        """What is to be sent by `now`; an endpoint that is paused is sent tests alone."""
        query = select(deliveries).join(webhooks, _D.webhook_id == _W.id).where(_D.due_at <= now)
        return query.where(or_(_W.status == "active", _D.type == PING))

    def _left(self) -> bool:
        with reading(self._engine) as connection:
            now = world_now(connection, self._wall.now())
            return connection.execute(self._due(now).limit(1)).first() is not None or news.waits(connection, now)

    def _claim(self) -> list[_Parcel]:
        """Let happen what happened, and take the oldest deliveries that are due and that nobody sends."""
        if not self._left():
            return []
        with writing(self._engine) as connection:
            wall_now = self._wall.now()
            now = world_now(connection, wall_now)
            news.catch_up(connection, now, self._ground)
            free = self._due(now).where(_D.lease_until_ms < now_ms()).order_by(_D.due_at, _D.seq).limit(_AT_ONCE)
            found = connection.execute(free).all()
            mine = {"status": "delivering", "holder": self._name, "lease_until_ms": now_ms() + int(_LEASE_S * 1000)}
            connection.execute(update(deliveries).where(_D.id.in_([one.id for one in found])).values(mine))
            parcels: list[_Parcel] = []
            for one in found:
                webhook = connection.execute(select(webhooks).where(_W.id == one.webhook_id)).one()
                event = connection.execute(select(events).where(events.c.id == one.event_id)).one()
                parcels.append(_packed(one, webhook, event, now=now, wall_now=wall_now))
        return parcels

    async def _attempts(self, parcels: Sequence[_Parcel]) -> list[tuple[_Parcel, _Outcome]]:
        """Send to one endpoint, one after the other in their order; the rest is left when it does not answer, or takes its time."""
        sent: list[tuple[_Parcel, _Outcome]] = []
        until_s = time.monotonic() + _TURN_S
        for parcel in parcels:
            try:
                sent.append((parcel, _Outcome(await self._send(parcel.url, parcel.headers, parcel.sent))))
            except Unsent as problem:
                sent.append((parcel, _Outcome(None, str(problem))))
            if sent[-1][1].status is None or time.monotonic() > until_s:
                break
        return sent

    def _record(self, sent: Sequence[tuple[_Parcel, _Outcome]]) -> None:
        """Write down what came of each attempt; of what was deleted meanwhile, or taken over, nothing. The rest is for the next round."""
        with writing(self._engine) as connection:
            now = world_now(connection, self._wall.now())
            for parcel, outcome in sent:
                mine = update(deliveries).where(_D.id == parcel.id, _D.holder == self._name)
                stands = _after(outcome, parcel.attempts + 1, now) | {"holder": None, "lease_until_ms": 0}
                if connection.execute(mine.values(stands)).rowcount:
                    _count(connection, parcel.webhook_id, outcome, now)
        self._hand_back()

    async def _round(self) -> bool:
        """Send a few; whether there were any."""
        parcels = await asyncio.to_thread(self._claim)
        if parcels:
            lines: dict[str, list[_Parcel]] = {}
            for parcel in parcels:
                lines.setdefault(parcel.webhook_id, []).append(parcel)
            sent = await asyncio.gather(*map(self._attempts, lines.values()))
            await asyncio.to_thread(self._record, [one for line in sent for one in line])
        return bool(parcels)

    def _prune(self) -> None:
        """Now and then, by the wall, drop deliveries that are over for long, and the events that nobody is to be told of any more."""
        if time.monotonic() - self._pruned_s < _PRUNE_S:
            return
        self._pruned_s = time.monotonic()
        with writing(self._engine) as connection:
            old = world_now(connection, self._wall.now()) - KEPT
            connection.execute(delete(deliveries).where(_D.created_at < old, _D.due_at.is_(None)))
            connection.execute(delete(events).where(events.c.at < old, events.c.id.not_in(select(_D.event_id))))

    def _pause_s(self) -> float:
        """Wall seconds to the next look: sooner than usual when something comes due before that."""
        with reading(self._engine) as connection:
            if connection.execute(select(_W.seq).limit(1)).first() is None:
                return _LOOK_S
            firsts = [select(func.min(_D.due_at)).join(webhooks, _D.webhook_id == _W.id).where(_W.status == "active")]
            firsts.append(select(func.min(awaited.c.due_at)))
            found = [at for query in firsts if (at := connection.execute(query).scalar()) is not None]
            clock = setting(connection)
        if not found or not clock.speed:
            return _LOOK_S
        left_s = (min(found) - clock.at(self._wall.now())).total_seconds() / clock.speed
        return min(max(left_s, _SOON_S), _LOOK_S)

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            pause_s = _LOOK_S
            try:
                while await self._round():
                    pass
                await asyncio.to_thread(self._prune)
                pause_s = await asyncio.to_thread(self._pause_s)
            except Exception:  # noqa: BLE001  the loop outlives a busy database
                _log.exception("telling webhooks failed; it is tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
