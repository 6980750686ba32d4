"""One budget for all that goes out under one API key, so that Layers need never answer 429.

The idea: Layers keeps a token bucket for each of three classes (reads, writes, starts of long work), and a number of writes a day. We keep
the same buckets (`client/bucket`), and every request, retries included, waits here until its class has a token. Who waits stands in one
line for each class. A rank is a head start in that line and no more, so the line moves for everybody. What each answer says of the
server's bucket is told back here and wins.

The count is kept on a shelf. A process alone has it in memory; processes that share a database share one row for each class.

Ranks that let many customers be onboarded soonest (measured, `tests/bench/onboarding_fleet.py`): starts go to whoever has the longest rest
of work, other requests to whoever is nearest to a start, looks after them; and customers are let in by a `client/window`. A call that
somebody waits for goes before all of them (`client/manner`).
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect, insort
from collections.abc import Callable
from itertools import count
from math import inf
from typing import TypeVar, get_args

from layers_mcp.client import bucket
from layers_mcp.client.bucket import Drawn, Said
from layers_mcp.client.limits import Standing, a_day, limited
from layers_mcp.client.line import Line, Outlook, Place, Ticket
from layers_mcp.client.manner import Tell
from layers_mcp.client.shelf import Memory, Shelf
from layers_mcp.clock import Clock
from layers_mcp.contract.errors import RateLimited
from layers_mcp.contract.rates import TIERS, Level
from layers_mcp.contract.scalars import RateClass

__all__ = ["Pace", "Ticket"]

T = TypeVar("T")

WAITS = 0.55
"""The share of the reads that may go to looks at what is waited for, so that work finds one soon."""
HEAD_START_S = 600.0
"""What one rank is worth: who has it stands as if it had come so much earlier."""
ROUND_S = 1.0
"""How often the line is looked at while it waits: the shared count, or our clock, may have moved."""
WORTH_SAYING_S = 1.0
"""Shorter waits are told to nobody."""
_JUMP_S = 0.05
"""How far the wall clock may run off the monotonic one before it was set; less is the noise of two clocks, and within the reserve."""


class Pace:
    """The budget of one API key, for one process: see the module. Until Layers has said more, it is that of the tier standard.

    `resized`: called when Layers has told that the key may ask for more, or less, than was thought.
    """

    def __init__(self, clock: Clock, *, shelf: Shelf | None = None) -> None:
        self._clock = clock
        self._shelf: Shelf = shelf or Memory()
        self._tier, self._known = TIERS["standard"], False
        self._numbers = count()
        self.resized: list[Callable[[], None]] = []
        self._seen = (clock.now().timestamp(), clock.elapsed_s())
        self._lines = {rate: Line(rate, bucket.fresh(self._tier.of(rate), self._seen[0])) for rate in get_args(RateClass)}

    async def take(
        self, rate: RateClass, *, rank: int = 0, patience_s: float = inf, brake: bool = False, tell: Tell | None = None
    ) -> Ticket:
        """Wait for the right to send one request; it goes to `hear` with the answer. Who is cancelled leaves no trace.

        `rank`: each is a head start of ten minutes. `brake`: our own count of the day does not keep it back, Layers itself may.
        `tell` hears once what is waited for, when that takes a second or more.

        Raises:
            RateLimited: its turn would come, or did not come, in more than `patience_s` seconds; nothing was sent.
        """
        line, now_s = self._lines[rate], self._clock.elapsed_s()
        if not line.waiting and self._draw(line).got:
            return self._ticket(line)
        granted = asyncio.get_running_loop().create_future()
        place = Place(now_s - rank * HEAD_START_S, next(self._numbers), now_s + patience_s, granted)
        outlook = self._foresee(line, bisect(line.waiting, place))
        if brake and outlook.for_the_day:
            return await self._brake(line, patience_s)
        if outlook.wait_s > patience_s:
            raise outlook.refusal(rate)
        insort(line.waiting, place)
        line.soonest_s = min(line.soonest_s, place.until_s)
        if line.pump is None or line.pump.done():
            line.pump = asyncio.create_task(self._serve_all(line))
        try:
            if tell is not None and outlook.wait_s >= WORTH_SAYING_S:
                await tell(outlook.words)
            return await granted
        except BaseException:
            self._leave(line, place)
            raise

    def refusal(self, rate: RateClass) -> RateLimited | None:
        """What a request of this class would be told if it could not wait; None when it need not."""
        outlook = self._foresee(self._lines[rate], len(self._lines[rate].waiting))
        return outlook.refusal(rate) if outlook.wait_s >= WORTH_SAYING_S else None

    def a_minute(self, rate: RateClass) -> int:
        """How many requests of this class go out a minute."""
        return self._lines[rate].level.per_minute

    def looks_a_second(self, rate: RateClass) -> float:
        """How many requests of this class a second may go to looks at what is waited for."""
        return WAITS * self._lines[rate].level.per_minute / 60

    def give_back(self, ticket: Ticket) -> None:
        """Take back the right to a request that never went out; the next in line has it."""
        line = self._lines[ticket.rate]
        self._restore(line)
        self._serve(line)

    def hear(self, ticket: Ticket, said: Said | None) -> None:
        """Take in what the answer to a request said; None: there was none, and the server may have counted it or not."""
        line = self._lines[ticket.rate]
        line.out -= 1
        if said is None:
            return
        now = self._now()
        others, skipped_s = line.out, line.skipped_s
        line.sized |= said.limit is not None

        def heard(level: Level) -> Level:
            return bucket.hear(bucket.refill(level, now, skipped_s=skipped_s), now, said, others=others, whole=ticket.whole)

        known, new = bucket.refill(line.level, now, skipped_s=skipped_s), heard(line.level)
        if said.refused_s is None and new[2:] == known[2:] and new.tokens >= known.tokens - bucket.reserve(known) / 3:
            return  # it says what we knew
        fresh = bucket.fresh(line.level.per_minute, now)
        line.level, line.skipped_s = self._change(ticket.rate, lambda level: (made := heard(level or fresh), made)), 0.0
        if line.level.per_minute != known.per_minute:
            self._tell_resized()
        if said.limit is not None and not self._known:
            self.know(next((name for name, tier in TIERS.items() if tier.of(ticket.rate) == said.limit), ""))
        self._serve(line)

    def guesses(self, rate: RateClass) -> bool:
        """Whether a request of this class would have to wait only because nobody has told which tier the key has."""
        line = self._lines[rate]
        return not self._known and line.level.told and self._foresee(line, len(line.waiting)).wait_s >= WORTH_SAYING_S

    def know(self, tier: str) -> None:
        """Take over the sizes of this tier of the key, where no header has said another; a tier that nobody knows changes nothing."""
        self._known = True
        if tier not in TIERS:
            return
        self._tier = TIERS[tier]
        now = self._now()
        for line in (one for one in self._lines.values() if not one.sized):
            size = self._tier.of(line.rate)

            def sized(level: Level | None, size: int = size) -> tuple[Level, Level]:
                made = bucket.fresh(size, now) if level is None else bucket.resized(level, size)
                return made, made

            line.level = self._change(line.rate, sized)
            self._serve(line)
        self._tell_resized()

    def standing(self) -> tuple[Standing, ...]:
        """How each class stands, by the shared count."""
        return tuple(self._stands(line) for line in self._lines.values())

    def close(self) -> None:
        """Stop serving; who still waits is cancelled."""
        for line in self._lines.values():
            if line.pump is not None:
                line.pump.cancel()
            for place in line.waiting:
                place.granted.cancel()

    def _tell_resized(self) -> None:
        for tell in self.resized:
            tell()

    async def _brake(self, line: Line, patience_s: float) -> Ticket:
        """The right to send one request beyond the day's number of our count; the minute's, and what Layers refused, hold for it too."""
        until_s = self._clock.elapsed_s() + patience_s
        while not (drawn := self._draw(line, brake=True)).got:
            if self._clock.elapsed_s() + drawn.wait_s > until_s:
                words = limited(line.rate, line.level.per_minute, drawn, drawn.wait_s)
                raise Outlook(drawn.wait_s, words, for_the_day=False).refusal(line.rate)
            await self._clock.sleep(min(max(drawn.wait_s, 0.001), ROUND_S))
        return self._ticket(line)

    def _change(self, rate: RateClass, make: Callable[[Level | None], tuple[Level, T]]) -> T:
        """Change the shared count; where that can't be had, this process goes on by its own, as no request fails for being counted."""
        try:
            return self._shelf.change(rate, make)
        except Exception as problem:  # noqa: BLE001  whatever the database has
            logging.getLogger(__name__).warning("the shared count of %s can't be reached (%s)", rate, type(problem).__name__)
            return make(self._lines[rate].level)[1]

    def _now(self) -> float:
        """Now in seconds since 1970; how far the clock was set, forward or back, since the last look is noted for every line."""
        now, elapsed_s = self._clock.now().timestamp(), self._clock.elapsed_s()
        skipped_s = (now - self._seen[0]) - (elapsed_s - self._seen[1])
        self._seen = (now, elapsed_s)
        if abs(skipped_s) > _JUMP_S:
            for line in self._lines.values():
                line.skipped_s += skipped_s
        return now

    def _draw(self, line: Line, want: int = 1, *, brake: bool = False) -> Drawn:
        """The right to send up to `want` requests, or how long it takes until one may go. `brake`: the day's number does not count."""
        now = self._now()
        skipped_s, first = line.skipped_s, bucket.fresh(self._tier.of(line.rate), now)

        def drawn(level: Level | None) -> tuple[Level, tuple[Level, Drawn]]:
            level = bucket.refill(level or first, now, skipped_s=skipped_s)
            level, got = bucket.draw(level, now, want, most_a_day=None if brake else a_day(line.rate, level.per_minute))
            return level, (level, got)

        line.level, line.last = self._change(line.rate, drawn)
        line.skipped_s = 0.0
        return line.last

    def _ticket(self, line: Line) -> Ticket:
        """One of those that were just drawn."""
        whole = line.last.whole and not line.out
        line.out += 1
        return Ticket(line.rate, whole)

    def _foresee(self, line: Line, ahead: int) -> Outlook:
        """What a request waits for with so many before it."""
        now = self._now()
        level = bucket.refill(line.level, now, skipped_s=line.skipped_s)
        _, next_one = bucket.draw(level, now, most_a_day=a_day(line.rate, level.per_minute))
        behind = ahead if next_one.wait_s else max(ahead - level.tokens + 1, 0.0)
        wait_s = next_one.wait_s + behind * 60 / level.per_minute
        return Outlook(wait_s, limited(line.rate, level.per_minute, next_one, wait_s), next_one.for_the_day)

    def _stands(self, line: Line) -> Standing:
        now = self._now()
        line.level = self._change(line.rate, lambda kept: (kept or line.level, kept or line.level))
        level = bucket.refill(line.level, now, skipped_s=line.skipped_s)
        most = a_day(line.rate, level.per_minute)
        _, next_one = bucket.draw(level, now, most_a_day=most)
        left, wait_s, used = max(int(level.tokens), 0), next_one.wait_s, level.used
        return Standing(rate=line.rate, per_minute=level.per_minute, left=left, wait_s=wait_s, used=used, most_a_day=most)

    def _serve(self, line: Line) -> None:
        """Give out what there is, first come first served, ranks counted; who has waited too long is told so."""
        now_s = self._clock.elapsed_s()
        if line.soonest_s < now_s:
            self._refuse(line, [one for one in line.waiting if one.until_s < now_s])
        line.waiting[:] = [place for place in line.waiting if not place.granted.done()]  # else it was cancelled a moment ago
        while line.waiting and (drawn := self._draw(line, len(line.waiting))).got:
            for place in line.waiting[: drawn.got]:
                place.granted.set_result(self._ticket(line))
            del line.waiting[: drawn.got]

    def _refuse(self, line: Line, late: list[Place]) -> None:
        """Tell whose patience is over what still stands before them."""
        for place in late:
            ahead = line.waiting.index(place)
            if not place.granted.done():
                place.granted.set_exception(self._foresee(line, ahead).refusal(line.rate))
        gone = {place.number for place in late}
        line.waiting[:] = [one for one in line.waiting if one.number not in gone]
        line.soonest_s = min((one.until_s for one in line.waiting), default=inf)

    async def _serve_all(self, line: Line) -> None:
        """Serve until nobody waits."""
        while line.waiting:
            self._serve(line)
            if line.waiting:
                await self._clock.sleep(min(max(line.last.wait_s, 0.001), ROUND_S))

    def _leave(self, line: Line, place: Place) -> None:
        """Give back the place, or the right that came at the same moment."""
        if place in line.waiting:
            line.waiting.remove(place)
        elif place.granted.done() and not place.granted.cancelled() and place.granted.exception() is None:
            self._restore(line)

    def _restore(self, line: Line) -> None:
        """Put one request back that was drawn."""
        line.out -= 1
        line.level = self._change(line.rate, lambda kept: ((made := bucket.give_back(kept or line.level)), made))
