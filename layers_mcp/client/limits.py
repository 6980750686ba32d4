"""What a rate limit looks like to a person: how a class stands, what is waited for, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from layers_mcp.client.bucket import Drawn
from layers_mcp.contract.rates import TIERS, Tier
from layers_mcp.contract.scalars import RateClass

__all__ = ["Standing", "a_day", "admitted", "limited", "plan", "span_words"]

_NAMES: dict[RateClass, str] = {"read-light": "reads", "write-light": "writes", "long-running": "starts"}


def span_words(pause_s: float) -> str:
    """`40 s`, `12 min`, `3 h 12 min`."""
    if pause_s < 120:
        return f"{max(round(pause_s), 1)} s"
    minutes = round(pause_s / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def a_day(rate: RateClass, per_minute: int) -> int | None:
    """Requests a day of the tier with this number a minute; None where only the minute counts, or no tier has it."""
    return next((tier.a_day(rate) for tier in TIERS.values() if tier.of(rate) == per_minute), None)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one class stands: `left` may go out at once, by our count; `most_a_day` and `used` where the day counts."""

    rate: RateClass
    per_minute: int
    left: int
    wait_s: float
    used: int
    most_a_day: int | None

    def __str__(self) -> str:
        now = f"the next in {span_words(self.wait_s)}" if self.wait_s else f"{self.left:,} left"
        day = "" if self.most_a_day is None else f", {max(self.most_a_day - self.used, 0):,} of {self.most_a_day:,} left today"
        return f"{_NAMES[self.rate]} {self.per_minute:,} a minute ({now}{day})"


def limited(rate: RateClass, per_minute: int, drawn: Drawn, wait_s: float) -> str:
    """What is waited for: `limited by starts: 20 a minute; yours in 40 s`."""
    if drawn.for_the_day:
        return f"limited by {_NAMES[rate]}: {a_day(rate, per_minute):,} a day are used up; more from 00:00 UTC, in {span_words(wait_s)}"
    return f"limited by {_NAMES[rate]}: {per_minute:,} a minute; yours in {span_words(wait_s)}"


def admitted(starts_a_minute: float, longest_s: float, *, starts: int = 2) -> int:
    """How many customers to have in progress at once, each with `starts` starts and at most `longest_s` seconds of long work.

    Half as many again as the starts can feed: the starts never idle, and who came first is done first.
    """
    return max(int(1.5 * starts_a_minute / starts * longest_s / 60), 1)


def plan(customers: int, tier: Tier, *, writes: int = 5, starts: int = 2) -> str:
    """What onboarding so many customers comes to, each with so many writes and starts, before the first one is begun."""
    days = ceil(customers * writes / tier.writes_a_day)
    minutes_s = customers * max(starts / tier.long_running, writes / tier.write_light) * 60
    span = f"{span_words(minutes_s)} at least" if days <= 1 else f"{days} days"
    return f"{writes} writes a customer: {tier.writes_a_day // writes:,} customers a day; {starts} starts each; {customers:,} take {span}"
