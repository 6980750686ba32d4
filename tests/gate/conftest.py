"""A gate over a store in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.gate.gate import Gate
from layers_mcp.store.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the gate's store is kept."""
    return tmp_path / "layers.db"


@pytest.fixture
def store(file: Path, clock: HandClock) -> Iterator[Store]:
    """The gate's store, opened."""
    one = Store.open(file, clock=clock)
    yield one
    one.close()


@pytest.fixture
def gate(store: Store, clock: HandClock) -> Gate:
    """The gate of one key."""
    return Gate(lambda: store, clock, "key_1")
