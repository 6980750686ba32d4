"""What is on record of the optimizer's decisions: the queue, the audit log and the runs, brought together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import get_args

from pydantic import JsonValue

from layers_mcp.contract import ad_accounts, ads, ads_optimizer, ads_pending, audit
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads import PathPlatform
from layers_mcp.contract.ads_optimizer import Decision, GetRun
from layers_mcp.contract.ads_pending import ListPending, PendingAction, PendingStatus
from layers_mcp.contract.audit import AuditEvent, ListAudit
from layers_mcp.contract.errors import NotFound
from layers_mcp.tool.call import Call
from layers_mcp.tool.period import Period

__all__ = ["CALLS", "Known", "Subject", "gather"]

CALLS = (ad_accounts.ACCOUNTS, ads_pending.LIST, audit.LIST, ads_optimizer.GET_RUN)
"""Every endpoint that `gather` may touch; all are documented."""
_MOST_RUNS = 8
_LOG_PAGE = 200
_DID = "ads."


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose decisions are asked after; nothing set: all of the period."""

    decision_id: str | None = None
    ad_id: str | None = None
    ads_content_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """One decision as far as it is on record; what nobody wrote down is None or empty. `sources`: where it stands."""

    at: datetime
    action: str
    sources: tuple[str, ...]
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
    expires_at: datetime | None = None
    name: str | None = None

    def about(self, subject: Subject) -> bool:
        """Whether it concerns what was asked after."""
        named = set(self.ids.values())
        wanted = [one for one in (subject.decision_id, subject.ad_id, subject.ads_content_id) if one is not None]
        return all(one in named for one in wanted)


def _text(data: Mapping[str, JsonValue], name: str) -> str | None:
    value = data.get(name)
    return value if isinstance(value, str) else None


def _ids(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}


def _of_run(one: Decision, run_id: str, at: datetime) -> Known:
    brought = one.replacement or {}
    return Known(
        at=one.at or at,
        action=one.action or "hold",
        sources=(f"GET optimizer/runs/{run_id}",),
        ids=_ids(
            decisionId=one.decision_id,
            pendingId=one.pending_id,
            adId=one.ad_id,
            adsetId=one.adset_id,
            campaignId=one.campaign_id,
            adsContentId=one.ads_content_id,
            replacementId=_text(brought, "adsContentId"),
        ),
        outcome=one.outcome,
        state=one.state,
        inputs=one.inputs,
        guardrails=one.guardrails,
        blocked_by=one.blocked_by,
        replacement=one.replacement,
        before=one.current_value,
        after=one.new_value,
        name=one.entity_name,
    )


def _of_queue(one: PendingAction) -> Known:
    key = {"ad": "adId", "adset": "adsetId", "campaign": "campaignId"}.get(one.entity_type, "entityId")
    content = _text(one.current_value, "adsContentId") or _text(one.new_value, "adsContentId")
    return Known(
        at=one.created_at,
        action=one.action_type,
        sources=("GET ads pending",),
        ids=_ids(pendingId=one.pending_id, adsContentId=content) | {key: one.entity_id},
        outcome=one.status,
        rationale=one.rationale,
        expires_at=one.expires_at,
        before=one.current_value,
        after=one.new_value,
        name=one.entity_name,
    )


def _of_log(one: AuditEvent) -> Known | None:
    action = one.event_type.removeprefix(_DID)
    if action not in (*get_args(ads_pending.ActionType), "update_bid"):
        return None
    named = ("decisionId", "pendingId", "adId", "adsetId", "campaignId", "adsContentId")
    ids = _ids(**{name: _text(one.data, name) for name in named})
    return Known(at=one.occurred_at, action=action, sources=("GET audit-log",), ids=ids, outcome=_text(one.data, "outcome"))


def _merged(first: Known, second: Known) -> Known:
    """Two records of one decision; the first says what both know, but for how it stands: the queue knows that best."""
    queued = second if second.expires_at is not None else first
    return replace(
        first,
        sources=tuple(dict.fromkeys((*first.sources, *second.sources))),
        ids={**second.ids, **first.ids},
        outcome=(queued.outcome if queued.expires_at is not None else None) or first.outcome or second.outcome,
        rationale=first.rationale or second.rationale,
        expires_at=first.expires_at or second.expires_at,
        name=first.name or second.name,
    )


def _joined(records: Sequence[Known]) -> tuple[Known, ...]:
    """One for each decision, newest first; records are of one when they name the same pending action or decision."""
    made: list[Known] = []
    for one in records:
        same = next((place for place, other in enumerate(made) if _same(one, other)), None)
        if same is None:
            made.append(one)
        else:
            made[same] = _merged(made[same], one)
    return tuple(sorted(made, key=lambda one: one.at, reverse=True))


def _same(one: Known, other: Known) -> bool:
    return any(name in one.ids and one.ids[name] == other.ids.get(name) for name in ("decisionId", "pendingId"))


async def _queue(call: Call, project_id: str, period: Period) -> list[Known]:
    accounts = await call.layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id))
    platforms: list[PathPlatform] = sorted({ads.PATH_OF[one.platform] for one in accounts.items})
    statuses: tuple[PendingStatus, ...] = get_args(PendingStatus)
    asked = [ListPending(project_id=project_id, platform=one, status=status) for one in platforms for status in statuses]
    pages = await asyncio.gather(*(call.layers.send(ads_pending.LIST, one) for one in asked))
    return [_of_queue(one) for page in pages for one in page.items if period.since <= one.created_at <= period.until]


async def _run(call: Call, project_id: str, run_id: str, at: datetime) -> list[Known]:
    try:
        run = await call.layers.send(ads_optimizer.GET_RUN, GetRun(project_id=project_id, run_id=run_id))
    except NotFound:
        return []
    return [] if run.dry_run else [_of_run(one, run_id, at) for one in run.decisions]


async def gather(call: Call, project_id: str, subject: Subject, period: Period) -> tuple[Known, ...]:
    """What is on record of the decisions of a period that concern the subject, newest first."""
    asked = ListAudit(project_id=project_id, since=period.since, until=period.until, limit=_LOG_PAGE)
    log, queue = await asyncio.gather(call.layers.send(audit.LIST, asked), _queue(call, project_id, period))
    events = [one for one in log.items if one.event_type.startswith(_DID)]
    wanted = [one for event in events if (one := _of_log(event)) is not None and one.about(subject)]
    ran = [(run, one) for one in events if (run := _text(one.data, "runId")) is not None]
    near = {one.ids.get("decisionId") for one in wanted}
    ran.sort(key=lambda pair: pair[1].data.get("decisionId") not in near)
    runs = dict([(run, one.occurred_at) for run, one in ran][::-1])
    newest = list(dict.fromkeys(run for run, _ in ran))[:_MOST_RUNS]
    told = await asyncio.gather(*(_run(call, project_id, run, runs[run]) for run in newest))
    records = [*(one for run in told for one in run), *queue, *wanted]
    return tuple(one for one in _joined(records) if one.about(subject))
