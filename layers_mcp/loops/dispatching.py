"""The dispatcher: each minute it starts the daily loops of the customers who are due, each once a local day.

Each round has a row that says when it is due next. A run is started under an id made of loop, customer and local day before its row moves
on, so whoever dies in between, or does the same at the same time, starts nothing twice and loses nothing. Where a day has too few writes
for all, `loops/scarcity` says who waits: their rows stay as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from layers_mcp.clock import Clock
from layers_mcp.loops.daily import Daily, daily_id, zone_named
from layers_mcp.loops.holding import holding
from layers_mcp.loops.run import Loop, Runner
from layers_mcp.loops.scarcity import WRITER, scarce
from layers_mcp.loops.slots import due_after
from layers_mcp.loops.turn import AWAY
from layers_mcp.store.rounds import Due, Line
from layers_mcp.store.store import Store

__all__ = ["Dispatcher"]

AT_ONCE: Final = 500
"""Rounds that are read, started and moved on together; ours."""
AT_MOST_S: Final = 50.0
"""How long one tick goes on, so that it ends before the next minute; what is left is due then, too. Ours."""
HELD: Final = timedelta(minutes=5)
"""How long a round whose project is halted, or whose loop is paused for it, is put off; as a run of it would lie."""


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """Starts the daily loops of one principal's customers.

    `loops`: each by what the ids of its runs begin with, such as `p2l`. `place`: the API whose limits of the key count, by its URL; None:
    none do.
    """

    store: Store
    runner: Runner
    clock: Clock
    principal: str
    loops: Mapping[str, Loop[Daily, Any]]
    place: str | None = None

    async def tick(self) -> int:
        """Start what is due, unless somebody else has taken on this minute; how many runs began.

        While all projects are halted, or a loop of all is paused, nothing of that is started; then what is due runs once, whatever days
        went by.
        """
        now = self.clock.now()
        held = await asyncio.to_thread(self.store.halts.all)
        resting = [short for short, loop in self.loops.items() if holding(held, loop.name, None) is not None]
        if len(resting) == len(self.loops) or not await asyncio.to_thread(self.store.rounds.claim, self.principal, now):
            return 0
        began, failed, until_s = 0, set[tuple[str, str]](), self.clock.elapsed_s() + AT_MOST_S
        await asyncio.to_thread(self._enter, now)
        waiting = None if WRITER in resting else await asyncio.to_thread(self._waiting, now)
        while self.clock.elapsed_s() < until_s:
            most = AT_ONCE + len(failed)
            due = await asyncio.to_thread(self.store.rounds.due, self.principal, now, limit=most, without=resting, waiting=waiting)
            moved: list[tuple[Due, datetime]] = []
            for one in (each for each in due if (each.loop, each.external_id) not in failed):
                if (loop := self.loops.get(one.loop)) is not None and holding(held, loop.name, one.project_id) is not None:
                    moved.append((one, now + HELD))
                    continue
                try:
                    began += await self._start(one, now)
                    moved.append((one, self._next(one, now)))
                except AWAY:
                    raise
                except Exception as problem:  # noqa: BLE001  it stays due, as health tells of, and stands in nobody's way
                    structlog.get_logger().error("start_failed", loop=one.loop, project=one.project_id, kind=type(problem).__name__)
                    failed.add((one.loop, one.external_id))
            await asyncio.to_thread(self.store.rounds.move_on, self.principal, moved)
            if len(due) < most:
                break
        return began

    async def go_on(self) -> None:
        """Tick each minute until cancelled; a tick that fails is logged, and what it left is due at the next one."""
        while True:
            try:
                await self.tick()
            except Exception as problem:  # noqa: BLE001  the next minute tries again
                structlog.get_logger().error("tick_failed", kind=type(problem).__name__)
            await self.clock.sleep(60.0 - self.clock.now().timestamp() % 60.0)

    def _enter(self, now: datetime) -> None:
        """Give those who take part by now their rounds."""
        for short in self.loops:
            after: str | None = ""
            while after is not None:
                new = self.store.rounds.newcomers(self.principal, short, limit=AT_ONCE, after=after)
                first = [(one.external_id, due_after(one.external_id, zone_named(one.zone), None, now)[1]) for one in new]
                self.store.rounds.enter(self.principal, short, first)
                after = new[-1].external_id if len(new) == AT_ONCE else None

    def _waiting(self, now: datetime) -> Line | None:
        """Who has to wait for a later day."""
        found = None if self.place is None else scarce(self.store, self.principal, now, place=self.place)
        return None if found is None else found.waits

    async def _start(self, one: Due, now: datetime) -> bool:
        """Start a day's run: today's, by the customer's zone, also where its round was due on a day that is over."""
        loop = self.loops.get(one.loop)
        if loop is None:
            return False
        day = now.astimezone(zone_named(one.zone)).date()
        given = Daily(customer=one.external_id, project_id=one.project_id, day=day)
        return await self.runner.start(loop, daily_id(one.loop, self.principal, one.external_id, day), given)

    @staticmethod
    def _next(one: Due, now: datetime) -> datetime:
        zone = zone_named(one.zone)
        return due_after(one.external_id, zone, now.astimezone(zone).date(), now)[1]
