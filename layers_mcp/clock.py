"""The time, as a value that is handed down: the wall's in service, the hand's in tests."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["Clock", "HandClock", "WallClock", "zone_of"]


class Clock(Protocol):
    """What every floor knows of time."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        ...

    def elapsed_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, pause_s: float) -> None:
        """Return after `pause_s` seconds of this clock."""
        ...


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        """This instant, in UTC."""
        return datetime.now(UTC)

    def elapsed_s(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, pause_s: float) -> None:
        """Sleep for `pause_s` real seconds."""
        await asyncio.sleep(pause_s)


class HandClock:
    """A clock that only moves by hand, or by somebody's sleep: a test that waits for a week takes no time."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """The instant the hand shows."""
        return self._at

    def elapsed_s(self) -> float:
        """Seconds the hand has moved."""
        return self._elapsed_s

    def advance(self, step: timedelta) -> None:
        """Move the hand forward."""
        self._at += step
        self._elapsed_s += step.total_seconds()

    async def sleep(self, pause_s: float) -> None:
        """Move the hand by `pause_s` and let others run."""
        self.advance(timedelta(seconds=max(pause_s, 0.0)))
        await asyncio.sleep(0)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of this name, or None where nobody knows it; `America` is a folder of zones and no zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
