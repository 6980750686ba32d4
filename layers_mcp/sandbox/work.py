"""Real work behind jobs: done once, by a child process, under a lease that another process takes over when its holder dies.

Leases run on the machine's own clock: they tell living processes from dead ones, whatever time the world has.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, Engine, func, or_, select, update

from layers_mcp.clock import Clock
from layers_mcp.database import reading, writing
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.clockwork import now_ms, setting, world_now
from layers_mcp.sandbox.trade import Trade
from layers_mcp.sandbox.visit import Ground, Key, Visit

__all__ = ["Worker"]

_LEASE_S = 6.0
_RENEW_S = 2.0
_LOOK_S = 5.0
"""Seconds between looks for work that another process left."""
_SOON_S = 0.05
"""The least between two looks for work that is about to be due."""
_AT_ONCE = 2
_MOST_CRASHES = 3
_MOST_CLAIMS = 10
"""Takings after which a job fails: work that ends every process that touches it must not go on for ever."""
_log = logging.getLogger(__name__)
_HOPELESS = Trouble(code="INTERNAL", message="the work of this job failed again and again")
_NOBODY = Key(id="", organization_id="", scopes=(), tier="internal", return_hosts=())


class _Claimed(NamedTuple):
    """Work that is ours: of which job, which trade, and how often it was taken before."""

    job_id: str
    trade: Trade[Any, Any]
    errand: BaseModel
    claims: int


class Worker:
    """Does the work of one open world, a few errands at a time."""

    def __init__(
        self, engine: Engine, ground: Ground, wall: Clock, trades: Mapping[str, Trade[Any, Any]], *, settled: Callable[[], None]
    ) -> None:
        """`settled`: called whenever an errand has ended, so that others may look at what came of it."""
        self._engine = engine
        self._ground = ground
        self._wall = wall
        self._trades = trades
        self._settled = settled
        self._name = uuid.uuid4().hex
        self._wake = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to look for work."""
        self._loop = asyncio.create_task(self._look())

    def nudge(self) -> None:
        """Look now."""
        self._wake.set()

    async def stop(self) -> None:
        """End every child and hand its work back."""
        tasks = [*self._running, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(self._hand_back)

    async def idle(self) -> None:
        """Return when no work waits and none is under way, here or elsewhere."""
        while self._running or await asyncio.to_thread(self._waiting):
            self.nudge()
            await asyncio.sleep(0.02)

    def _due(self, connection: Connection) -> ColumnElement[bool]:
        """What is to be done by now: work that waits, and what was kept for canceled jobs."""
        row, now = tables.work.c, world_now(connection, self._wall.now())
        return or_(row.state == "dropped", (row.state == "waiting") & or_(row.due_at.is_(None), row.due_at <= now))

    def _waiting(self) -> bool:
        with reading(self._engine) as connection:
            return connection.execute(select(tables.work.c.seq).where(self._due(connection))).first() is not None

    def _hand_back(self, *only: ColumnElement[bool]) -> None:
        """Let go of what is ours."""
        mine = update(tables.work).where(tables.work.c.holder == self._name, *only)
        with writing(self._engine) as connection:
            connection.execute(mine.values(holder=None, lease_until_ms=0))

    def _let_go(self, job_id: str) -> None:
        """Let what a canceled job made be removed, now that its child is gone."""
        row = tables.work.c
        self._hand_back(row.job_id == job_id, row.state == "dropped")

    def _claim(self) -> _Claimed | None:
        """Take the oldest work that nobody holds."""
        row = tables.work.c
        free = select(tables.work).where(row.lease_until_ms < now_ms()).order_by(row.seq)
        with reading(self._engine) as connection:
            if connection.execute(free.where(self._due(connection))).first() is None:
                return None
        with writing(self._engine) as connection:
            due = connection.execute(free.where(self._due(connection))).all()
            for dropped in (one for one in due if one.state == "dropped"):
                left = self._trades[dropped.trade]
                left.discard(self._ground.folder, dropped.job_id, left.errands.validate_python(dropped.errand))
                connection.execute(update(tables.work).where(row.seq == dropped.seq).values(state="gone"))
            found = next((one for one in due if one.state == "waiting"), None)
            if found is None:
                return None
            mine = {"holder": self._name, "lease_until_ms": now_ms() + int(_LEASE_S * 1000), "claims": found.claims + 1}
            connection.execute(update(tables.work).where(row.seq == found.seq).values(mine))
        trade = self._trades[found.trade]
        return _Claimed(found.job_id, trade, trade.errands.validate_python(found.errand), found.claims)

    def _pause_s(self) -> float:
        """Wall seconds to the next look: sooner than usual when work comes due before that."""
        row = tables.work.c
        with reading(self._engine) as connection:
            due_at = connection.execute(select(func.min(row.due_at)).where(row.state == "waiting")).scalar()
            clock = setting(connection)
        if due_at is None or not clock.speed:
            return _LOOK_S
        left_s = (due_at - clock.at(self._wall.now())).total_seconds() / clock.speed
        return min(max(left_s, _SOON_S), _LOOK_S) if left_s > -1 else _LOOK_S

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            pause_s = _LOOK_S
            try:
                while len(self._running) < _AT_ONCE and (claimed := await asyncio.to_thread(self._claim)) is not None:
                    task = asyncio.create_task(self._do(claimed))
                    self._running.add(task)
                    task.add_done_callback(self._done)
                pause_s = await asyncio.to_thread(self._pause_s)
            except Exception:  # noqa: BLE001  the loop outlives a busy database
                _log.exception("looking for work failed; it is tried again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work of a job broke off; it is taken up again", exc_info=error)
        self._wake.set()
        self._settled()

    def _renew(self, job_id: str) -> bool:
        """Whether the work is still ours and still wanted."""
        row = tables.work.c
        mine = update(tables.work).where(row.job_id == job_id, row.holder == self._name, row.state == "waiting")
        with writing(self._engine) as connection:
            return connection.execute(mine.values(lease_until_ms=now_ms() + int(_LEASE_S * 1000))).rowcount == 1

    async def _do(self, ours: _Claimed) -> None:
        if ours.claims >= _MOST_CLAIMS:
            await asyncio.to_thread(self._commit, ours, _HOPELESS)
            return
        child = asyncio.ensure_future(ours.trade.carry_out(ours.errand, self._ground.folder))
        try:
            while not (await asyncio.wait({child}, timeout=_RENEW_S))[0]:
                if not await asyncio.to_thread(self._renew, ours.job_id):
                    return
            await asyncio.to_thread(self._commit, ours, self._result(child))
        finally:
            child.cancel()
            await asyncio.gather(child, return_exceptions=True)
            await asyncio.to_thread(self._let_go, ours.job_id)

    def _result(self, child: asyncio.Future[Any]) -> BaseModel:
        error = child.exception()
        if error is None:
            return child.result()
        _log.error("the work of a job failed", exc_info=error)
        return Trouble(code="INTERNAL", message="the work of this job failed for a reason of ours")

    def _commit(self, ours: _Claimed, result: BaseModel) -> None:
        """State the outcome in the transaction that ends the work; a crash is tried again a few times first."""
        row = tables.work.c
        with writing(self._engine) as connection:
            found = connection.execute(select(tables.work).where(row.job_id == ours.job_id)).one()
            if found.state != "waiting" or found.holder != self._name:
                return
            changes: dict[str, str | int | None] = {"state": "done", "holder": None, "lease_until_ms": 0}
            if isinstance(result, Trouble) and result.code == "INTERNAL" and not result.final:
                changes["crashes"] = found.crashes + 1
                if found.crashes + 1 < _MOST_CRASHES and found.claims < _MOST_CLAIMS:
                    changes["state"] = "waiting"
            connection.execute(update(tables.work).where(row.seq == found.seq).values(changes))
            if changes["state"] == "done":
                now = world_now(connection, self._wall.now())
                visit = Visit(connection=connection, now=now, key=_NOBODY, ground=self._ground)
                ours.trade.settle(visit, ours.job_id, ours.errand, result)
