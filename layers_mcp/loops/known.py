"""One decision of the optimizer as far as it is on record, put together from a run, the queue and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, get_args

from pydantic import JsonValue

from layers_mcp.contract import ads_pending
from layers_mcp.contract.ads_optimizer import Decision
from layers_mcp.contract.ads_pending import PendingAction
from layers_mcp.contract.audit import AuditEvent
from layers_mcp.loops.place import Place, text

__all__ = ["ANSWERS", "DID", "Known", "Subject", "joined", "named", "of_log", "of_queue", "of_run", "unnamed"]

DID = "ads."
"""How the types of the log begin that are about ads."""
ANSWERS = {"ads.pending.approved": "approved", "ads.pending.rejected": "rejected"}
"""What a person said, by the type of the log."""
_DECIDED = tuple(f"{DID}{action}" for action in (*get_args(ads_pending.ActionType), "update_bid"))


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

    `places`: where each of these stands, by its name here. `answer`: what a person said, as the log has it. `done_at`: when
    it was carried out. `actor`: who decided, as the log has it: the optimizer, or a partner, which is whoever has the API key.
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
    done_at: datetime | None = None
    name: str | None = None
    actor: str | None = None

    @property
    def by_partner(self) -> bool:
        """Whether somebody with an API key decided this, and not the optimizer (layers-api: ads)."""
        return self.actor == "partner"

    def within(self, since: datetime, until: datetime) -> bool:
        """Whether it was decided or carried out from `since` on and before `until`."""
        return any(since <= moment < until for moment in (self.at, self.done_at) if moment is not None)

    def about(self, subject: Subject) -> bool:
        """Whether it concerns what was asked after."""
        wanted = [one for one in (subject.decision_id, subject.ad_id, subject.ads_content_id) if one is not None]
        return all(any(named(given, known) for known in self.ids.values()) for given in wanted)


_MERGED = (
    "action", "state", "inputs", "guardrails", "blocked_by", "replacement", "before", "after", "rationale", "reason", "failure", "answer",
    "expires_at", "done_at", "name", "actor",
)  # fmt: skip
_RUN_FIELDS = {
    "action": "action", "outcome": "outcome", "state": "state", "inputs": "inputs", "guardrails": "guardrails", "blocked_by": "blockedBy",
    "replacement": "replacement", "before": "currentValue", "after": "newValue", "reason": "reason", "name": "entityName",
}  # fmt: skip
_QUEUE_FIELDS = {
    "at": "createdAt", "action": "actionType", "outcome": "status", "before": "currentValue", "after": "newValue",
    "rationale": "rationale", "failure": "dispatchFailureReason", "expires_at": "expiresAt", "done_at": "dispatchedAt",
    "name": "entityName",
}  # fmt: skip


def _ids(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}


def of_run(one: Decision, run_id: str, event: AuditEvent) -> Known:
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


def of_queue(one: PendingAction) -> Known:
    """A decision that waits, or waited, for a yes."""
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
        done_at=one.dispatched_at,
        before=one.current_value,
        after=one.new_value,
        name=one.entity_name,
    )


def unnamed(one: AuditEvent) -> bool:
    """Whether an entry of the log is of a decision, or of an answer to one, and does not say which."""
    return one.event_type in (*_DECIDED, *ANSWERS) and not any(text(one.data, name) for name in ("decisionId", "pendingId"))


def of_log(one: AuditEvent) -> Known | None:
    """What an entry of the log tells of a decision; None where it tells of none, or does not say of which."""
    if one.event_type not in (*_DECIDED, *ANSWERS) or unnamed(one):
        return None
    here = Place("GET audit-log", one.event_id)
    if (answer := ANSWERS.get(one.event_type)) is not None:
        ids = _ids(pendingId=text(one.data, "pendingId"), decisionId=text(one.data, "decisionId"))
        return Known(at=one.occurred_at, places={"answer": here.inside("eventType")}, ids=ids, answer=answer)
    places = {"at": here.inside("occurredAt"), "action": here.inside("eventType"), "outcome": here.inside("data.outcome")}
    known = ("decisionId", "pendingId", "adId", "adsetId", "campaignId", "adsContentId", "newAdId")
    ids, outcome = _ids(**{name: text(one.data, name) for name in known}), text(one.data, "outcome")
    done_at = one.occurred_at if outcome == "dispatched" else None
    actor = text(one.data, "actor_type")
    places |= {"done_at": here.inside("occurredAt")} if done_at is not None else {}
    places |= {"actor": here.inside("data.actor_type")} if actor is not None else {}
    action = one.event_type.removeprefix(DID)
    return Known(at=one.occurred_at, places=places, action=action, ids=ids, outcome=outcome, done_at=done_at, actor=actor)


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


def joined(records: Sequence[Known]) -> tuple[Known, ...]:
    """One for each decision, newest first; records are of one when they name the same pending action or decision.

    Those of a run come first among the `records`, then those of the queue, then the log's.
    """
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
