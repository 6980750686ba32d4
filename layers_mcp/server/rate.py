"""How often somebody may do something: requests of a client, and wrong secrets of an address."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Rate", "wrong_ones"]

_KNOWN = 10_000
"""Buckets that are kept; those that are full again are dropped first, then the oldest."""
_WRONG = 20
"""Wrong secrets a minute of one address that are answered as such (our choice: nobody mistypes more)."""


class Rate:
    """A token bucket for each name: it holds a minute's worth and fills up evenly."""

    def __init__(self, per_minute: int, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._per_s, self._elapsed_s = float(per_minute), per_minute / 60, elapsed_s
        self._left: dict[str, tuple[float, float]] = {}

    def _now(self, name: str) -> tuple[float, float]:
        """How much is left, and the time."""
        now = self._elapsed_s()
        left, since = self._left.get(name, (self._most, now))
        return min(self._most, left + (now - since) * self._per_s), now

    def pause_s(self, name: str) -> float:
        """Seconds until one may be taken, 0 when now; nothing is taken."""
        left, _ = self._now(name)
        return 0.0 if left >= 1 else (1 - left) / self._per_s

    def take(self, name: str) -> float:
        """Take one; 0 when it was there, else the seconds until one is."""
        pause_s, (left, now) = self.pause_s(name), self._now(name)
        self._left[name] = (left if pause_s else left - 1, now)
        if len(self._left) > _KNOWN:
            kept = {known: bucket for known, bucket in self._left.items() if self._now(known)[0] < self._most}
            self._left = dict(list(kept.items())[-_KNOWN // 2 :])
        return pause_s


def wrong_ones(elapsed_s: Callable[[], float] = time.monotonic) -> Rate:
    """Wrong secrets, by the address they came from. It tells who sends too many to wait; a right one is let in whatever came before it.

    Behind a proxy or an office's router many clients have one address, and a secret that can't be guessed needs no shutting out.
    """
    return Rate(_WRONG, elapsed_s)
