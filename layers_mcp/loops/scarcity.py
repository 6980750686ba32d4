"""Whose daily loops have their turn, on a day whose writes are too few for all of them (layers-api, operational/rate-limits).

Room is kept for who is due later on the same day (UTC) and stands further in front. Who finds none stays due, and the next day has waited
longer. So everybody's turn comes: nothing that comes due four weeks later goes before it, eight where its priority is below 0.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from layers_mcp.contract.rates import TIERS
from layers_mcp.loops.daily import SHORTS
from layers_mcp.loops.forecast import DAILY
from layers_mcp.loops.judgement import ROUNDS_HOURS
from layers_mcp.store.rounds import Line
from layers_mcp.store.store import Store

__all__ = ["WRITER", "Scarce", "scarce"]

_NAME: Final = "publish_to_learn"
WRITER: Final = SHORTS[_NAME]
"""The loop that writes; a review only reads, and waits for no writes (`tests/loops/daily/test_demand.py`)."""
_SENDS: Final = timedelta(hours=ROUNDS_HOURS)
"""How long the writes of a run that goes on are held to be before it; one that lies for longer lies by a person's answer, behind them."""


class Scarce(NamedTuple):
    """Who waits, and the tier whose writes are too few."""

    waits: Line
    tier: str


def scarce(store: Store, principal: str, now: datetime, *, place: str) -> Scarce | None:
    """Who waits on the day of `now`; None while there is room for all, or Layers has not told the tier of the key.

    `place`: the API, by its URL, of whose requests a count is kept in the store. Of 100,000 customers on Postgres it takes 0.2 to 0.3 s
    where some wait, and 1 ms where nothing is known of the tier (2026-11-23, 2 shared cores).
    """
    level = store.levels(place, principal).kept("write-light")
    if level is None or not level.told:
        return None
    tier = next((name for name, one in TIERS.items() if one.write_light == level.per_minute), None)
    if tier is None:
        return None
    midnight = datetime.combine(now.astimezone(UTC), datetime.min.time(), tzinfo=UTC)
    used = level.used if level.day >= midnight.timestamp() // 86_400 else 0
    on_the_way = DAILY.writes * store.runs.young(principal, _NAME, now - _SENDS)
    room = max(TIERS[tier].writes_a_day - used - on_the_way, 0) // DAILY.writes
    waits = store.rounds.beyond(principal, WRITER, midnight + timedelta(days=1), room=room)
    return None if waits is None else Scarce(waits, tier)
