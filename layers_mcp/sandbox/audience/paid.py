"""What ads earn: how fast money is spent, what it buys, and how a creative tires.

All parameters stand here. A stretch is a time in which nothing was changed from outside: one budget, one bid, running or not. Within it
every counter is a closed form of the time, and each stretch carries the counters of the one before, so that any window of any ad costs two
evaluations. Counters never fall and add up: the days of a week make the week, the ads of a campaign make the campaign.

The figures are ours, chosen to be plausible for small consumer apps; no page of Layers states any (`drift`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from math import exp, floor
from typing import NamedTuple

from layers_mcp.sandbox.audience.chance import bell, draws, uniform

__all__ = ["Arrivals", "Counts", "Pace", "Point", "Stretch", "Traits", "arrivals_of", "counts_at", "point_at", "reach_of", "traits_of"]

_CPM = {"meta_ads": 900.0, "tiktok_ads": 620.0, "apple_ads": 2400.0}
"""Cents a thousand impressions of a middling ad."""
_CTR = {"meta_ads": 0.011, "tiktok_ads": 0.009, "apple_ads": 0.06}
"""Clicks an impression of a middling, fresh ad."""
_CVR = {"meta_ads": 0.055, "tiktok_ads": 0.045, "apple_ads": 0.30}
"""Conversions a click of a middling, fresh ad."""
_WORTH = 1900.0
"""Cents that a conversion brings, in the middle."""
_BY_QUALITY, _BY_LUCK = 0.45, 0.12
"""How much of the logarithm of clicks and conversions the creative's true quality and the ad's own luck each move, by deviation."""
_FAVOUR = 0.35
"""How much of the budget's split follows quality: platforms favour what is clicked on."""
_STAMINA = 9.0
"""Impressions by person after which a creative's pull has fallen to a third of what can fall."""
_LIFE_DAYS = 75.0
"""Days after which it has, however seldom it was shown."""
_FLOOR = 0.25
"""The share of its pull that a creative never loses."""
_WEEK = {
    "meta_ads": (0.96, 0.95, 0.94, 0.95, 0.97, 1.0, 1.0),
    "tiktok_ads": (0.94, 0.93, 0.94, 0.95, 0.98, 1.0, 1.0),
    "apple_ads": (0.90, 0.89, 0.90, 0.91, 0.95, 1.0, 0.99),
}
"""How much of a daily budget is spent on each day, Monday first; never more than all of it."""
_UNEVEN = 0.04
_DAY = timedelta(days=1)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_GRAIN = 16
"""Steps of the course of chance in which one event is to be expected; finer, and a crowd of them comes more evenly than chance would."""
_UNITS = 4096
"""Events to be expected on the whole course, after which it begins again."""
_NONE, _ONE = (int(2**32 * exp(-1 / _GRAIN) * more) for more in (1, 1 + 1 / _GRAIN))
"""Below which of 2**32 nothing happens in a step, and below which one thing does."""


class Traits(NamedTuple):
    """What an ad is like. `cpm`, `worth` in cents; `ctr`, `cvr` when fresh; `people` it can reach; `weight` in the budget's split."""

    platform: str
    cpm: float
    ctr: float
    cvr: float
    worth: float
    weight: float
    people: int
    clicks_from: int
    conversions_from: int


class Stretch(NamedTuple):
    """A time without changes: `since` to `until` in paced days, cents a paced day, cents a thousand, and the counters at its start."""

    since: float
    until: float
    rate: float
    cpm: float
    spend: float = 0.0
    shown: float = 0.0
    clicks: float = 0.0
    conversions: float = 0.0
    wear: float = 1.0


class Point(NamedTuple):
    """An ad's counters at an instant, before they are made whole; `wear` 1 when fresh, towards 0."""

    spend: float
    shown: float
    clicks: float
    conversions: float
    wear: float


class Counts(NamedTuple):
    """An ad's counters at some instants, whole and never falling."""

    spend_cents: list[int]
    impressions: list[int]
    clicks: list[int]
    conversions: list[int]


class Arrivals:
    """How often a thing happened by the time it was to be expected so many times: a fixed course of chance, the same for a seed.

    Steps come as they do when each is independent of the others, so small numbers scatter as small numbers do.
    """

    def __init__(self, seed: str) -> None:
        drawn = draws(_UNITS * _GRAIN, seed, "arrivals")
        self.table = [0, *accumulate(0 if draw < _NONE else 1 if draw < _ONE else 2 for draw in drawn)]


@lru_cache(maxsize=8)
def arrivals_of(seed: str) -> Arrivals:
    """The course of this seed."""
    return Arrivals(seed)


@lru_cache(maxsize=100_000)
def _share(seed: str, platform: str, day: int) -> float:
    weekday = (_START + day * _DAY).weekday()
    return min(_WEEK[platform][weekday] * (1 - _UNEVEN * uniform(seed, "pace", platform, day)), 1.0)


class Pace:
    """How much of a day's budget has been spent by when on one platform: paced days since `first`."""

    def __init__(self, seed: str, platform: str, first: datetime, last: datetime) -> None:
        self._day = (first - _START) // _DAY
        days = range(self._day, (last - _START) // _DAY + 2)
        self._shares = [_share(seed, platform, day) for day in days]
        self._by = [0.0, *accumulate(self._shares)]
        self._begin = _START + self._day * _DAY

    def at(self, when: datetime) -> float:
        """Paced days from the beginning of the first day to `when`; never falls."""
        gone = (when - self._begin) / _DAY
        day = min(max(int(gone), 0), len(self._shares) - 1)
        return self._by[day] + (gone - day) * self._shares[day]


def traits_of(seed: str, platform: str, name: tuple[str, ...], *, quality: float, people: int) -> Traits:
    """What the ad called `name` is like; `quality`: its creative's true one, 0 in the middle, in deviations.

    It hangs on names and on the seed, so that the same story told again gives the same numbers.
    """
    pull = exp(_BY_QUALITY * quality + _BY_LUCK * bell(seed, "pull", *name))
    sale = exp(_BY_QUALITY * quality + _BY_LUCK * bell(seed, "sale", *name))
    return Traits(
        platform=platform,
        cpm=_CPM[platform] * exp(0.18 * bell(seed, "cpm", *name)),
        ctr=min(_CTR[platform] * pull, 0.5),
        cvr=min(_CVR[platform] * sale, 0.8),
        worth=_WORTH * exp(0.1 * bell(seed, "worth", *name[:1])),
        weight=exp(_FAVOUR * quality + 0.25 * bell(seed, "weight", *name)),
        people=people,
        clicks_from=int(uniform(seed, "clicks", *name) * _UNITS * _GRAIN),
        conversions_from=int(uniform(seed, "conversions", *name) * _UNITS * _GRAIN),
    )


def _tiring(ad: Traits, stretch: Stretch) -> float:
    """How fast the pull falls, by the paced day."""
    return stretch.rate * 1000 / stretch.cpm / (ad.people * _STAMINA) + 1 / _LIFE_DAYS


def _clicked(ad: Traits, stretch: Stretch, days: Sequence[float]) -> list[float]:
    """The clicks that came within each of so many paced days of a stretch: those that last, and those that fade as it tires."""
    a_day, tiring = stretch.rate * 1000 / stretch.cpm, _tiring(ad, stretch)
    lasting, fading = a_day * ad.ctr * _FLOOR, a_day * ad.ctr * (1 - _FLOOR) * stretch.wear / tiring
    return [lasting * gone + fading * (1 - exp(-tiring * gone)) for gone in days]


def point_at(ad: Traits, stretch: Stretch, paced: float) -> Point:
    """The counters at `paced`, which lies in `stretch` or after its end."""
    gone = min(paced, stretch.until) - stretch.since
    if not stretch.rate or gone <= 0:
        return Point(stretch.spend, stretch.shown, stretch.clicks, stretch.conversions, stretch.wear)
    (clicks,) = _clicked(ad, stretch, [gone])
    return Point(
        stretch.spend + stretch.rate * gone,
        stretch.shown + stretch.rate * 1000 / stretch.cpm * gone,
        stretch.clicks + clicks,
        stretch.conversions + clicks * ad.cvr,
        stretch.wear * exp(-_tiring(ad, stretch) * gone),
    )


def _came(table: Sequence[int], begin: int, steps: Sequence[float]) -> list[int]:
    """Whole events after each number of steps, begun or done, on the course from `begin` on."""
    already, size = table[begin], len(table) - 1
    if begin + steps[-1] < size:
        return [table[begin + floor(step)] - already for step in steps]
    ends = [begin + floor(step) for step in steps]
    return [end // size * table[-1] + table[end % size] - already for end in ends]


def _within(ad: Traits, one: Stretch, paced: Sequence[float], arrivals: Arrivals) -> Counts:
    """The counters at instants that all lie in one stretch, or after its end."""
    since = one.since
    if not one.rate and len(paced) > 1:  # nothing moves
        return Counts(*(column * len(paced) for column in _within(ad, one, paced[:1], arrivals)))
    if not one.rate:
        gone = [0.0]
    elif since <= paced[0] and paced[-1] <= one.until:
        gone = [when - since for when in paced]
    else:
        gone = [max(min(when, one.until) - since, 0.0) for when in paced]
    more, a_day = _clicked(ad, one, gone), one.rate * 1000 / one.cpm
    spend, shown, rate = one.spend, one.shown, one.rate
    clicks, sales, sale = one.clicks * _GRAIN, one.conversions * _GRAIN, ad.cvr * _GRAIN
    return Counts(
        [floor(spend + rate * days) for days in gone],
        [floor(shown + a_day * days) for days in gone],
        _came(arrivals.table, ad.clicks_from, [clicks + _GRAIN * one_more for one_more in more]),
        _came(arrivals.table, ad.conversions_from, [sales + sale * one_more for one_more in more]),
    )


def counts_at(ad: Traits, stretches: Sequence[Stretch], paced: Sequence[float], arrivals: Arrivals) -> Counts:
    """The counters at each of `paced`, in rising order: what was bought is counted exactly, what people did comes by chance.

    A project of thousands of ads is summed day by day through here, so it goes stretch by stretch rather than day by day.
    """
    found = Counts([], [], [], [])
    begin = 0
    for here, one in enumerate(stretches):
        end = len(paced) if here == len(stretches) - 1 else bisect_left(paced, stretches[here + 1].since, begin)
        if end > begin:
            for column, more in zip(found, _within(ad, one, paced[begin:end], arrivals), strict=True):
                column.extend(more)
        begin = end
    return found


def reach_of(impressions: int, people: int) -> float:
    """How many of `people` saw one of `impressions` at least, when each falls on anybody."""
    return people * (1 - exp(-impressions / people)) if people else 0.0
