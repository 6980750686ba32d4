"""One thing that is watched: what was seen of it, who waits for it, and when it wants to be looked at again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Generic, TypeVar

from layers_mcp.client.guess import Law, Trace, pause_s
from layers_mcp.client.lease import Lease, News
from layers_mcp.client.thing import Thing
from layers_mcp.client.timers import Timer
from layers_mcp.contract.endpoint import Reply

__all__ = ["Waiter", "Watch"]

R = TypeVar("R", bound=Reply)

OLD = timedelta(minutes=5)
"""What another desk saw longer ago says nothing."""


class Waiter:
    """One that waits: its deadline, and the call's own coroutine asleep on `news`.

    `changed`: there is news that it has not heard; `late`: its time is up and it only waits for the last look; `up`: it is to go, with what
    was seen or with `problem`, and `last`: it knows that.
    """

    __slots__ = ("changed", "last", "late", "news", "origin", "problem", "timer", "until_s", "up", "watch")

    def __init__(self, until_s: float) -> None:
        self.until_s = until_s
        self.timer: Timer | None = None
        self.news: asyncio.Future[None] | None = None
        self.watch: Watch[Any] | None = None
        self.changed = self.late = self.up = self.last = False
        self.problem: BaseException | None = None
        self.origin: TracebackType | None = None

    def ring(self) -> None:
        """There is news."""
        self.changed = True
        if self.news is not None and not self.news.done():
            self.news.set_result(None)

    async def heard(self) -> Watch[Any]:
        """The thing it waits for, once there is news that it has not heard."""
        assert self.watch is not None, "a waiter has joined before it listens"
        if not self.changed:
            self.news = asyncio.get_running_loop().create_future()
            await self.news
        self.news, self.changed = None, False
        return self.watch

    def end(self, problem: BaseException | None = None) -> None:
        """Its wait is over: nothing is looked at for it any more, however long it takes to hear of it."""
        self.up, self.problem = True, problem
        if self.watch is not None:
            self.watch.waiters.discard(self)
        self.origin = None if problem is None else problem.__traceback__  # raised to many, it must not grow with each
        self.ring()


class Watch(Generic[R]):
    """What the desk knows of one thing. Times are seconds of the monotonic clock.

    `began_at`: when the first one here began to wait; `mine`: this desk does the looking; `not_before_s`: Layers asked not to be asked
    sooner; `failures`, `limited`: looks in a row that failed, and that a rate limit refused; `seen_at`: when `seen` was, by the wall;
    `looks_a_second`: how often it is worth a look; `again`: it was woken during a look; `alone`: no lease can be had, so this desk looks
    for itself; `shown_at`: when another desk saw what was shown last; `told`: a webhook told of it.
    """

    __slots__ = (
        "again", "alone", "began_at", "etag", "failures", "limited", "looks_a_second", "mine", "not_before_s", "over", "problem",
        "request_id", "seen", "seen_at", "seen_s", "shown_at", "task", "thing", "timer", "told", "trace", "waiters",
    )  # fmt: skip

    def __init__(self, thing: Thing[R], *, began_at: datetime) -> None:
        self.thing = thing
        self.began_at = began_at
        self.waiters: set[Waiter] = set()
        self.seen: R | None = None
        self.seen_s = self.not_before_s = self.looks_a_second = 0.0
        self.etag: str | None = None
        self.request_id: str | None = None
        self.seen_at: datetime | None = None
        self.shown_at: datetime | None = None
        self.trace: Trace | None = None
        self.failures = self.limited = 0
        self.problem: BaseException | None = None
        self.over = self.again = self.alone = self.mine = self.told = False
        self.timer: Timer | None = None
        self.task: asyncio.Task[None] | None = None

    @property
    def ran(self) -> bool:
        """Whether it was seen running, by this desk or by another."""
        return self.trace is not None or self.shown_at is not None

    def show(self, seen: R, now_s: float, at: datetime) -> None:
        """Take what a look of ours or another desk's brought, and tell everybody who waits; who is late goes with it."""
        self.seen, self.seen_s, self.seen_at, self.problem = seen, now_s, at, None
        self.over = self.thing.sign(seen).over
        for waiter in tuple(self.waiters):
            if self.over or waiter.late:
                waiter.end()
            else:
                waiter.ring()

    def pause_s(self, now_s: float, age_s: float | None, law: Law, *, rarer: float = 1.0) -> float:
        """Seconds until the next look, judged at the look that was just shown, of a thing of this age (None: since the first look).

        `rarer`: how many looks, by the kind alone, one is to stand for.
        """
        assert self.seen is not None, "a pause follows a look"
        done = self.thing.sign(self.seen).done
        self.trace = Trace.begin(now_s, done, age_s) if self.trace is None else self.trace.seen(now_s, done)
        age_s = now_s - self.trace.first_s if age_s is None else age_s
        usual_s = pause_s(law, self.trace, age_s)
        return usual_s if rarer == 1 else max(usual_s, law.pause_s(age_s, rarer))

    def adopt(self, lease: Lease, *, now: datetime, now_s: float) -> None:
        """Take over what another desk saw: that it runs, when that is not long ago; that it is over, when that is news since we wait.

        Whatever it saw, what Layers asked of it holds for all, and so does what a webhook told.
        """
        self.told = self.told or (lease.told_at is not None and lease.told_at >= self.began_at)
        if lease.not_before is not None and now < lease.not_before:
            self.not_before_s = max(self.not_before_s, now_s + (lease.not_before - now).total_seconds())
        if lease.reply is None or lease.seen_at is None or lease.seen_at == self.shown_at or now - lease.seen_at > OLD:
            return
        seen = self.thing.endpoint.reply.model_validate_json(lease.reply)
        if not self.thing.sign(seen).over or lease.seen_at >= self.began_at:
            self.shown_at, self.etag = lease.seen_at, lease.etag
            self.show(seen, now_s - max((now - lease.seen_at).total_seconds(), 0.0), lease.seen_at)

    def news(self, pause_s: float, *, now: datetime, now_s: float) -> News:
        """What other desks are told: what was seen, and that the next look is planned in `pause_s` seconds."""
        blocked_s = self.not_before_s - now_s
        return News(
            reply=None if self.seen is None else self.seen.model_dump_json(by_alias=True, exclude_unset=True),
            etag=self.etag,
            seen_at=self.seen_at,
            next_at=now + timedelta(seconds=pause_s),
            not_before=now + timedelta(seconds=blocked_s) if blocked_s > 0 else None,
        )

    def left_s(self, lease: Lease, *, now: datetime, now_s: float) -> float:
        """Seconds until the look that the holder before had planned, if that makes sense by our clock, or none where a webhook told of it.

        Never before Layers lets us.
        """
        if lease.told_at is not None and (self.seen_at is None or self.seen_at < lease.told_at):
            return max(self.not_before_s - now_s, 0.0)
        planned_s = (lease.next_at - now).total_seconds() if lease.next_at is not None and lease.next_at - now < OLD else 0.0
        return max(planned_s, self.not_before_s - now_s)
