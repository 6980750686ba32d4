"""The share of a key's reads that looks may have, so that work finds a read at once.

The idea: every look is worth something, and the sooner the more. When all together want more than their share, all come later by the
same factor: that delays the news of all ends the least. What is wanted beyond that stands in line, behind work.
"""

from __future__ import annotations

from typing import Any

from layers_mcp.client.pace import Pace
from layers_mcp.client.watch import Watch
from layers_mcp.contract.errors import LayersError, TimedOut

__all__ = ["Share"]

LONGER = 2.0
"""Pauses are at most so many times longer: a plan that was made while looks were scarce does not hold when they are not (measured)."""


class Share:
    """What the looks of one desk may have of `pace`; of everything when there is none."""

    def __init__(self, pace: Pace | None) -> None:
        self._pace = pace
        self._wanted = 0.0

    def pause_s(self, watch: Watch[Any], pause_s: float) -> float:
        """The pause until the next look, which would be worth it in `pause_s`."""
        self._want(watch, 1 / pause_s)
        return pause_s * min(max(self._scarcity(watch), 1.0), LONGER)

    def unseen(self, watch: Watch[Any]) -> LayersError:
        """Why a wait ends that saw nothing: no read was to be had, or none was answered."""
        limited = None if self._pace is None else self._pace.refusal(watch.thing.endpoint.rate)
        return limited or TimedOut(f"no look at {watch.thing.name} was answered in time")

    def drop(self, watch: Watch[Any]) -> None:
        """It is looked at no more."""
        self._want(watch, 0.0)

    def _scarcity(self, watch: Watch[Any]) -> float:
        """How many times more looks are wanted than there are."""
        return 0.0 if self._pace is None else self._wanted / self._pace.looks_a_second(watch.thing.endpoint.rate)

    def _want(self, watch: Watch[Any], looks_a_second: float) -> None:
        self._wanted = max(self._wanted + looks_a_second - watch.looks_a_second, 0.0)
        watch.looks_a_second = looks_a_second
