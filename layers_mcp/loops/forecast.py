"""What onboarding many customers comes to, and the days after it: by the limits of a key's tier, before the first one is begun.

Layers' limits, not this machine, decide how fast customers are taken on: each class of requests goes out at so many a minute, and writes
at so many a day, which begins at 00:00 UTC (layers-api, operational/rate-limits).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, get_args

from layers_mcp.contract.rates import TIERS, Tier
from layers_mcp.contract.scalars import RateClass
from layers_mcp.loops.customer import Onboard

__all__ = ["DAILY", "Cost", "Demand", "Forecast", "Steady", "cost", "forecast", "of_onboarding", "steady"]

_DAY: Final = timedelta(days=1)
_TAIL: Final = timedelta(minutes=11)
"""The longest that the jobs of the last customer take (seed 004: 3 to 8 minutes, and 90 to 180 seconds)."""
CLASSES: Final[tuple[RateClass, ...]] = get_args(RateClass)
OFFERED: Final = ("standard", "pilot", "partner")
"""The tiers that a partner can have (layers-api, operational/rate-limits)."""


class Demand(NamedTuple):
    """Requests of each class."""

    reads: int = 0
    writes: int = 0
    starts: int = 0

    def of(self, rate: RateClass) -> int:
        """Those of one class."""
        return {"read-light": self.reads, "write-light": self.writes, "long-running": self.starts}[rate]


DAILY: Final = Demand(reads=60, writes=6, starts=1)
"""What the two daily loops of a customer send on a full day: one clone in two variations, three posts, the three posts of a withdrawn
source, and a campaign to review (`tests/loops/daily/test_demand.py`: 50 reads; a typical day without ads has 25, 2 writes and the start).

Beside it are what a person says yes to (fresh creatives), plans of several posts a day, and what events bring forward
(`loops/early`): about 20 reads a loop each time, and the writes of the posts it finds, which the day's own run then has no more.
"""
_READS: Final = 9
"""Reads of an onboarding, looks at its jobs included (`tests/bench/onboarding_fleet.py`: 14 with an account and a post)."""
_READS_EACH: Final = 3


def of_onboarding(given: Onboard) -> Demand:
    """What one onboarding sends: project, SDK app (an ingest of a repository makes its own), a link for each account, and its posts."""
    reads = _READS + _READS_EACH * (len(given.connect) + given.posts)
    writes = 1 + (given.installation_id is not None) + (given.source in ("website", "appstore")) + len(given.connect) + given.posts
    return Demand(reads, writes, (given.source != "none") + (given.posts > 0))


@dataclass(frozen=True)
class Forecast:
    """When it is done: each customer's instant in their order, `by`: the class that it is limited by."""

    done_at: tuple[datetime, ...]
    total: Demand
    by: RateClass

    @property
    def ends_at(self) -> datetime:
        """When the last one is on board, if no person is waited for."""
        return self.done_at[-1]

    def a_day(self) -> tuple[int, ...]:
        """How many are on board on each day (UTC), from the first on."""
        first, days = self.done_at[0].date(), [0] * ((self.ends_at.date() - self.done_at[0].date()).days + 1)
        for at in self.done_at:
            days[(at.date() - first).days] += 1
        return tuple(days)


class _Cursor:
    """When the next request of one class can go out."""

    def __init__(self, per_minute: int, now: datetime, a_day: int | None, used: int) -> None:
        self.at: datetime = now
        self._each, self._a_day, self._used, self._day = timedelta(minutes=1) / per_minute, a_day, used, now.date()

    def take(self, count: int) -> datetime:
        """So many go out, one after the other."""
        for _ in range(count):
            if self.at.date() != self._day:
                self._day, self._used = self.at.date(), 0
            if self._a_day is not None and self._used >= self._a_day:
                self._day, self._used = self._day + _DAY, 0
                self.at = datetime(self._day.year, self._day.month, self._day.day, tzinfo=UTC)
            self._used += 1
            self.at += self._each
        return self.at


def forecast(demands: Sequence[Demand], tier: Tier, *, now: datetime, used: int = 0) -> Forecast:
    """How onboardings of these demands, at least one, go from `now` (UTC) on. `used`: writes that went out today already."""
    cursors = {rate: _Cursor(tier.of(rate), now.astimezone(UTC), tier.a_day(rate), used if tier.a_day(rate) else 0) for rate in CLASSES}
    done = tuple(max(cursors[rate].take(one.of(rate)) for rate in CLASSES) + _TAIL for one in demands)
    total = Demand(sum(one.reads for one in demands), sum(one.writes for one in demands), sum(one.starts for one in demands))
    return Forecast(done, total, max(CLASSES, key=lambda rate: cursors[rate].at))


class Cost(NamedTuple):
    """What first batches cost at most, in credits, and how many of them wait for a person's yes, or for credits."""

    credits: int
    asks: int


def cost(batches: Sequence[int], *, most: int | None, left: int | None) -> Cost:
    """What batches of so many credits come to in their order. `most`: of one, `left`: of all that no yes is needed for; None: no limit."""
    gone = asks = 0
    for batch in batches:
        if batch and ((most is not None and batch > most) or (left is not None and gone + batch > left)):
            asks += 1
        else:
            gone += batch
    return Cost(sum(batches), asks)


@dataclass(frozen=True)
class Steady:
    """The days after. `fit`: how many customers have their turn each day at the tier; `by`: the class that limits it.

    `needs`: the smallest tier at which all have, None where even the largest is too small.
    """

    customers: int
    fit: int
    by: RateClass
    needs: str | None

    @property
    def every_days(self) -> int:
        """Each how many days a customer has its turn when all share what there is."""
        return -(-self.customers // max(self.fit, 1))


def _fit(tier: Tier, each: Demand) -> tuple[int, RateClass]:
    """How many customers' demands of a day go out within one, and which class limits it."""
    fits: dict[RateClass, int] = {}
    for rate in CLASSES:
        a_day = min(tier.of(rate) * 24 * 60, tier.a_day(rate) or tier.of(rate) * 24 * 60)
        fits[rate] = a_day // max(each.of(rate), 1)
    by = min(fits, key=lambda rate: fits[rate])
    return fits[by], by


def steady(customers: int, tier: Tier) -> Steady:
    """The daily state that so many customers lead to."""
    fit, by = _fit(tier, DAILY)
    needs = next((name for name in OFFERED if _fit(TIERS[name], DAILY)[0] >= customers), None)
    return Steady(customers, min(fit, customers), by, needs)
