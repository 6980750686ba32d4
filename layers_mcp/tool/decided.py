"""What is on record of the optimizer's decisions: the queue, the audit log and the runs, brought together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, get_args

from pydantic import JsonValue

from layers_mcp.contract import ad_accounts, ads, ads_optimizer, ads_pending, audit
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads import PathPlatform
from layers_mcp.contract.ads_optimizer import Decision, GetRun
from layers_mcp.contract.ads_pending import ListPending, PendingAction, PendingStatus
from layers_mcp.contract.audit import AuditEvent, ListAudit
from layers_mcp.contract.errors import NotFound
from layers_mcp.tool.call import Call
from layers_mcp.tool.evidence import Place, text
from layers_mcp.tool.paging import Page, every
from layers_mcp.tool.period import Period

__all__ = ["ACTED_CALLS", "CALLS", "Known", "Recorded", "Subject", "acted", "gather", "named"]

ACTED_CALLS = (ad_accounts.ACCOUNTS, ads_pending.LIST, audit.LIST)
"""Every endpoint that `acted` may touch; all are documented."""
CALLS = (*ACTED_CALLS, ads_optimizer.GET_RUN)
"""Every endpoint that `gather` may touch."""
_RUNS_AT_ONCE = 8
_MOST_RUNS = 40
"""Runs that are looked through for one decision; a period is told from the newest eight."""
_PAGE = 200
_PAGES = 5
"""At most a thousand log entries, and as many actions of each status and platform, are looked through; ours."""
_DID = "ads."
_ANSWERED = {"ads.pending.approved": "approved", "ads.pending.rejected": "rejected"}


def named(given: str, known: str) -> bool:
    """Whether `given` is the id `known`; a bare UUID is taken too."""
    return given != "" and given in (known, known.partition("_")[2])


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose decisions are asked after; nothing set: all of the period."""

    decision_id: str | None = None
    ad_id: str | None = None
    ads_content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """One decision as far as it is on record; what nobody wrote down is None or empty.

    `places`: where each of these stands, by its name here. `answer`: what a person said, as the log has it.
    """

    at: datetime
    places: Mapping[str, Place]
    action: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    outcome: str | None = None
    state: str | None = None
    inputs: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    guardrails: tuple[str, ...] = ()
    blocked_by: str | None = None
    replacement: Mapping[str, JsonValue] | None = None
    before: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    after: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    rationale: str | None = None
    reason: str | None = None
    failure: str | None = None
    answer: str | None = None
    expires_at: datetime | None = None
    name: str | None = None

    def about(self, subject: Subject) -> bool:
        """Whether it concerns what was asked after."""
        wanted = [one for one in (subject.decision_id, subject.ad_id, subject.ads_content_id) if one is not None]
        return all(any(named(given, known) for known in self.ids.values()) for given in wanted)


class Recorded(NamedTuple):
    """Decisions, newest first; `whole`: nothing of the period was left unread."""

    known: tuple[Known, ...]
    whole: bool


_MERGED = (
    "action", "state", "inputs", "guardrails", "blocked_by", "replacement", "before", "after", "rationale", "reason", "failure", "answer",
    "expires_at", "name",
)  # fmt: skip
_RUN_FIELDS = {
    "action": "action", "outcome": "outcome", "state": "state", "inputs": "inputs", "guardrails": "guardrails", "blocked_by": "blockedBy",
    "replacement": "replacement", "before": "currentValue", "after": "newValue", "reason": "reason", "name": "entityName",
}  # fmt: skip
_QUEUE_FIELDS = {
    "at": "createdAt", "action": "actionType", "outcome": "status", "before": "currentValue", "after": "newValue",
    "rationale": "rationale", "failure": "dispatchFailureReason", "expires_at": "expiresAt", "name": "entityName",
}  # fmt: skip


def _ids(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}


def _of_run(one: Decision, run_id: str, event: AuditEvent) -> Known:
    """A decision of a run; when it has no time of its own, the log's of the run."""
    here = Place("GET optimizer/runs", one.decision_id, run=run_id)
    places = {name: here.inside(wire) for name, wire in _RUN_FIELDS.items()}
    places["at"] = here.inside("at") if one.at is not None else Place("GET audit-log", event.event_id, "occurredAt")
    return Known(
        at=one.at or event.occurred_at,
        places=places,
        action=one.action,
        ids=_ids(
            decisionId=one.decision_id,
            pendingId=one.pending_id,
            adId=one.ad_id,
            adsetId=one.adset_id,
            campaignId=one.campaign_id,
            adsContentId=one.ads_content_id,
            replacementId=text(one.replacement or {}, "adsContentId"),
        ),
        outcome=one.outcome,
        state=one.state,
        inputs=one.inputs,
        guardrails=one.guardrails,
        blocked_by=one.blocked_by,
        replacement=one.replacement,
        before=one.current_value,
        after=one.new_value,
        reason=one.reason,
        name=one.entity_name,
    )


def _of_queue(one: PendingAction) -> Known:
    key = {"ad": "adId", "adset": "adsetId", "campaign": "campaignId"}.get(one.entity_type, "entityId")
    content = text(one.current_value, "adsContentId") or text(one.new_value, "adsContentId")
    here = Place("GET ads pending", one.pending_id)
    return Known(
        at=one.created_at,
        places={name: here.inside(wire) for name, wire in _QUEUE_FIELDS.items()},
        action=one.action_type,
        ids=_ids(pendingId=one.pending_id, adsContentId=content) | {key: one.entity_id},
        outcome=one.status,
        rationale=one.rationale,
        failure=one.dispatch_failure_reason,
        expires_at=one.expires_at,
        before=one.current_value,
        after=one.new_value,
        name=one.entity_name,
    )


def _of_log(one: AuditEvent) -> Known | None:
    here = Place("GET audit-log", one.event_id)
    places = {"at": here.inside("occurredAt"), "action": here.inside("eventType"), "outcome": here.inside("data.outcome")}
    if (answer := _ANSWERED.get(one.event_type)) is not None:
        ids = _ids(pendingId=text(one.data, "pendingId"))
        return Known(at=one.occurred_at, places={"answer": here.inside("eventType")}, ids=ids, answer=answer) if ids else None
    action = one.event_type.removeprefix(_DID)
    if action not in (*get_args(ads_pending.ActionType), "update_bid"):
        return None
    known = ("decisionId", "pendingId", "adId", "adsetId", "campaignId", "adsContentId", "newAdId")
    ids = _ids(**{name: text(one.data, name) for name in known})
    return Known(at=one.occurred_at, places=places, action=action, ids=ids, outcome=text(one.data, "outcome"))


def _merged(first: Known, second: Known) -> Known:
    """Two records of one decision; the first says what both know, but for how it stands: the queue knows that best."""
    places, kept = {**second.places, **first.places}, dict[str, Any]()
    for name in _MERGED:
        from_first = getattr(first, name)
        kept[name] = from_first or getattr(second, name)
        if not from_first and name in second.places:
            places[name] = second.places[name]
    queued = second if second.expires_at is not None else first
    said = next((one for one in (queued, first, second) if one.outcome is not None), first)
    if "outcome" in said.places:
        places["outcome"] = said.places["outcome"]
    return replace(first, places=places, ids={**second.ids, **first.ids}, outcome=said.outcome, **kept)


def _joined(records: Sequence[Known]) -> tuple[Known, ...]:
    """One for each decision, newest first; records are of one when they name the same pending action or decision."""
    made: list[Known] = []
    where: dict[tuple[str, str], int] = {}
    for one in records:
        keys = [(name, one.ids[name]) for name in ("decisionId", "pendingId") if name in one.ids]
        place = next((where[key] for key in keys if key in where), len(made))
        if place == len(made):
            made.append(one)
        else:
            made[place] = _merged(made[place], one)
        where |= {(name, made[place].ids[name]): place for name in ("decisionId", "pendingId") if name in made[place].ids}
    decisions = [one for one in made if set(one.places) != {"answer"}]
    return tuple(sorted(decisions, key=lambda one: one.at, reverse=True))


async def _queue(call: Call, project_id: str, period: Period) -> list[Known]:
    accounts = await call.layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))
    platforms: list[PathPlatform] = sorted({ads.PATH_OF[one.platform] for one in accounts.items})
    statuses: tuple[PendingStatus, ...] = get_args(PendingStatus)

    async def pages(platform: PathPlatform, status: PendingStatus) -> list[PendingAction]:
        def ask(cursor: str | None) -> Awaitable[Page[PendingAction]]:
            wanted = {"project_id": project_id, "platform": platform, "status": status, "limit": _PAGE}
            return call.layers.send(ads_pending.LIST, ListPending.model_validate(wanted | ({"cursor": cursor} if cursor else {})))

        return await every(ask, pages=_PAGES)

    found = await asyncio.gather(*(pages(platform, status) for platform in platforms for status in statuses))
    return [_of_queue(one) for some in found for one in some if period.since <= one.created_at <= period.until]


async def _log(call: Call, project_id: str, period: Period) -> list[AuditEvent]:
    def ask(cursor: str | None) -> Awaitable[Page[AuditEvent]]:
        wanted = {"project_id": project_id, "since": period.since, "until": period.until, "limit": _PAGE}
        return call.layers.send(audit.LIST, ListAudit.model_validate(wanted | ({"cursor": cursor} if cursor else {})))

    return await every(ask, pages=_PAGES)


async def _run(call: Call, project_id: str, event: AuditEvent, *, dry: bool) -> list[Known]:
    run_id = text(event.data, "runId") or ""
    try:
        run = await call.layers.send(ads_optimizer.GET_RUN, GetRun(project_id=project_id, run_id=run_id))
    except NotFound:
        return []
    return [_of_run(one, run_id, event) for one in run.decisions] if dry or not run.dry_run else []


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


async def _told(call: Call, project_id: str, runs: Sequence[AuditEvent], subject: Subject) -> list[Known]:
    """What the runs decided: the newest few, or as many as it takes to find the decision that is asked after."""
    found: list[Known] = []
    sought = subject.decision_id is not None
    for start in range(0, min(len(runs), _MOST_RUNS if sought else _RUNS_AT_ONCE), _RUNS_AT_ONCE):
        some = runs[start : start + _RUNS_AT_ONCE]
        made = await asyncio.gather(*(_run(call, project_id, event, dry=sought) for event in some))
        found += [one for run in made for one in run]
        if any(one.about(subject) for one in found):
            break
    return found


async def acted(call: Call, project_id: str, period: Period) -> tuple[Known, ...]:
    """What the optimizer did, or asked to do, in a period, newest first: all that stands in the queue and the log, so no holds."""
    events, queue = await asyncio.gather(_log(call, project_id, period), _queue(call, project_id, period))
    return _joined([*queue, *(one for event in events if (one := _of_log(event)) is not None)])


async def gather(call: Call, project_id: str, subject: Subject, period: Period) -> Recorded:
    """What is on record of the decisions of a period that concern the subject."""
    log, queue = await asyncio.gather(_log(call, project_id, period), _queue(call, project_id, period))
    events = [one for one in log if one.event_type.startswith(_DID)]
    logged = [one for event in events if (one := _of_log(event)) is not None]
    runs = _runs(events, [one for one in logged if one.about(subject)])
    told = await _told(call, project_id, runs, subject)
    known = tuple(one for one in _joined([*told, *queue, *logged]) if one.about(subject))
    return Recorded(known, whole=len(runs) <= _RUNS_AT_ONCE and len(log) < _PAGE * _PAGES)
