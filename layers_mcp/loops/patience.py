"""How long a run lies after a step that may work later, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

__all__ = ["AT_MOST", "HELD", "MOST_STARTS", "pause"]

AT_MOST: Final = timedelta(hours=16)
"""After that a step has failed; ours, within the 24 hours for which Layers keeps its Idempotency-Key."""
HELD: Final = timedelta(minutes=5)
"""How long a run lies before it looks whether its project is still halted; ours."""
MOST_STARTS: Final = 5
"""How often in a row a run may end its process without getting a step further; ours."""
_FIRST_S, _GROWS, _LONGEST_S = 15.0, 4.0, 3600.0


def pause(tries: int, *, since: datetime, now: datetime, asked_s: float | None) -> timedelta | None:
    """How long to lie before try number `tries` + 1 of a step that was first tried at `since`; None: it is to be given up.

    A quarter of a minute at first, then four times as long each time, up to an hour; as long as Layers asked for where that is longer.
    """
    waits = timedelta(seconds=max(min(_FIRST_S * _GROWS ** (tries - 1), _LONGEST_S), asked_s or 0.0))
    return None if now - since + waits > AT_MOST else waits
