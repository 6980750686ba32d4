"""Periods as people say them: days of the project's zone, or exact instants, made into instants."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import StringConstraints

from layers_mcp.clock import zone_of
from layers_mcp.contract import projects
from layers_mcp.contract.projects import GetProject
from layers_mcp.loops.period import Period
from layers_mcp.tool.advice import refusal_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.moment import YEARS

__all__ = ["Moment", "period_of"]

Moment = Annotated[str, StringConstraints(min_length=10, max_length=40)]
"""A day (`2026-04-18`) or an instant (`2026-04-18T09:00:00Z`)."""
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")


def _moment(path: str, given: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise refusal_of(path, "must be a day like 2026-04-18, or an instant like 2026-04-18T09:00:00Z") from None
    if moment.year not in YEARS:
        raise refusal_of(path, f"is out of reach; its year must be {YEARS[0]} to {YEARS[-1]}")
    if _DAY.match(given):
        return moment.replace(tzinfo=zone)
    if moment.tzinfo is None:
        raise refusal_of(path, "needs Z or an offset, like 2026-04-18T09:00:00Z")
    return moment


async def period_of(call: Call, project_id: str, since: str | None, until: str | None, *, days: int) -> Period:
    """The period that two words of a caller name; what is left out: now, and so many days before the end.

    Raises:
        Invalid: a word is neither a day nor an instant, or the end does not come after the beginning.
    """
    project = await call.layers.send(projects.GET, GetProject(project_id=project_id))
    zone, now = zone_of(project.timezone or "UTC") or ZoneInfo("UTC"), call.now()
    end = now if until is None else _moment("until", until, zone)
    begin = end - timedelta(days=days) if since is None else _moment("since", since, zone)
    if begin >= end:
        raise refusal_of("since", "must come before until")
    utc = ZoneInfo("UTC")
    return Period(since=begin.astimezone(utc), until=end.astimezone(utc), zone=zone)
