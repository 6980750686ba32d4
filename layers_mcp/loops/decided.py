"""What is on record of the optimizer's decisions: the queue, the audit log and the runs, brought together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, get_args

from layers_mcp.client.pages import asking, every
from layers_mcp.client.partner import Partner
from layers_mcp.contract import ad_accounts, ads, ads_optimizer, ads_pending, audit
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads import PathPlatform
from layers_mcp.contract.ads_optimizer import GetRun
from layers_mcp.contract.ads_pending import PendingAction, PendingStatus
from layers_mcp.contract.audit import AuditEvent
from layers_mcp.contract.errors import NotFound
from layers_mcp.loops.known import ANSWERS, DID, Known, Subject, joined, named, of_log, of_queue, of_run, unnamed
from layers_mcp.loops.period import Period
from layers_mcp.loops.place import text

__all__ = ["ACTED_CALLS", "CALLS", "Entries", "Known", "Recorded", "Subject", "acted", "gather", "logged", "named"]

ACTED_CALLS = (ad_accounts.ACCOUNTS, ads_pending.LIST, audit.LIST)
"""Every endpoint that `acted` may touch; all are documented."""
CALLS = (*ACTED_CALLS, ads_optimizer.GET_RUN)
"""Every endpoint that `gather` may touch."""
_RUNS_AT_ONCE = 8
_MOST_RUNS = 40
"""Runs that are looked through for one decision; a period is told from the newest eight."""
_PAGE = 200
_PAGES = 5
"""At most a thousand log entries, and as many actions of each status and platform, are looked through for an explanation; ours."""
_COUNTED_PAGES = 25
"""At most five thousand log entries of a kind are counted; ours."""
_RAN = f"{DID}optimizer.run.completed"


class Recorded(NamedTuple):
    """Decisions, newest first, and how sure it is that these are all.

    `whole`: nothing of the period was left unread. `unnamed`: entries of the log that do not say of which decision or run they are, which
    may be of others than these. `answers`: whatever a person said until now was read, and says to what.
    """

    known: tuple[Known, ...]
    whole: bool = True
    unnamed: int = 0
    answers: bool = True

    @property
    def sure(self) -> bool:
        """Whether there are no others."""
        return self.whole and not self.unnamed


class Entries(NamedTuple):
    """Entries of the log, and whether none was left unread."""

    events: list[AuditEvent]
    whole: bool


async def logged(layers: Partner, project_id: str, period: Period, *, kind: str | None = None, pages: int = _COUNTED_PAGES) -> Entries:
    """The log of a project, newest first, from the beginning of a period to its end, which is included; `kind`: of one type."""
    ask = asking(layers, audit.LIST, event_type=kind, project_id=project_id, since=period.since, until=period.until, limit=_PAGE)
    found = await every(ask, pages=pages)
    return Entries(found, len(found) < _PAGE * pages)


async def _log(layers: Partner, project_id: str, period: Period, *, pages: int = _PAGES) -> tuple[Entries, Entries]:
    """The log of a period, and what people said between its end and now: the queue is of now."""
    within = logged(layers, project_id, period, pages=pages)
    if (now := layers.now()) <= period.until:
        return await within, Entries([], whole=True)
    after = replace(period, since=period.until, until=now)
    kinds = [logged(layers, project_id, after, kind=kind, pages=pages) for kind in ANSWERS]
    first, *later = await asyncio.gather(within, *kinds)
    return first, Entries([event for one in later for event in one.events], all(one.whole for one in later))


async def _queue(layers: Partner, project_id: str, since: datetime) -> tuple[list[Known], bool]:
    """All of the queue that was read, which may be older, and whether nothing since then was left unread."""
    accounts = await layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))
    platforms: list[PathPlatform] = sorted({ads.PATH_OF[one.platform] for one in accounts.items})
    statuses: tuple[PendingStatus, ...] = get_args(PendingStatus)

    async def pages(platform: PathPlatform, status: PendingStatus) -> list[PendingAction]:
        ask = asking(layers, ads_pending.LIST, project_id=project_id, platform=platform, status=status, limit=_PAGE)
        return await every(ask, pages=_PAGES)

    found = await asyncio.gather(*(pages(platform, status) for platform in platforms for status in statuses))
    whole = all(len(some) < _PAGE * _PAGES or some[-1].created_at < since for some in found)
    return [of_queue(one) for some in found for one in some], whole


async def _run(layers: Partner, project_id: str, event: AuditEvent, *, dry: bool) -> list[Known]:
    run_id = text(event.data, "runId") or ""
    try:
        run = await layers.send(ads_optimizer.GET_RUN, GetRun(project_id=project_id, run_id=run_id))
    except NotFound:
        return []
    return [of_run(one, run_id, event) for one in run.decisions] if dry or not run.dry_run else []


def _runs(events: Sequence[AuditEvent], wanted: Sequence[Known]) -> list[AuditEvent]:
    """An event of each run, its oldest: first the runs of the decisions that the log already names, then the newest."""
    near = {one.ids.get("decisionId") for one in wanted} - {None}
    of_run: dict[str, AuditEvent] = {}
    first: set[str] = set()
    for event in events:
        if (run := text(event.data, "runId")) is not None:
            of_run[run] = event
            first |= {run} if text(event.data, "decisionId") in near else set()
    return [of_run[run] for run in sorted(of_run, key=lambda run: run not in first)]


async def _told(layers: Partner, project_id: str, runs: Sequence[AuditEvent], subject: Subject) -> tuple[list[Known], bool]:
    """What the runs decided: the newest few, or as many as it takes to find the decision that is asked after; whether all were read."""
    found: list[Known] = []
    sought, read = subject.decision_id is not None, 0
    for start in range(0, min(len(runs), _MOST_RUNS if sought else _RUNS_AT_ONCE), _RUNS_AT_ONCE):
        some = runs[start : start + _RUNS_AT_ONCE]
        made = await asyncio.gather(*(_run(layers, project_id, event, dry=sought) for event in some))
        found, read = [*found, *(one for run in made for one in run)], read + len(some)
        if any(one.about(subject) for one in found):
            break
    return found, read == len(runs)


def _of_period(records: Sequence[Known], period: Period) -> tuple[Known, ...]:
    return tuple(one for one in joined(records) if one.within(period.since, period.until))


def _known(events: Sequence[AuditEvent]) -> list[Known]:
    return [one for event in events if (one := of_log(event)) is not None]


async def acted(layers: Partner, project_id: str, period: Period) -> Recorded:
    """What the optimizer did, or asked to do, in a period: all that stands in the queue and the log, so no holds."""
    (log, later), (queue, whole) = await asyncio.gather(
        _log(layers, project_id, period, pages=_COUNTED_PAGES), _queue(layers, project_id, period.since)
    )
    nameless = sum(unnamed(event) for event in log.events if event.event_type not in ANSWERS)
    return Recorded(_of_period([*queue, *_known([*log.events, *later.events])], period), log.whole and whole, nameless)


async def gather(layers: Partner, project_id: str, subject: Subject, period: Period) -> Recorded:
    """What is on record of the decisions of a period that concern the subject."""
    (log, later), (queue, whole) = await asyncio.gather(_log(layers, project_id, period), _queue(layers, project_id, period.since))
    entries = [*later.events, *log.events]
    known = _known(entries)
    runs = _runs([one for one in log.events if one.event_type.startswith(DID)], [one for one in known if one.about(subject)])
    told, all_runs = await _told(layers, project_id, runs, subject)
    nameless = sum(unnamed(one) or (one.event_type == _RAN and text(one.data, "runId") is None) for one in log.events)
    return Recorded(
        tuple(one for one in _of_period([*told, *queue, *known], period) if one.about(subject)),
        whole=all_runs and log.whole and whole,
        unnamed=nameless,
        answers=log.whole and later.whole and not any(one.event_type in ANSWERS and unnamed(one) for one in entries),
    )
