"""A virtual clock for many sleepers, and jobs that run on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from layers_mcp.client.partner import Seen
from layers_mcp.contract.jobs import GetJob, Job

EPOCH = datetime(2026, 4, 18, tzinfo=UTC)
QUIET = 12
"""Turns of the loop in which nobody began to sleep: then nothing else goes on, and time may pass."""


class Hours:
    """Time passes for all sleepers together, once nothing else is going on."""

    def __init__(self) -> None:
        self.at_s, self.wall = 0.0, EPOCH
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order, self._turns = count(), 0
        self._ticking = False

    def now(self) -> datetime:
        """The wall's time."""
        return self.wall

    def elapsed_s(self) -> float:
        """Seconds that passed."""
        return self.at_s

    async def sleep(self, pause_s: float) -> None:
        """Sleep."""
        loop = asyncio.get_running_loop()
        asleep = loop.create_future()
        heappush(self._sleepers, (self.at_s + max(pause_s, 0.0), next(self._order), asleep))
        self._turns = 0
        if not self._ticking:
            self._ticking = True
            loop.call_soon(self._tick)
        await asleep

    def _tick(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heappop(self._sleepers)
        if not self._sleepers:
            self._ticking = False
            return
        self._turns += 1
        if self._turns > QUIET:
            at_s, _, asleep = heappop(self._sleepers)
            self.wall += timedelta(seconds=at_s - self.at_s)
            self.at_s, self._turns = at_s, 0
            asleep.set_result(None)
        asyncio.get_running_loop().call_soon(self._tick)


class Far:
    """Layers as a desk sees it: jobs of `kind` that last so long each and show even progress, or none.

    `asked`: when each was looked at; `fails`: asked before each look, what it raises instead of an answer; `retry_after_s`: said
    with every answer; `dead`: looks hang for ever.
    """

    def __init__(self, clock: Hours, lasts_s: float = 300.0, *, moving: bool = True, kind: str = "project_ingest_github") -> None:
        self.clock, self.lasts_s, self.moving, self.kind = clock, lasts_s, moving, kind
        self.began = clock.now()
        self.asked: dict[str, list[float]] = {}
        self.fails: Callable[[], Exception | None] = lambda: None
        self.retry_after_s: float | None = None
        self.dead = False
        self.request_id: str | None = None

    def now(self) -> datetime:
        """The API's time."""
        return self.clock.now()

    def hear(self, request_id: str | None) -> None:
        """Nobody asks."""

    async def look(self, _endpoint: object, request: GetJob, _etag: str | None = None) -> Seen[Job]:
        """One look."""
        self.asked.setdefault(request.job_id, []).append(self.clock.elapsed_s())
        if self.dead:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        problem = self.fails()
        if problem is not None:
            raise problem
        return Seen(self.job(request.job_id), None, self.retry_after_s)

    async def pass_on(self, _endpoint: object, _request: object, ask: Callable[[], Awaitable[Job]]) -> Job:
        """What another's look brings."""
        return await ask()

    def job(self, name: str) -> Job:
        """How a job stands."""
        gone = (self.now() - self.began).total_seconds() / self.lasts_s
        over = gone >= 1
        return Job(
            job_id=name,
            project_id="prj_b",
            kind=self.kind,
            status="completed" if over else "running",
            stage="analyzing",
            progress=1.0 if over else int(100 * gone) / 100 if self.moving else 0.0,
            started_at=self.began,
            finished_at=self.began + timedelta(seconds=self.lasts_s) if over else None,
        )
