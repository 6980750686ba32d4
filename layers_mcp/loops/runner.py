"""The runner: starts runs anywhere, and works them off in the process that has a seat."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError

from layers_mcp import telemetry
from layers_mcp.clock import Clock
from layers_mcp.loops.caretaker import Caretaker, forget, hand_over
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.holding import holding
from layers_mcp.loops.run import Came, Given, Look, Loop, key_of
from layers_mcp.loops.turn import AWAY, LieDown, Place, Stopped, Turn, seated, sure
from layers_mcp.store.rows import RunRow, Worker
from layers_mcp.store.store import Store
from layers_mcp.store.workers import new_worker

__all__ = ["EngineRunner"]

G = TypeVar("G", bound=Given)
C = TypeVar("C", bound=Came)
AnyLoop = Loop[Any, Any]
KEPT = timedelta(days=30)
"""How long a run that is over is kept."""
_PART_S = 20.0
"""How long a worker that parts waits for the steps in flight."""
_SEAT_S, _LOOK_S = 2.0, 0.1
"""How often a process looks whether a seat is free; and whether it is to stop."""
_LONGEST_ID = 200
_ENDS_S = 60.0
"""How long the engine may take to write that a run is over which is so in our rows."""


async def _either(stop: asyncio.Event, pause_s: float) -> None:
    """Wait for the end, but no longer than that."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), pause_s)


class EngineRunner:
    """The `Runner` of one store and engine. `loops`: those that this process can work off."""

    def __init__(  # noqa: PLR0913  what a runner is made of
        self, store: Store, engine: Engine, clock: Clock, loops: Iterable[AnyLoop], *, host: str = "", owner: str | None = None
    ) -> None:
        """`host`: what this machine is called in place of its own name, among all that share the store.

        `owner`: the principal whose runs it starts and works off; where other keys share the store, theirs are left to them.
        """
        self._store, self._engine, self._clock, self._host, self._owner = store, engine, clock, host, owner
        self._loops = {loop.name: loop for loop in loops}
        self._parting = False

    async def start(self, loop: Loop[G, C], run_id: str, given: G) -> bool:
        """Start a run; False when there is one of that id."""
        if not 0 < len(run_id) <= _LONGEST_ID:
            raise ValueError(f"the id of a run has 1 to {_LONGEST_ID} letters")
        row = self._given(loop, run_id, given)

        def put() -> bool:
            new = self._store.runs.add(row)
            self._engine.enqueue(run_id, loop.name, row.given)  # also one that is known: who started it may have died in between
            return new

        return await asyncio.to_thread(put)

    async def begin_anew(self, loop: Loop[G, C], run_id: str, given: G) -> RunRow | None:
        """Begin a run anew that failed, was cancelled or was emptied; what it was before, None where nothing was done."""
        row = self._given(loop, run_id, given)

        def put() -> RunRow | None:
            taken = self._store.restarts.take(run_id, self._clock.now())
            if taken is None:
                return None
            if not self._off(run_id):
                self._store.restarts.let_go(taken)
                return None
            self._engine.forget([run_id])  # first: a run that is to begin finds nothing on record, also where this process dies in between
            if not self._store.restarts.begin(taken, row, self._clock.now()):
                return None
            self._engine.enqueue(run_id, loop.name, row.given)
            return taken

        return await asyncio.to_thread(put)

    async def cancel(self, run_id: str) -> bool:
        """Let a run go no further; False when it is over, or nobody knows it."""

        def stop() -> bool:
            was = self._store.runs.cancel(run_id, at=self._clock.now())
            if was is not None and was.state in ("queued", "running"):
                self._engine.cancel(run_id)
            return was is not None

        return await asyncio.to_thread(stop)

    async def retry(self, run_id: str) -> bool:
        """Have a run that failed or was cancelled go on; False when it did not."""
        return await asyncio.to_thread(self._store.runs.retry, run_id)

    async def look(self, run_id: str) -> Look | None:
        """A run and its steps, or None."""
        row = await asyncio.to_thread(self._store.runs.find, run_id)
        if row is None:
            return None
        steps = await asyncio.to_thread(self._engine.steps, run_id)
        held = None if row.ended_at is not None else holding(await asyncio.to_thread(self._store.halts.all), row.loop, row.project_id)
        keys = [key_of(run_id, one.name, born_us=born_us) for one in steps for born_us in (None, row.born_us)]
        credits_ = await asyncio.to_thread(self._store.spending.under, keys)
        worked = sum((one.ended_at - one.began_at for one in steps if one.began_at and one.ended_at), timedelta())
        waited = (row.ended_at or self._clock.now()) - row.began_at - worked
        return Look(row, steps, held, credits_, max(waited.total_seconds(), 0.0))

    async def ring(self, bell: str) -> None:
        """Wake whoever lies by a bell."""
        await asyncio.to_thread(self._store.runs.ring, bell)

    async def forget(self, older_than: timedelta) -> int:
        """Forget runs that were over for longer; how many there were."""
        return await asyncio.to_thread(forget, self._store, self._engine, self._clock, older_than)

    @asynccontextmanager
    async def working(
        self, place: str, *, waits: Callable[[Worker], None] = lambda _: None, pause_s: float = 0.25
    ) -> AsyncGenerator[asyncio.Task[None]]:
        """Work runs off meanwhile, as soon as a seat is free; what goes wrong with that is logged, and tried again.

        `place`: what people call this process; `waits`: told who sits where it wants to; `pause_s`: how often it looks who is due.
        """
        stop = asyncio.Event()
        task = asyncio.create_task(self._work(place, stop, waits, pause_s))
        try:
            yield task
        finally:
            stop.set()
            await task

    def _given(self, loop: Loop[G, C], run_id: str, given: G) -> RunRow:
        return self._fresh(run_id, loop.name, given.model_dump_json()).model_copy(update=given.whose()._asdict())

    def _off(self, run_id: str) -> bool:
        """Whether no worker that lives is on a run, by the engine; who has ended it in our rows a moment ago is given one to go."""
        until_s = time.monotonic() + _ENDS_S
        while (on := self._engine.on(run_id)) is not None and self._store.workers.seated(on):
            if time.monotonic() > until_s:
                return False
            time.sleep(_LOOK_S)
        return True

    def _fresh(self, run_id: str, loop: str, given: str) -> RunRow:
        return RunRow(id=run_id, loop=loop, owner=self._owner, given=given, state="queued", began_at=self._clock.now())

    async def _work(self, place: str, stop: asyncio.Event, waits: Callable[[Worker], None], pause_s: float) -> None:
        """Take a seat, work, and take another one when this process was taken for dead meanwhile."""
        told = ""
        while not stop.is_set():
            worker_id = new_worker(self._host)
            try:
                held = await asyncio.to_thread(self._store.workers.sit, worker_id, place, now=self._clock.now())
                if held is None:
                    await self._seated(worker_id, stop, pause_s)
                    continue
                if held.id != told:
                    told = held.id
                    waits(held)
            except AWAY as problem:
                structlog.get_logger().warning("store_away", kind=type(problem).__name__)
            except Exception as problem:  # noqa: BLE001  a process that seems to run loops, and does not, helps nobody
                structlog.get_logger().error("worker_failed", exc_info=problem)
            await _either(stop, _SEAT_S)

    async def _seated(self, worker_id: str, stop: asyncio.Event, pause_s: float) -> None:
        self._parting = False
        home = asyncio.get_running_loop()
        turns = Place(worker_id, self._store, self._clock, home, keep=self._engine.keep, parting=lambda: self._parting)
        caretaker = Caretaker(self._store, self._engine, self._clock, worker_id, pause_s, KEPT, self._owner)
        try:
            await asyncio.to_thread(self._engine.work, worker_id, partial(self._take, turns))
            caretaker.start()
            while not stop.is_set() and not caretaker.lost.is_set():
                await _either(stop, _LOOK_S)
            self._parting = True
            with suppress(TimeoutError):
                async with asyncio.timeout(_PART_S):
                    while turns.in_flight and not caretaker.lost.is_set():  # noqa: ASYNC110  they end on the engine's event loop
                        await asyncio.sleep(_LOOK_S)
        finally:
            await asyncio.to_thread(caretaker.stop)
            await asyncio.to_thread(self._engine.leave)
            if caretaker.lost.is_set():
                structlog.get_logger().warning("taken_for_dead", worker=worker_id)
            with suppress(*AWAY):  # else others find out by themselves
                await asyncio.to_thread(self._part, worker_id)

    def _part(self, worker_id: str) -> None:
        """Leave nothing that others would have to wait for."""
        self._store.runs.part(worker_id)
        self._store.workers.gone(worker_id)
        hand_over(self._store, self._engine)

    async def _take(self, place: Place, run_id: str, loop_name: str, given: str) -> str:
        """One turn: on the engine's event loop."""
        with telemetry.span(f"loop {loop_name}", run=run_id, loop=loop_name) as mark:
            state = await self._taken(place, run_id, loop_name, given)
            mark.say(state=state)
            return state

    async def _taken(self, place: Place, run_id: str, loop_name: str, given: str) -> str:
        row = await sure(self._begin, place.worker_id, run_id, loop_name, given)
        if row is None:
            await seated(self._store, place.worker_id)
            return "over"
        turn, loop = Turn(row, place), self._loops.get(row.loop)
        try:
            turn.alive()
            if loop is None:
                turn.lie_unknown()
            came = await loop.do(turn, loop.given.model_validate_json(row.given))
            ended = turn.ended("completed", came=came.model_dump_json())
            return await self._settled(row, ended, partial(self._store.runs.end, row, ended))
        except LieDown as down:
            lying = down
        except Stopped:
            await sure(self._store.restarts.left, row)
            return "cancelled"
        except Exception as problem:  # noqa: BLE001  a run that fails says so in its row, and the worker goes on
            return await self._failed(turn, problem)
        except asyncio.CancelledError:
            raise  # the worker leaves: whoever takes the run over goes on from here
        except BaseException:  # how the engine ends a step of a run that was cancelled in it
            await sure(self._store.restarts.left, row)
            raise
        try:
            return await self._settled(row, lying.row, partial(self._store.runs.lie, row, lying.row, heard_us=lying.heard_us))
        except DBAPIError as problem:  # it would lie by what no row can hold
            return await self._failed(turn, problem)

    async def _failed(self, turn: Turn, problem: Exception) -> str:
        ended = turn.ended("failed", problem=problem)
        return await self._settled(turn.row, ended, partial(self._store.runs.end, turn.row, ended))

    async def _settled(self, row: RunRow, new: RunRow, write: Callable[[], bool]) -> str:
        """Write how a turn ended. Who has lost the seat ends none."""
        if not await sure(write):
            await seated(self._store, row.worker)
            await sure(self._store.restarts.left, row)
        return new.state

    def _begin(self, worker_id: str, run_id: str, loop: str, given: str) -> RunRow | None:
        known = self._store.runs.find(run_id)
        recorded = self._engine.recorded(run_id) if known is not None and known.state == "running" else 0
        fresh = self._fresh(run_id, loop, given).model_copy(update={"worker": worker_id})
        return self._store.runs.begin(fresh, recorded=recorded)
