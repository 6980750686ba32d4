"""Whether webhooks tell what the desk waits for, so that it need not look often.

The idea: while they tell, a look is worth only what it finds in the few cases where an event was lost. One look then stands for `RARER`
of those that the kind alone is worth: by `client/guess` that is right when one event in `RARER` squared is lost. What a thing says of its
progress is left to the event. Nobody is believed for ever: ends that looks found and no event told bring the looks back, until an event
comes again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from layers_mcp.client.lease import BEAT_S, FOLLOW_S
from layers_mcp.client.watch import Watch
from layers_mcp.clock import Clock

__all__ = ["Told"]

RARER = 6.0
"""Ours: with 1 % of events lost about four requests a job, and its end is seen a fifth of a second later than the event (tests/bench)."""
UNTOLD = 3
"""So many ends in a row that nobody told of are silence: at 10 % loss that is chance once in a thousand times."""
BELIEVED = timedelta(days=1)
"""An endpoint that nothing was heard of for longer tells nothing."""
_FRESH_S = 5.0
"""How long it is known when the last event came; the store is not asked more often."""


class Told:
    """What one desk knows of the webhooks of its API. `heard_at`: when the last signed event came to anybody; None where none can."""

    def __init__(self, clock: Clock, heard_at: Callable[[], datetime | None] | None = None) -> None:
        self._ask, self._clock = heard_at, clock
        self._heard_at: datetime | None = None
        self._asked_s: float | None = None
        self._untold = 0
        self._silent_at: datetime | None = None

    def _heard(self) -> datetime | None:
        now_s = self._clock.elapsed_s()
        if self._ask is None:
            return None
        if self._asked_s is None or now_s - self._asked_s >= _FRESH_S:
            self._asked_s = now_s
            with suppress(Exception):  # a store that is busy is asked again
                self._heard_at = self._ask()
        return self._heard_at

    @property
    def trusted(self) -> bool:
        """Whether events are likely to tell of the next end."""
        heard_at = self._heard()
        if heard_at is None or self._clock.now() - heard_at > BELIEVED:
            return False
        return self._silent_at is None or heard_at > self._silent_at

    @property
    def beat_s(self) -> float:
        """How often to ask the store what other desks know: a webhook may come to any of them."""
        return FOLLOW_S if self.trusted else BEAT_S

    def rarer(self, watch: Watch[Any]) -> float:
        """How many looks one is to stand for; 1 for what was told of, and is not over."""
        return 1.0 if watch.told or not self.trusted else RARER

    def ended(self, watch: Watch[Any]) -> None:
        """Something is over: an event told of it, or a look found it; what was over before anybody looked says nothing."""
        if not watch.ran:
            return
        self._untold = 0 if watch.told else self._untold + 1
        if watch.told:
            self._silent_at = None
        elif self._untold >= UNTOLD:
            self._silent_at = self._clock.now()
