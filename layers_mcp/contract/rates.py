"""What a key may ask of Layers: its tier's numbers, and how one of its buckets stands.

Numbers: layers-api, operational/rate-limits. Those of `sandbox` and `internal` are ours (`drift`).
"""

from __future__ import annotations

from typing import NamedTuple

from layers_mcp.contract.scalars import RateClass

__all__ = ["TIERS", "Level", "Tier"]


class Tier(NamedTuple):
    """Requests a minute of each class, and writes a day."""

    read_light: int
    write_light: int
    long_running: int
    writes_a_day: int

    def of(self, rate: RateClass) -> int:
        """Requests a minute of one class."""
        return {"read-light": self.read_light, "write-light": self.write_light, "long-running": self.long_running}[rate]

    def a_day(self, rate: RateClass) -> int | None:
        """Requests a day of one class; None where only the minute counts."""
        return self.writes_a_day if rate == "write-light" else None


TIERS = {
    "sandbox": Tier(60, 30, 10, 1_000),
    "standard": Tier(120, 60, 20, 10_000),
    "pilot": Tier(1_200, 600, 60, 100_000),
    "partner": Tier(6_000, 3_000, 300, 500_000),
    "internal": Tier(60_000, 30_000, 3_000, 5_000_000),
}


class Level(NamedTuple):
    """How a bucket stood at a moment, by our own count.

    Times are seconds since 1970, UTC. `tokens`: requests that may go out at `at`, below 0 after a refusal; it.
    `blocked_until`: nothing goes out before. `room`: how many requests the server's bucket holds; `told`: whether an answer has come
    that could say so. `used`: requests of `day` (days since 1970).
    """

    tokens: float
    at: float
    per_minute: int
    room: float
    blocked_until: float = 0.0
    day: int = 0
    used: int = 0
    told: bool = False
