"""How long a run lies after what may work later, and when it is given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from layers_mcp.contract.errors import RateLimited

__all__ = ["AT_MOST", "HELD", "MOST_STARTS", "apart", "pause", "room", "unsent"]

AT_MOST: Final = timedelta(hours=16)
"""After that a step has failed; ours, within the 24 hours for which Layers keeps its Idempotency-Key."""
HELD: Final = timedelta(minutes=5)
"""How long a run lies before it looks whether its project is still halted; ours."""
MOST_STARTS: Final = 8
"""On how many processes in a row that ended a run may get no step further, which is after three hours by `apart`; ours."""
_AT_ONCE: Final = 2
_FIRST_S, _GROWS, _LONGEST_S = 15.0, 4.0, 3600.0


def pause(tries: int, *, since: datetime, now: datetime, asked_s: float | None) -> timedelta | None:
    """How long to lie before try number `tries` + 1 of a step that was first tried at `since`; None: it is to be given up.

    A quarter of a minute at first, then four times as long each time, up to an hour; as long as Layers asked for where that is longer.
    """
    waits = timedelta(seconds=max(min(_FIRST_S * _GROWS ** (tries - 1), _LONGEST_S), asked_s or 0.0))
    return None if now - since + waits > AT_MOST else waits


def unsent(problem: RateLimited, sent: Mapping[str, int]) -> bool:
    """Whether Layers did nothing of a step that sent so much by rate class: so it may begin however much later, as no key grows old."""
    return sum(many for rate, many in sent.items() if rate != "read-light") <= (problem.request_id is not None)


def room(asked_s: float | None) -> timedelta:
    """How long to lie until there is room in the budget: nothing was sent, so however long that is, it is no try."""
    return timedelta(seconds=max(asked_s or 0.0, _FIRST_S))


def apart(starts: int, *, luck: float) -> timedelta | None:
    """How long a run lies before its start number `starts`, when all before ended with their processes; None: it goes on at once.

    Of those that were on a process when it ended most have nothing to do with that, and a process that ends again and again may be none
    of theirs: so they lie for longer each time, and not all for as long, and one that does end its process is alone with that soon.
    `luck`: from 0 to 1.
    """
    if starts <= _AT_ONCE:
        return None
    return timedelta(seconds=min(_FIRST_S * _GROWS ** (starts - _AT_ONCE - 1), _LONGEST_S) * (0.5 + luck))
