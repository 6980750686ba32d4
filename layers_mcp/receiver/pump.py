"""The pump: takes what was stored out of the inbox, does what follows from it, and marks it as handled, once.

Any number of processes may pump one inbox: each event is taken under a lease. A process that dies in the middle leaves its events to
another, which does the same again; all that follows is a look or a bell, so that changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import ValidationError

from layers_mcp.clock import Clock
from layers_mcp.contract.events import Event
from layers_mcp.receiver.reactions import Reaction, reaction
from layers_mcp.store.told import Told

if TYPE_CHECKING:  # the database, shut until the first delivery
    from layers_mcp.store.inbox import Inbox

__all__ = ["Pump", "Waker"]

_LOOK_S = 5.0
"""How often the inbox is looked into though nobody said that something came: for what others left, or what is to be tried again."""
_PAUSES_S = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""Before an event that failed is tried again; ours."""
_SWEEP_S = 3600.0
_RENEW_S = 5.0
"""After that an event that was taken along with others has its lease renewed before its turn; well within the inbox's 30 seconds."""
Waker = Callable[[Reaction], Awaitable[None]]
"""Does what an event comes to."""
_log = logging.getLogger(__name__)


class Pump:
    """One process's pump. `wake`: does what follows from an event."""

    def __init__(self, inbox: Inbox, wake: Waker, clock: Clock) -> None:
        self._inbox, self._wake, self._clock = inbox, wake, clock
        self._holder = uuid4().hex
        self._came = asyncio.Event()
        self._swept_s = clock.elapsed_s()

    def nudge(self) -> None:
        """Something was stored."""
        self._came.set()

    async def run(self) -> None:
        """Pump until it is cancelled."""
        while True:
            self._came.clear()
            try:
                while await self.turn():
                    pass
                await self._sweep()
            except Exception as problem:  # noqa: BLE001  a store that is busy or away is tried again, and events wait in it
                _log.warning("the inbox can't be read (%s)", type(problem).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), _LOOK_S)

    async def turn(self) -> int:
        """Handle what is there; how many events were taken."""
        taken = await asyncio.to_thread(self._inbox.take, self._holder)
        since_s = self._clock.elapsed_s()
        for told in taken:
            waited = self._clock.elapsed_s() - since_s >= _RENEW_S
            if not waited or await asyncio.to_thread(self._inbox.hold, told.id, self._holder):
                await self._handle(told)
        return len(taken)

    async def _handle(self, told: Told) -> None:
        try:
            await self._react(told)
        except Exception as problem:  # noqa: BLE001  one event that can't be handled stands in nobody's way
            _log.warning("event %s (%s) was not handled: %s", told.id, told.type, type(problem).__name__)
            pause_s = _PAUSES_S[min(told.tries, len(_PAUSES_S)) - 1]
            await asyncio.to_thread(self._inbox.failed, told.id, self._holder, type(problem).__name__, pause_s=pause_s)
        else:
            await asyncio.to_thread(self._inbox.done, told.id, self._holder, self._clock.now())

    async def _react(self, told: Told) -> None:
        if not told.body:  # its project was forgotten meanwhile
            return
        try:
            found = reaction(Event.model_validate_json(told.body))
        except ValidationError:
            found = None
        if found is None:
            _log.info("event %s (%s) says nothing that is understood here; it is kept", told.id, told.type)
        else:
            await self._wake(found)

    async def _sweep(self) -> None:
        """Drop what is old, now and then."""
        now_s = self._clock.elapsed_s()
        if now_s - self._swept_s >= _SWEEP_S:
            self._swept_s = now_s
            await asyncio.to_thread(self._inbox.sweep, self._clock.now())
