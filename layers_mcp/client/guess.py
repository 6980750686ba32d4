"""When to look again: judged from how long things of a kind last, from what this one has shown, and from what a look costs.

The idea. A look costs one request; learning of the end late costs `PRICE` requests a second. When things of a kind end at a rate of `h`
a second, looks `sqrt(2 / (PRICE * h))` seconds apart cost least (J. B. Keller, Optimum checking schedules, Management Science 1974). So
a `Law` spreads looks over the time in which such things end, few before and few after. What was learned may be wrong, so a little of
its belief goes to any time at all: that is the one early look, and the patience with what takes much longer.

A thing that shows its progress says more than its kind does: after a step forward we look again at half of the rest that
the step promises, at most a few looks' worth away; a promise that held twice is trusted for more. While it stands still we look at least
as soon as it has stood so far, or when its kind says so.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from math import floor, log2, sqrt
from typing import NamedTuple

__all__ = ["PRIORS", "Law", "Prior", "Trace", "bucket_of", "pause_s", "prior_of"]

PRICE = 3.3
"""Requests that a second of lag is worth: an ingest (3-8 minutes) without progress is then found less than 5 s late on average."""
DOUBT = 0.005
"""The share of belief that the law is wrong altogether; it makes one look before the shortest known time."""
STEEP = 3.7
"""How soon a thing that has outlasted its kind is expected to end: at this rate over its age."""
TRUST = 8.0
"""How many things of a kind the prior counts for."""
STEPS = 4
"""Buckets to a doubling of time: a bucket is 19 % wide."""
FIRST, LAST = -8, 68
"""The first bucket begins at a quarter of a second, the last ends after a day and a half."""
FINE = 6
"""Points to a bucket where looks are counted."""
QUICKEST_S, FLOOR_S, SLOWEST_S = 0.25, 1.0, 120.0
"""Pauses are at least the first, for things that last a minute or more at least the second, and never longer than the third."""
SHARE, SURE = 0.5, 0.6
"""How much of the promised rest is slept through: at first, and once two promises agreed."""
AGREED = 0.08
"""Two promises agree when their ends differ by less than this share of the rest."""
EARLY, RARE = 0.1, 0.05
"""The early look comes at this share of the time in which less than the other share of a kind are over."""
LEASH = 3
"""A promise is believed for at most this many looks that the kind alone would be worth."""


class Prior(NamedTuple):
    """What the docs say: the shortest and longest time in seconds, and the longest pause while somebody waits for it."""

    low_s: float
    high_s: float
    slowest_s: float = SLOWEST_S


PRIORS: Mapping[str, Prior] = {
    "project_ingest_github": Prior(180, 480),  # seed 004, step 3: "3-8 minutes"
    "content_generate": Prior(90, 180),  # seed 004, step 6: "90-180 seconds"
    "project_ingest_website": Prior(1, 10),  # layers-api: concepts/jobs
    "influencer_create": Prior(40, 80),  # same place: about a minute
    "keywords_refresh": Prior(240, 300),  # same place
    "ads_optimizer_run": Prior(300, 900),  # same place
    "post": Prior(2, 60, 30),  # after its time has come; 30 s while queued (layers-api: concepts/scheduling)
    "consent": Prior(5, 600, 5),  # a person; every 5 s (seed 004, step 5)
}
ANY = Prior(5, 600)
"""A kind nobody has described."""


def prior_of(kind: str | None, *, speed: float = 1.0) -> Prior:
    """The prior of a kind where things run `speed` times faster than life."""
    low_s, high_s, slowest_s = PRIORS.get(kind or "", ANY)
    return Prior(low_s / speed, high_s / speed, slowest_s)


def bucket_of(lasted_s: float) -> int:
    """The bucket that a duration is counted in."""
    return min(max(floor(STEPS * log2(max(lasted_s, 1e-3))), FIRST), LAST)


def _edge_s(bucket: float) -> float:
    return 2.0 ** (bucket / STEPS)


def _masses(counts: Mapping[int, float], prior: Prior) -> list[float]:
    """How much of all belief lies in each bucket: what was counted, and the prior spread evenly over its span."""
    span_s, masses = max(prior.high_s - prior.low_s, 1e-3), [0.0] * (LAST - FIRST + 1)
    for place in range(len(masses)):
        low_s, high_s = _edge_s(FIRST + place), _edge_s(FIRST + place + 1)
        shared_s = min(high_s, prior.high_s) - max(low_s, prior.low_s)
        masses[place] = counts.get(FIRST + place, 0.0) + TRUST * max(shared_s, 0.0) / span_s
    whole = sum(masses) or 1.0
    return [mass / whole for mass in masses]


class Law:
    """How long things of a kind last, and so how many looks they are worth up to any age.

    `counts`: how many of late lasted as long as each bucket; old ones may count for less than one.
    """

    def __init__(self, counts: Mapping[int, float], prior: Prior) -> None:
        masses = _masses(counts, prior)
        self.slowest_s = prior.slowest_s
        middle = next((place for place, sum_ in enumerate(accumulate(masses)) if sum_ >= 0.5), len(masses) - 1)
        self.median_s = _edge_s(FIRST + middle + 0.5)
        self.soonest_s = _edge_s(FIRST + next((place for place, sum_ in enumerate(accumulate(masses)) if sum_ >= RARE), 0))
        self.floor_s = min(max(self.median_s / 60, QUICKEST_S), FLOOR_S)
        self._ages, self._looks = [0.0], [0.0]
        left, looks = 1.0, 0.0
        for place, mass in enumerate(masses):
            start_s, width_s = _edge_s(FIRST + place), _edge_s(FIRST + place + 1) - _edge_s(FIRST + place)
            if place == 0:
                looks += self._rate(0.0, 1.0, 0.0) * start_s
                self._mark(start_s, looks)
            for part in range(FINE):
                at_s = start_s + width_s * (part + 0.5) / FINE
                alive = left - mass * (part + 0.5) / FINE
                looks += self._rate(mass / width_s, alive, at_s) * width_s / FINE
                self._mark(start_s + width_s * (part + 1) / FINE, looks)
            left -= mass

    @property
    def early_s(self) -> float:
        """When to look early, once: a thing that is seldom over by then may show how far it is, or that it went wrong at once."""
        return max(EARLY * self.soonest_s, self.floor_s)

    def _mark(self, age_s: float, looks: float) -> None:
        self._ages.append(age_s)
        self._looks.append(looks)

    def _rate(self, ending: float, alive: float, age_s: float) -> float:
        """Looks a second at an age that `alive` of the known things reach, and where `ending` of all end a second."""
        reach = 1 + age_s / self.median_s
        other = DOUBT * reach**-STEEP
        ends = (1 - DOUBT) * ending + other * STEEP / (self.median_s * reach)
        return sqrt(PRICE / 2 * ends / ((1 - DOUBT) * max(alive, 0.0) + other))

    def pause_s(self, age_s: float, looks: float = 1.0) -> float:
        """Seconds from `age_s` until this many looks are due, by the kind alone; before it begins (a negative age) until then."""
        if age_s < 0:
            return self.pause_s(0.0, looks) - age_s
        ages, counts = self._ages, self._looks
        place = bisect_right(ages, age_s)
        if place >= len(ages):
            return self.slowest_s
        rate = (counts[place] - counts[place - 1]) / (ages[place] - ages[place - 1])
        due = counts[place] - rate * (ages[place] - age_s) + looks
        then = bisect_right(counts, due)
        if then >= len(counts):
            return self.slowest_s
        rate = (counts[then] - counts[then - 1]) / (ages[then] - ages[then - 1])
        return ages[then] - (counts[then] - due) / rate - age_s


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What the looks at one thing have shown so far, on our clock: `first_done` at `first_s`, `done` since `moved_s`.

    `ends_s`: when it was last promised to end; `agreed`: that promise and the one before were the same.
    """

    first_s: float
    first_done: float
    done: float
    moved_s: float
    seen_s: float
    ends_s: float | None = None
    agreed: bool = False

    @classmethod
    def begin(cls, at_s: float, done: float, age_s: float | None) -> Trace:
        """The first look, at something of this age (None: nobody knows)."""
        trace = cls(first_s=at_s, first_done=done, done=done, moved_s=at_s, seen_s=at_s)
        return trace if age_s is None or age_s <= 0 or done <= 0 else replace(trace, ends_s=at_s + age_s * (1 - done) / done)

    def seen(self, at_s: float, done: float) -> Trace:
        """And then another look."""
        if done <= self.done:
            return replace(self, seen_s=at_s)
        ends_s = at_s + (at_s - self.first_s) * (1 - done) / (done - self.first_done)
        agreed = self.ends_s is not None and abs(ends_s - self.ends_s) < AGREED * (ends_s - at_s)
        return replace(self, done=done, moved_s=at_s, seen_s=at_s, ends_s=ends_s, agreed=agreed)


def pause_s(law: Law, trace: Trace, age_s: float) -> float:
    """Seconds from the last look until the next, for something that is `age_s` old at that look."""
    kind_s = law.pause_s(age_s)
    if trace.seen_s == trace.first_s and trace.ends_s is None and age_s < law.early_s:
        wanted_s = min(kind_s, law.early_s)
    elif trace.ends_s is None:
        wanted_s = kind_s
    elif trace.moved_s == trace.seen_s:
        share = SURE if trace.agreed else SHARE
        wanted_s = min(share * (trace.ends_s - trace.seen_s), law.pause_s(age_s, LEASH))
    else:
        wanted_s = min(kind_s, trace.seen_s - trace.moved_s)
    return min(max(wanted_s, law.floor_s), law.slowest_s)
