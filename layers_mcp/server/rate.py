"""How often somebody may do something: requests of a client, and wrong secrets of an address."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["Failures", "Rate"]

_KNOWN = 10_000
"""Buckets that are kept; those that are full again are dropped first, then the oldest."""
_WRONG_EACH, _WRONG_ALL = 20, 200
"""Wrong secrets a minute, of one address and of all together (our choice: nobody mistypes more, and no guess of 256 bits comes near)."""


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


class Failures:
    """Wrong secrets, by the address they came from. Who sends too many is not looked at for a while, nor is what they send.

    When wrong ones come from very many addresses, only those that have sent a right one before are looked at; so whoever guesses
    shuts out nobody who is in.
    """

    def __init__(self, elapsed_s: Callable[[], float] = time.monotonic) -> None:
        self._each, self._all = Rate(_WRONG_EACH, elapsed_s), Rate(_WRONG_ALL, elapsed_s)
        self._right: dict[str, None] = {}

    def pause_s(self, peer: str) -> float:
        """Seconds until what this address sends is looked at; 0 when now."""
        own = self._each.pause_s(peer)
        return own if own or peer in self._right else self._all.pause_s("")

    def wrong(self, peer: str) -> None:
        """It sent a wrong one."""
        self._each.take(peer)
        self._all.take("")

    def right(self, peer: str) -> None:
        """It sent a right one."""
        self._right.pop(peer, None)
        self._right[peer] = None
        if len(self._right) > _KNOWN:
            del self._right[next(iter(self._right))]
