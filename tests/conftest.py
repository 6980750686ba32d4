"""What every test may ask for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from layers_mcp.clock import HandClock


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-snapshots`: write the reviewed snapshots anew."""
    parser.addoption("--update-snapshots", action="store_true", help="write the tools' snapshots anew; review the difference")


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop we run on."""
    return "asyncio"


@pytest.fixture
def clock() -> HandClock:
    """A hand that starts on the day of the seeds' examples."""
    return HandClock(datetime(2026, 4, 18, 17, 22, 14, tzinfo=UTC))
