"""Where the count of a key's budget is kept: in memory for a process alone, in the store for processes that share a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from layers_mcp.contract.rates import Level
from layers_mcp.contract.scalars import RateClass

__all__ = ["Memory", "Shelf"]

T = TypeVar("T")


class Shelf(Protocol):
    """Where the count is kept, for all who share it."""

    def change(self, rate: RateClass, make: Callable[[Level | None], tuple[Level, T]]) -> T:
        """Keep the bucket that `make` makes of the one that is kept (None: none yet), in one step, and give back the rest."""
        ...


class Memory:
    """The shelf of a process alone."""

    def __init__(self) -> None:
        self._levels: dict[RateClass, Level] = {}

    def change(self, rate: RateClass, make: Callable[[Level | None], tuple[Level, T]]) -> T:
        """As `Shelf` says."""
        self._levels[rate], rest = make(self._levels.get(rate))
        return rest
