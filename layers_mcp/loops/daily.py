"""What every daily loop is given, and the id of a day's run."""

from __future__ import annotations

from datetime import date

from layers_mcp.gate.handle import digest
from layers_mcp.loops.run import Given

__all__ = ["Daily", "daily_id"]


class Daily(Given):
    """One day of one customer: its external id, its project by its whole id, and the day in its own zone."""

    customer: str
    project_id: str
    day: date


def daily_id(short: str, owner: str, customer: str, day: date) -> str:
    """The id of a day's run: `p2l:<digest of whose customer it is>:<local day>`, the same whoever starts it."""
    return f"{short}:{digest([owner, customer])[:32]}:{day.isoformat()}"
