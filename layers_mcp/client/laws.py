"""What is known of each kind: how long such things last, as the docs say it and as was learned since."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from layers_mcp.client.guess import Law, bucket_of, prior_of
from layers_mcp.client.lease import Durations

__all__ = ["Laws"]

_KINDS = 64
"""Kinds that are kept at hand."""


class Laws:
    """The laws of one API. `durations`: where what was learned is kept, if anywhere; `speed`: how many times faster than life jobs run."""

    def __init__(self, durations: Durations | None, *, speed: float = 1.0) -> None:
        self._durations, self._speed = durations, speed
        self._known: dict[str | None, Law] = {}

    def of(self, kind: str | None) -> Law:
        """What is known of a kind; read anew once something of it was learned."""
        if kind not in self._known:
            if len(self._known) >= _KINDS:
                self._known.clear()
            counts: Mapping[int, float] = {}
            if self._durations is not None and kind is not None:
                with suppress(Exception):  # a store that is busy leaves what the docs say
                    counts = self._durations.read(kind)
            self._known[kind] = Law(counts, prior_of(kind, speed=self._speed))
        return self._known[kind]

    def learn(self, kind: str, lasted_s: float) -> None:
        """One more of a kind lasted so long."""
        if self._durations is not None:
            with suppress(Exception):  # a store that is busy learns from the next one
                self._durations.learn(kind, bucket_of(lasted_s))
            self._known.pop(kind, None)
