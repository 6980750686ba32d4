"""Both clocks tell UTC and never go back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from layers_mcp.clock import HandClock, WallClock


def test_the_walls_time_is_utc_and_its_seconds_rise():
    """The clock of service."""
    clock = WallClock()
    first = clock.elapsed_s()
    asyncio.run(clock.sleep(0))

    assert clock.now().tzinfo is UTC
    assert clock.elapsed_s() >= first


@pytest.mark.anyio
async def test_a_sleep_moves_the_hand():
    """House-style 33: time in tests."""
    clock = HandClock(datetime(2026, 4, 18, tzinfo=UTC))

    await clock.sleep(3600)
    clock.advance(timedelta(minutes=1))
    await clock.sleep(-5)

    assert clock.now() == datetime(2026, 4, 18, 1, 1, tzinfo=UTC)
    assert clock.elapsed_s() == 3660
