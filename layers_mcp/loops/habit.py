"""How often people put their word over the optimizer's scores."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from layers_mcp.client.partner import Partner
from layers_mcp.loops.decided import acted, logged
from layers_mcp.loops.judgement import OVERRIDE_WINDOW_DAYS, OVERRIDES_ARE_A_HABIT
from layers_mcp.loops.period import Period

__all__ = ["Habit", "habit_of"]


class Habit(NamedTuple):
    """How many creatives were overridden in the last weeks, and how much the optimizer did or asked to do.

    `every`, `all_decided`: whether these are all, or there may be more.
    """

    overridden: int
    decided: int
    every: bool = True
    all_decided: bool = True

    @property
    def formed(self) -> bool:
        """Whether overriding is a habit, as far as decisions were found."""
        return self.decided > 0 and self.overridden / self.decided > OVERRIDES_ARE_A_HABIT


async def habit_of(layers: Partner, project_id: str) -> Habit:
    """A project's habit; a log that does not say which creative was overridden counts each time."""
    now = layers.now()
    window = Period(since=now - timedelta(days=OVERRIDE_WINDOW_DAYS), until=now, zone=ZoneInfo("UTC"))
    log, done = await asyncio.gather(logged(layers, project_id, window, kind="creative_override"), acted(layers, project_id, window))
    words = [one for one in log.events if one.data.get("override", "not said") is not None]
    overridden = len({str(one.data.get("adsContentId", one.event_id)) for one in words})
    decided = sum(not one.by_partner for one in done.known)
    return Habit(overridden, decided, every=log.whole, all_decided=done.sure)
