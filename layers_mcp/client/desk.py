"""The poll desk: one watcher for each thing that is waited for, however many wait for it.

The idea. A call that waits joins the thing's `Watch` and sleeps on a future of its own; it costs a record and a timer for its deadline,
and never a request. The desk looks at each thing when `client/guess` says so (seldom, while webhooks tell: `client/told`), shows what it
saw to all who wait, and plans the next look. When the last waiter has left nothing is looked at any more; a waiter that leaves disturbs
nobody else. Who joins late is told at once what was seen last. When a waiter's time is up and the last look is old, one more is made.

With `leases` the desks of several processes are one: the desk that holds a thing's lease looks, the others read what it saw, and whoever
has seen something newer tells it (`client/lease`). A look that fails is tried again as `client/retry` says; a rate limit, and trouble at
Layers with something that was seen before, are waited out, however long. Looks go after work: they stand behind it in line, however
long that is, and have a share of the reads (`client/share`).
"""

from __future__ import annotations

import logging
import random
from contextlib import suppress
from functools import partial
from math import inf
from typing import Any, TypeVar
from uuid import uuid4

from layers_mcp.client.laws import Laws
from layers_mcp.client.lease import BEAT_S, FOLLOW_S, LEASE, Durations, Leases
from layers_mcp.client.manner import Manner, manner
from layers_mcp.client.pace import Pace
from layers_mcp.client.partner import Partner, Seen
from layers_mcp.client.retry import pause_before
from layers_mcp.client.share import Share
from layers_mcp.client.thing import Progress, Report, Sign, Thing
from layers_mcp.client.timers import GRAIN_S, Timer, Timers
from layers_mcp.client.told import Told
from layers_mcp.client.watch import Waiter, Watch
from layers_mcp.contract.endpoint import Reply
from layers_mcp.contract.errors import LayersError, RateLimited

__all__ = ["Desk", "Progress", "Report"]

R = TypeVar("R", bound=Reply)

STALE_S = 5.0
"""A wait that ends hands back nothing older: the guide's cadence (seed 004, step 3)."""
LAST_LOOK_S, FIRST_LOOK_S = 2.0, 15.0
"""How long that last look may outlast the wait: once something was seen, and while nothing was."""
TROUBLED_S, TROUBLED_MOST_S = 5.0, 30.0
"""The pause while trouble lasts that does not say how long: doubling between these (layers-api: social accounts, polling)."""
HAIR = 0.001
"""A new stage without more progress is told as so much more: what a client hears only ever rises (MCP: utilities/progress)."""


class Desk:
    """All waits of one process for one API. `speed`: how many times faster than life its jobs run, as long as nothing was learned."""

    def __init__(  # noqa: PLR0913  each is somebody else's to hand down
        self,
        layers: Partner,
        *,
        leases: Leases | None = None,
        durations: Durations | None = None,
        pace: Pace | None = None,
        told: Told | None = None,
        speed: float = 1.0,
    ) -> None:
        self._layers, self._clock, self._share, self._told = layers, layers.clock, Share(pace), told or Told(layers.clock)
        self._leases, self._laws = leases, Laws(durations, speed=speed)
        self._holder = uuid4().hex
        self._timers = Timers(layers.clock, jumped=self._look_at_all)
        self._watches: dict[str, Watch[Any]] = {}
        self._beat: Timer | None = None

    async def wait(self, thing: Thing[R], *, by: Partner, report: Report, at_most_s: float) -> R:
        """Wait until it is over or `at_most_s` seconds are up (0 is one look); what was seen last. Only what rises is reported.

        `by`: the client of the call that waits. It is handed nothing that this client may not see, and nothing is looked at for it then.

        Raises:
            LayersError: it cannot be looked at, or nothing was seen in the time.
        """
        waiter = Waiter(self._clock.elapsed_s() + at_most_s)
        told = Progress(done=-1.0, stage="")
        try:
            while True:
                seen = await by.pass_on(thing.endpoint, thing.request, partial(self._news, thing, waiter))
                last, now = waiter.last, thing.progress(seen)
                if now.done > told.done or (now.stage != told.stage and told.done + HAIR < 1):
                    told = Progress(done=max(now.done, told.done + HAIR), stage=now.stage)
                    await report(told)
                if last:
                    return seen
        finally:
            if waiter.watch is not None:
                by.hear(waiter.watch.request_id)
                self._leave(waiter.watch, waiter)

    async def _news(self, thing: Thing[R], waiter: Waiter) -> R:
        """What there is to see once something happened; the first time, as soon as anything was seen."""
        if waiter.watch is None:
            self._join(thing, waiter)
        watch = await waiter.heard()
        waiter.last = waiter.up
        if waiter.problem is not None:
            raise waiter.problem.with_traceback(waiter.origin)
        assert watch.seen is not None, "a wait without a problem has seen something"
        return watch.seen

    def wake(self, name: str) -> None:
        """Look at the thing of this name as soon as Layers lets us, if anybody waits for it: a webhook told that it moved."""
        watch = self._watches.get(name)
        if watch is None:
            return
        watch.told = True
        if watch.task is not None:
            watch.again = True
        elif watch.not_before_s > self._clock.elapsed_s():
            self._plan(watch, 0.0)
        else:
            self._look_at(watch)

    # joining and leaving

    def _join(self, thing: Thing[R], waiter: Waiter) -> None:
        watch = self._watches.get(thing.name)
        if watch is None:
            watch = self._watches[thing.name] = Watch(thing, began_at=self._clock.now())
            self._plan(watch, 0.0)
        watch.waiters.add(waiter)
        waiter.watch = watch
        waiter.timer = self._timers.at(waiter.until_s, partial(self._time_is_up, watch, waiter))
        if watch.seen is not None:
            waiter.ring()

    def _leave(self, watch: Watch[Any], waiter: Waiter) -> None:
        self._timers.cancel(waiter.timer)
        watch.waiters.discard(waiter)
        if not watch.waiters:
            self._drop(watch)

    def _drop(self, watch: Watch[Any]) -> None:
        """Watch it no more."""
        self._share.drop(watch)
        self._timers.cancel(watch.timer)
        if watch.task is not None:
            watch.task.cancel()
        if self._watches.get(watch.thing.name) is watch:
            del self._watches[watch.thing.name]
            if self._leases is not None and watch.mine:
                with suppress(Exception):  # a store that is busy lets it run out
                    self._leases.release(watch.thing.name, self._holder, now=self._clock.now())
        if not self._watches:
            self._timers.cancel(self._beat)

    def _end(self, watch: Watch[Any], problem: BaseException | None) -> None:
        """Everybody goes: it is over, or cannot be looked at."""
        for waiter in tuple(watch.waiters):
            waiter.end(problem)
        self._drop(watch)

    def _time_is_up(self, watch: Watch[Any], waiter: Waiter) -> None:
        """Let a waiter go, or make it late when the last look is still to come."""
        if waiter.up:
            return
        now_s = self._clock.elapsed_s()
        if waiter.late or watch.not_before_s > now_s or (watch.seen is not None and now_s - watch.seen_s < STALE_S):
            waiter.end(None if watch.seen is not None else watch.problem or self._share.unseen(watch))
            self._leave(watch, waiter)
            return
        waiter.late = True
        last_s = FIRST_LOOK_S if watch.seen is None else LAST_LOOK_S
        waiter.timer = self._timers.at(now_s + last_s, partial(self._time_is_up, watch, waiter))
        if watch.task is None:
            self._look_at(watch)

    # looking

    def _plan(self, watch: Watch[Any], pause_s: float) -> None:
        at_s = max(self._clock.elapsed_s() + pause_s, watch.not_before_s)
        self._timers.cancel(watch.timer)
        watch.timer = self._timers.at(at_s, partial(self._step, watch))

    def _step(self, watch: Watch[Any]) -> None:
        """What is due for a thing: a look when the lease is ours, else what its holder has seen."""
        try:
            looks = self._leases is None or watch.mine or self._follow(watch, self._leases)
            watch.alone = self._leases is None
        except Exception as problem:  # noqa: BLE001  a store that fails stops no wait: this desk looks for itself
            logging.getLogger(__name__).warning("the lease of %s can't be had (%s)", watch.thing.name, type(problem).__name__)
            looks = watch.alone = True
        if looks and watch.task is None:
            self._look_at(watch)

    def _follow(self, watch: Watch[Any], leases: Leases) -> bool:
        """Whether this desk is to look now; else what another one saw is shown, and asked for again in a while."""
        now = self._clock.now()
        lease = leases.claim(watch.thing.name, self._holder, now=now, until=now + LEASE)
        watch.mine = lease.holder == self._holder
        if watch.mine and (self._beat is None or self._beat.do is None):
            self._beat = self._timers.at(self._clock.elapsed_s() + BEAT_S, self._renew)
        watch.adopt(lease, now=now, now_s=self._clock.elapsed_s())
        if watch.over or not watch.waiters:
            self._end(watch, None)
            return False
        left_s = FOLLOW_S if not watch.mine else watch.left_s(lease, now=now, now_s=self._clock.elapsed_s())
        if left_s > GRAIN_S:
            self._plan(watch, left_s)
        return left_s <= GRAIN_S

    def _renew(self) -> None:
        """Keep the leases while anything is watched; what others have seen, or taken over, is read at once."""
        now = self._clock.now()
        if self._leases is None:
            return
        self._beat = self._timers.at(self._clock.elapsed_s() + self._told.beat_s, self._renew)
        mine = {name: watch.seen_at for name, watch in self._watches.items() if watch.mine}
        with suppress(Exception):  # a store that is busy is asked again; a lease that runs out is taken over, no more
            for name in self._leases.renew(self._holder, mine, now=now, until=now + LEASE):
                self._watches[name].mine = False
                self._plan(self._watches[name], 0.0)

    def _look_at(self, watch: Watch[Any]) -> None:
        self._timers.cancel(watch.timer)
        watch.task = self._timers.run(self._look(watch))

    def _look_at_all(self) -> None:
        for watch in self._watches.values():
            if watch.task is None:
                self._plan(watch, 0.0)

    async def _look(self, watch: Watch[Any]) -> None:
        """One look, in its turn however long the line is, and what follows from it."""
        manner.set(Manner(rank=0, patience_s=inf))  # of this task: it has a context of its own
        try:
            try:
                seen = await self._layers.look(watch.thing.endpoint, watch.thing.request, watch.etag)
            finally:
                watch.task = None
            watch.request_id = self._layers.request_id
            self._saw(watch, seen)
        except LayersError as problem:
            self._failed(watch, problem)
        except Exception as problem:  # noqa: BLE001  whatever it is, whoever waits is told
            self._end(watch, problem)

    def _saw(self, watch: Watch[Any], seen: Seen[Any]) -> None:
        now_s, watch.failures, watch.limited, watch.etag = self._clock.elapsed_s(), 0, 0, seen.etag
        watch.show(watch.seen if seen.reply is None else seen.reply, now_s, self._clock.now())
        sign = watch.thing.sign(watch.seen)
        if sign.over:
            self._learn(watch, sign)
            self._publish(watch, 0.0)
            self._end(watch, None)
            return
        age_s = None if sign.began_at is None else (self._layers.now() - sign.began_at).total_seconds()
        pause_s = watch.pause_s(now_s, age_s, self._laws.of(sign.kind), rarer=self._told.rarer(watch))
        pause_s = self._share.pause_s(watch, pause_s)
        watch.not_before_s = now_s + (seen.retry_after_s or 0.0)
        if watch.again:
            watch.again, pause_s = False, 0.0
        self._plan_after(watch, pause_s)

    def _learn(self, watch: Watch[Any], sign: Sign) -> None:
        """Keep how long it lasted, once, by the desk that watched it run, or took it over running; and whether a webhook told of it."""
        self._told.ended(watch)
        if watch.ran and (self._leases is None or watch.mine) and sign.kind is not None and sign.lasted_s is not None:
            self._laws.learn(sign.kind, sign.lasted_s)

    def _failed(self, watch: Watch[Any], problem: LayersError) -> None:
        """Plan to look again, or give up; who would wait for nothing goes now."""
        limited = isinstance(problem, RateLimited)
        watch.limited, watch.failures = watch.limited + limited, watch.failures + (not limited)
        pause_s = pause_before(watch.failures + 1, problem, safe=True, luck=random.random())  # noqa: S311  spreads, guards nothing
        if limited or (pause_s is None and watch.seen is not None and problem.transient):
            times = min(watch.limited if limited else watch.failures, 8)
            pause_s = problem.retry_after_s or min(TROUBLED_S * 2.0 ** (times - 1), TROUBLED_MOST_S)
        if pause_s is None:
            self._end(watch, problem)
            return
        now_s, watch.problem = self._clock.elapsed_s(), problem
        watch.not_before_s = now_s + pause_s
        for waiter in tuple(watch.waiters):
            if waiter.late or (watch.seen is None and waiter.until_s < watch.not_before_s):
                waiter.end(problem if watch.seen is None else None)
        self._plan_after(watch, pause_s)

    def _plan_after(self, watch: Watch[Any], pause_s: float) -> None:
        """Tell the other desks what a look brought, and plan what follows it, if anybody still waits."""
        pause_s = max(pause_s, watch.not_before_s - self._clock.elapsed_s())
        self._publish(watch, pause_s)
        if watch.waiters:
            self._plan(watch, pause_s if watch.mine or watch.alone else FOLLOW_S)
        else:
            self._drop(watch)

    def _publish(self, watch: Watch[Any], pause_s: float) -> None:
        if self._leases is None:
            return
        now = self._clock.now()
        news = watch.news(pause_s, now=now, now_s=self._clock.elapsed_s())
        with suppress(Exception):  # a store that is busy hears of the next look
            self._leases.publish(watch.thing.name, self._holder, news, until=now + LEASE)
