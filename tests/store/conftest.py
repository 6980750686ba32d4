"""A store in a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.store.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where `store` is kept."""
    return tmp_path / "state" / "layers.db"


@pytest.fixture
def store(file: Path, clock: HandClock) -> Iterator[Store]:
    """An open store."""
    one = Store.open(file, clock=clock)
    yield one
    one.close()
