"""The circuit breaker of app-store readings: after five failures in a row, an app is left alone for seven days.

layers-api: POST …/ingest/appstore; what ends a count is ours (`drift`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from layers_mcp.sandbox import tables
from layers_mcp.sandbox.visit import Visit

__all__ = ["MOST_FAILURES", "cooling_until", "note", "open_until"]

MOST_FAILURES = 5
_COOLDOWN = timedelta(days=7)


def cooling_until(history: Iterable[tuple[datetime, bool]]) -> datetime | None:
    """When the last cooldown ends that these readings led to, oldest first, each with whether it failed; None when none did."""
    until: datetime | None = None
    failures = 0
    for at, failed in history:
        failures = failures + 1 if failed else 0
        if failures >= MOST_FAILURES:
            until, failures = at + _COOLDOWN, 0
    return until


def note(visit: Visit, job_id: str, apps: Sequence[str], *, at: datetime, failed: bool) -> None:
    """State how a job's reading of these apps ends, at the instant `at`."""
    for app in apps:
        visit.connection.execute(insert(tables.scrapes).values(job_id=job_id, app=app, at=at, failed=failed))


def open_until(visit: Visit, apps: Sequence[str]) -> datetime | None:
    """Until when one of these apps is not read, None when all may be."""
    row = tables.scrapes.c
    untils: list[datetime] = []
    for app in apps:
        query = select(row.at, row.failed).where(row.app == app, row.at <= visit.now).order_by(row.at, row.seq)
        until = cooling_until((at, failed) for at, failed in visit.connection.execute(query))
        if until is not None and until > visit.now:
            untils.append(until)
    return max(untils, default=None)
