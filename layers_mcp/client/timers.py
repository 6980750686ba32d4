"""Every timer of the desk on one task: a timer is a record in a heap, and the task sleeps until the first is due.

The task lives while there is a timer or an errand (a look that is under way) and ends with the last. While an errand is under way the
loop's own time is waited by, else the clock's sleep: so a clock that is moved by hand stands still while somebody is out.
Pauses go by the monotonic clock, so a wall clock that is set changes none. A machine that slept shows by a wall clock that ran
ahead of the other; then `jumped` is called, for what was planned before is of yesterday.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

from layers_mcp.clock import Clock

__all__ = ["GRAIN_S", "Timer", "Timers"]

NAP_S = 5.0
"""The longest sleep: how soon a machine that slept is noticed."""
JUMP_S = 3.0
"""How far the wall may run ahead of the monotonic clock in one nap before the machine must have slept, or the wall was set."""
GRAIN_S = 0.001
"""What is due within this is due: no clock sleeps for less."""
SPARE = 64
"""Canceled records that are kept before the heap is cleaned."""


class Timer:
    """Something to do at a moment, in seconds of the monotonic clock; None once it is done or canceled."""

    __slots__ = ("at_s", "do")

    def __init__(self, at_s: float, do: Callable[[], None]) -> None:
        self.at_s = at_s
        self.do: Callable[[], None] | None = do


class Timers:
    """All timers of one desk. What they do returns at once and raises nothing."""

    def __init__(self, clock: Clock, *, jumped: Callable[[], None]) -> None:
        self._clock = clock
        self._jumped = jumped
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = count()
        self._live = 0
        self._errands: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._bell: asyncio.Future[None] | None = None

    def at(self, at_s: float, do: Callable[[], None]) -> Timer:
        """Have something done at a moment, or as soon as possible when that has passed."""
        timer = Timer(at_s, do)
        heappush(self._heap, (at_s, next(self._order), timer))
        self._live += 1
        self._rouse()
        return timer

    def cancel(self, timer: Timer | None) -> None:
        """Have it not done after all."""
        if timer is None or timer.do is None:
            return
        timer.do = None
        self._live -= 1
        if len(self._heap) > 2 * self._live + SPARE:
            self._heap = [entry for entry in self._heap if entry[2].do is not None]
            heapify(self._heap)
        if self._live == 0:
            self._ring()

    def run(self, errand: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start something that takes a while, in a context of its own: it is nobody's call."""
        task = asyncio.get_running_loop().create_task(errand, context=Context())
        self._errands.add(task)
        task.add_done_callback(self._back)
        self._rouse()
        return task

    def _back(self, errand: asyncio.Task[None]) -> None:
        self._errands.discard(errand)
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    def _rouse(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drive(), context=Context())
        self._ring()

    def _fire(self) -> None:
        """Do what is due."""
        while self._heap and (self._heap[0][2].do is None or self._heap[0][0] <= self._clock.elapsed_s() + GRAIN_S):
            timer = heappop(self._heap)[2]
            do, timer.do = timer.do, None
            if do is not None:
                self._live -= 1
                try:
                    do()
                except Exception:  # a mistake of ours in one thing leaves the timers of all others alone
                    logging.getLogger(__name__).exception("a timer failed")

    async def _nap(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sleep until something is due or the bell rings."""
        pause_s = max(min(NAP_S, self._heap[0][0] - self._clock.elapsed_s()), GRAIN_S) if self._heap else NAP_S
        bell = self._bell = loop.create_future()
        if self._errands:
            handle = loop.call_later(pause_s, self._ring)
            await bell
            handle.cancel()
            return
        sleeper = loop.create_task(self._clock.sleep(pause_s))
        ring = partial(self._wake, bell)
        sleeper.add_done_callback(ring)
        try:
            await bell
        finally:
            sleeper.remove_done_callback(ring)  # else its end would ring at the next nap
            sleeper.cancel()

    @staticmethod
    def _wake(bell: asyncio.Future[None], _sleeper: asyncio.Task[None]) -> None:
        if not bell.done():
            bell.set_result(None)

    async def _drive(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._fire()
            if not (self._live or self._errands):
                self._heap.clear()
                return
            elapsed_s, wall = self._clock.elapsed_s(), self._clock.now()
            await self._nap(loop)
            ahead_s = (self._clock.now() - wall).total_seconds() - (self._clock.elapsed_s() - elapsed_s)
            if ahead_s > JUMP_S:
                self._jumped()
