"""Who waits for a request of one class, and what one process knows of that class."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from layers_mcp.client.bucket import Drawn
from layers_mcp.contract.errors import RateLimited
from layers_mcp.contract.rates import Level
from layers_mcp.contract.scalars import RateClass

__all__ = ["Line", "Outlook", "Place", "Ticket"]


@dataclass(eq=False)
class Ticket:
    """The right to send one request. `whole`: nothing else had been sent for so long that the bucket was full."""

    rate: RateClass
    whole: bool = False


@dataclass(order=True)
class Place:
    """A place in line; the smallest goes first."""

    key_s: float
    number: int
    until_s: float = field(compare=False)
    granted: asyncio.Future[Ticket] = field(compare=False)


@dataclass(eq=False)
class Line:
    """What one process knows of one class.

    `out`: sent and not answered; `soonest_s`: nobody's patience ends before; `skipped_s`: how far the wall clock was set since the count
    was changed; `sized`: a header said how many a minute; `last`: what the last draw came to.
    """

    rate: RateClass
    level: Level
    waiting: list[Place] = field(default_factory=list["Place"])
    out: int = 0
    soonest_s: float = inf
    sized: bool = False
    skipped_s: float = 0.0
    last: Drawn = field(default_factory=lambda: Drawn(0))
    pump: asyncio.Task[None] | None = None


class Outlook(NamedTuple):
    """What a request would wait for, about how long, and in words; `for_the_day`: the day's number is used up, by our count."""

    wait_s: float
    words: str
    for_the_day: bool

    def refusal(self, rate: RateClass) -> RateLimited:
        """What is raised when that is too long."""
        return RateLimited(self.words, details={"endpointClass": rate}, retry_after_s=round(self.wait_s, 1))
