"""One turn of a run: from where it was taken on to where it lies down, ends, or is put off its worker."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NoReturn, TypeVar

import structlog
from pydantic import TypeAdapter
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from layers_mcp import telemetry
from layers_mcp.client.tally import tallied
from layers_mcp.clock import Clock
from layers_mcp.contract.errors import BY_CODE, Halted, KillSwitch, LayersError, OurMistake, RateLimited, TransientError, UnknownProblem
from layers_mcp.contract.scalars import any_project
from layers_mcp.loops import patience
from layers_mcp.loops.engine import CodeChanged
from layers_mcp.loops.kept import unwrapped, with_requests, wrapped
from layers_mcp.loops.run import key_of
from layers_mcp.loops.why import Died, why
from layers_mcp.store.rows import DIED, WRITES, RunRow
from layers_mcp.store.store import Store

__all__ = ["AWAY", "LieDown", "Place", "Stopped", "Turn", "seated", "sure"]

T = TypeVar("T")
Body = Callable[[], Awaitable[str]]
_NAMES = 200
_AGAIN_S = 2.0
AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout)
"""What the store raises while it is locked, out of reach, or for reading only; not for what it will never take."""


async def sure(do: Callable[..., T], *args: Any, **named: Any) -> T:
    """Do something in the store, and again until the store is there: nothing of a run goes on without it.

    Raises:
        DBAPIError: it is there, and does not take that, however often.
    """
    while True:
        try:
            return await asyncio.to_thread(do, *args, **named)
        except AWAY as problem:
            structlog.get_logger().warning("store_away", kind=type(problem).__name__)
            await asyncio.sleep(_AGAIN_S)


async def seated(store: Store, worker_id: str | None) -> None:
    """Go no further once the worker has lost its seat: what it does not write must not be over for the engine either."""
    if not await sure(store.workers.seated, worker_id):
        await asyncio.Event().wait()  # whoever takes the run over goes on from here


_PAUSED: Final = UnknownProblem("the loop is paused", wire_code="PAUSED", wire_status=409)


class LieDown(BaseException):
    """The run lies down here; no error, and nothing for a loop to catch. `row`: how; `heard_us`: which ringing of its bell it knows."""

    def __init__(self, row: RunRow, *, heard_us: int = 0) -> None:
        super().__init__()
        self.row, self.heard_us = row, heard_us


class Stopped(BaseException):
    """The run was cancelled."""


@dataclass(frozen=True)
class Place:
    """Where turns are taken: the worker, the store, the clock, the event loop that steps run on, and how the engine keeps a step.

    `keep`: runs a body under a name unless it is on record, and gives back what it gave; `parting`: whether the worker leaves;
    `in_flight`: steps that are being done now.
    """

    worker_id: str
    store: Store
    clock: Clock
    home: asyncio.AbstractEventLoop
    keep: Callable[[str, Body], Awaitable[str]]
    parting: Callable[[], bool]
    in_flight: set[str] = field(default_factory=set[str])


@dataclass
class Turn:
    """A `Run`, on a worker. `step`: the number of the last step it came to; `failed`: of the one that brought an error up last."""

    row: RunRow
    place: Place
    step_number: int = 0
    failed: int = 0
    _names: set[str] = field(default_factory=set[str])
    _heard_us: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def id(self) -> str:
        """The id it was started under."""
        return self.row.id

    @property
    def born_us(self) -> int:
        """When it was begun, by the database's time."""
        return self.row.born_us

    def key(self, step: str) -> str:
        """The Idempotency-Key for what a step sends."""
        return key_of(self.row.id, step)

    async def step(self, name: str, do: Callable[[], Awaitable[T]], *, came: type[T]) -> T:
        """Do something once, and keep what came of it."""
        if name in self._names or not 0 < len(name) <= _NAMES:
            raise ValueError(f"{name[:_NAMES]!r} is not a name of its own for a step: its key is made of it")
        self._names.add(name)
        shape: TypeAdapter[T] = TypeAdapter(came)

        async def body() -> str:
            await self._clear(at=self.step_number)
            sent = Counter[str]()
            try:
                with telemetry.span("loop step", run=self.row.id, loop=self.row.loop, step=name, number=self.step_number):
                    value = await self._at_home(do, sent)
            except Exception as problem:  # noqa: BLE001  whatever it is, it is kept, or lays the run down
                return with_requests(self._kept(name, problem, sent), sent)
            if self.row.tries:
                await sure(self.place.store.runs.rested, self.row)
                self.row = self.row.model_copy(update={"tries": 0, "trying_since": None})
            return with_requests({"came": shape.dump_python(value, mode="json", by_alias=True)}, sent)

        kept = await self._keep(name, body)
        if "problem" in kept:
            self.failed = self.step_number
            raise unwrapped(kept)
        return shape.validate_json(json.dumps(kept["came"]))

    async def nap(self, name: str, *, until: datetime | None = None, bell: str | None = None) -> Literal["time", "bell"]:
        """Lie down until then, or until the bell rings."""
        if until is None and bell is None:
            raise ValueError("a nap needs an end: until, bell, or both")
        heard_us = max(self._heard_us.get(bell or "", 0), self.row.born_us)

        async def body() -> str:
            await self._here()
            return await sure(self._woke, self._lying(name, until=until, bell=bell), heard_us)

        kept = await self._keep(name, body)
        if bell is not None:
            self._heard_us[bell] = kept["heard_us"]
        return kept["woke"]

    async def about(self, *, project_id: str | None = None, customer: str | None = None) -> None:
        """Say whose run this is."""
        new = {name: one for name, one in (("project_id", project_id), ("customer", customer)) if one is not None}
        changed = self.row.model_copy(update=new)
        if changed != self.row:
            await sure(self.place.store.runs.about, self.row, project_id=project_id, customer=customer)
            self.row = changed

    async def check(self) -> None:
        """Go no further when cancelled, held or parting."""
        await self._clear(at=self.step_number + 1)

    def alive(self) -> None:
        """Go no further with a run that was on processes that ended, one after the other: it lies, and is given up in the end."""
        if self.row.starts > patience.MOST_STARTS:
            raise Died
        waits = patience.apart(self.row.starts, luck=random.random())  # noqa: S311  no secret
        if waits is not None and self.row.code != DIED:
            words = f"{self.row.starts - 1} times in a row its process ended before it got a step further; it is tried again"
            lying = {"state": "sleeping", "until": self.place.clock.now() + waits, "code": DIED, "words": words}
            raise LieDown(self.row.model_copy(update=lying))

    def lie_unknown(self) -> NoReturn:
        """Lie down, as this process does not know the loop: another version may."""
        problem = UnknownProblem("no such loop", wire_code="UNKNOWN_LOOP", wire_status=500)
        self._lie_held(problem, at=self.row.step)

    def ended(self, state: Literal["completed", "failed"], *, came: str | None = None, problem: Exception | None = None) -> RunRow:
        """The row as the run ends: with what came out of it, or with what went wrong and where it would go on."""
        code, words = why(problem)
        if problem is not None and code == "SERVER_MISTAKE" and not isinstance(problem, LayersError):
            structlog.get_logger().error("loop_mistake", run=self.row.id, loop=self.row.loop, exc_info=problem)
        here = isinstance(problem, CodeChanged) or self.failed == self.step_number
        return self.row.model_copy(
            update={
                "state": state,
                "ended_at": self.place.clock.now(),
                "step": self.step_number + (0 if here else 1),
                "name": None,
                "code": code,
                "words": words,
                "came": came,
            }
        )

    async def _here(self) -> None:
        """Go no further when the worker parts, or the run was cancelled, or is another's.

        A worker that is frozen after this and goes on ends the step it is in; what that sends goes under the key it is sent under again.
        """
        if self.place.parting():
            self.place.in_flight.discard(self.row.id)
            await asyncio.Event().wait()  # whoever takes the run over goes on from here
        if not await sure(self.place.store.runs.mine, self.row):
            await seated(self.place.store, self.row.worker)
            raise Stopped

    async def _clear(self, *, at: int) -> None:
        """The same, and lie down before step `at` while writes to the run's project are held back."""
        await self._here()
        projects = [] if self.row.project_id is None else [any_project(self.row.project_id)]
        held = await sure(self.place.store.halts.of, projects, loop=self.row.loop)
        if held is not None:
            self._lie_held(Halted("writes are held back") if held.what == WRITES else _PAUSED, at=at)

    def _woke(self, lying: RunRow, heard_us: int) -> str:
        """What ended the nap, as it is kept; or down it lies."""
        rung_us = 0 if lying.bell is None else self.place.store.runs.rung_us(lying.bell)
        woke = self.row.woken if self.row.step == lying.step and self.row.name == lying.name and self.row.code is None else None
        if woke not in ("time", "bell"):
            over = lying.until is not None and lying.until <= self.place.clock.now()
            woke = "bell" if rung_us > heard_us else "time" if over else None
        if woke is None:
            raise LieDown(lying, heard_us=heard_us)
        return json.dumps({"woke": woke, "heard_us": rung_us if woke == "bell" else heard_us})

    def _lying(self, name: str, *, until: datetime | None, bell: str | None = None, problem: LayersError | None = None) -> RunRow:
        return self.row.model_copy(
            update={
                "state": "sleeping" if bell is None else "waiting",
                "step": self.step_number,
                "name": name,
                "bell": bell,
                "until": until,
                "code": None if problem is None else problem.wire_code,
                "words": None if problem is None else problem.advice,
            }
        )

    def _lie_held(self, problem: LayersError, *, at: int) -> NoReturn:
        lying = self._lying("halted", until=self.place.clock.now() + patience.HELD, problem=problem)
        raise LieDown(lying.model_copy(update={"step": at}))

    def _kept(self, name: str, problem: Exception, sent: Counter[str]) -> dict[str, Any]:
        """An error as it is kept for replays; what may work later lays the run down instead."""
        if isinstance(problem, Halted | KillSwitch):
            self._lie_held(problem, at=self.step_number)
        if isinstance(problem, RateLimited) and self.row.trying_since is None and patience.unsent(problem, sent):
            raise LieDown(self._lying(name, until=self.place.clock.now() + patience.room(problem.retry_after_s), problem=problem))
        if isinstance(problem, AWAY):
            problem = BY_CODE["UNAVAILABLE"]("the store was locked or out of reach")
        if isinstance(problem, TransientError):
            now = self.place.clock.now()
            tries, since = self.row.tries + 1, self.row.trying_since or now
            waits = patience.pause(tries, since=since, now=now, asked_s=problem.retry_after_s)
            if waits is not None:
                lying = self._lying(name, until=now + waits, problem=problem)
                raise LieDown(lying.model_copy(update={"tries": tries, "trying_since": since}))
        if not isinstance(problem, LayersError):
            structlog.get_logger().error("loop_mistake", run=self.row.id, step=name, kind=type(problem).__name__, exc_info=problem)
            problem = OurMistake(f"{type(problem).__name__} in step {name}")
        return wrapped(problem)

    async def _keep(self, name: str, body: Body) -> dict[str, Any]:
        self.step_number += 1
        self.place.in_flight.add(self.row.id)
        try:
            return json.loads(await self.place.keep(name, body))
        finally:
            self.place.in_flight.discard(self.row.id)

    async def _at_home(self, do: Callable[[], Awaitable[T]], sent: Counter[str]) -> T:
        """Run it on the event loop that the house's connections live on, and count what it sends; the engine has a loop of its own."""

        async def at_home() -> T:
            with tallied(sent):
                return await do()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(at_home(), self.place.home))
