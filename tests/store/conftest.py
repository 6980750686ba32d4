"""A store of each test's own, wherever one may be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.store import Store


@pytest.fixture
def store(where: Path | str, clock: HandClock) -> Iterator[Store]:
    """An open store, in a file and on a server."""
    one = Store.open(where, clock=clock)
    yield one
    one.close()
