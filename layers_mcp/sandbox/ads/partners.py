"""Writes of a partner to ads that run: denied, queued for a decision, or carried out at once; each stands on record as a run of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pydantic import JsonValue
from sqlalchemy import Row, insert, select

from layers_mcp.contract.ads import Written
from layers_mcp.sandbox import audit, ids
from layers_mcp.sandbox.ads import carrying, tables
from layers_mcp.sandbox.ads.authority import check, resolved
from layers_mcp.sandbox.ads.facts import Axis
from layers_mcp.sandbox.ads.pending import EXPIRES
from layers_mcp.sandbox.visit import Visit

__all__ = ["REASON", "Change", "may", "record", "write"]

REASON: Final = "a partner asked for it"


class Change(NamedTuple):
    """What is to change on what; `on`: the columns of the decision that name it, and `replacement` where a creative comes in."""

    action: str
    entity_type: str
    entity_id: str
    current: dict[str, JsonValue]
    new: dict[str, JsonValue]
    on: Mapping[str, Any] = {}


def may(visit: Visit, campaign: Row[Any], axis: Axis) -> str:
    """How the axis stands for a campaign: `draft` or `auto`.

    Raises:
        errors.AuthorityDenied: it is off, or the customer stopped the layer.
    """
    layer = visit.connection.execute(select(tables.layers).where(tables.layers.c.id == campaign.layer_id)).one()
    bucket = resolved(campaign, layer)[axis]
    check(layer, axis, bucket)
    return bucket


def record(visit: Visit, campaign: Row[Any], change: Change, outcome: str) -> Row[Any]:
    """The decision, and where its `outcome` is pending, the question to the customer."""
    layer = {"project_id": campaign.project_id, "layer_id": campaign.layer_id}
    run_id, pending_id = ids.mint("run"), ids.mint("pa") if outcome == "pending" else None
    run = {"id": run_id, "trigger": "partner", "dry_run": False, "summary": {outcome: 1}} | layer
    visit.connection.execute(insert(tables.runs).values(run | {"started_at": visit.now, "due_at": visit.now, "done_at": visit.now}))
    made: dict[str, Any] = {"id": ids.mint("dec"), "project_id": campaign.project_id, "run_id": run_id, "campaign_id": campaign.id}
    made |= {"at": visit.now, "action": change.action, "reason": REASON, "inputs": {}, "guardrails": []} | dict(change.on)
    made |= {"current": change.current, "new": change.new, "outcome": outcome, "pending_id": pending_id}
    decision = visit.connection.execute(insert(tables.decisions).values(made).returning(tables.decisions)).one()
    if pending_id is not None:
        asked = {"id": pending_id, "decision_id": decision.id, "action": change.action, "entity_type": change.entity_type}
        asked |= {"entity_id": change.entity_id, "rationale": REASON, "status": "pending", "created_at": visit.now}
        visit.connection.execute(insert(tables.pending).values(asked | layer | {"expires_at": visit.now + EXPIRES}))
    return decision


def waiting(visit: Visit, change: Change) -> str | None:
    """The question about just this that waits already."""
    row, was = tables.pending.c, tables.decisions.c
    query = select(row.id, was.new, was.replacement).join(tables.decisions, was.id == row.decision_id)
    mine = (row.entity_id == change.entity_id, row.action == change.action, row.status == "pending", row.expires_at > visit.now)
    found = visit.connection.execute(query.where(*mine)).all()
    return next((one.id for one in found if (one.new, one.replacement) == (change.new, change.on.get("replacement"))), None)


def write(visit: Visit, campaign: Row[Any], bucket: str, change: Change) -> Written:
    """Ask the customer, or do it at once, as the `bucket` of the axis has it; what waits already is not asked twice."""
    verdict = ids.mint("ver")
    if bucket == "draft" and (known := waiting(visit, change)) is not None:
        return Written(verdict_id=verdict, status="pending", campaign_id=campaign.id, pending_id=known)
    outcome = "pending" if bucket == "draft" else "dispatched"
    decision = record(visit, campaign, change, outcome)
    made = carrying.carry_out(visit.connection, decision, visit.now) if outcome == "dispatched" else {}
    data: dict[str, JsonValue] = {"runId": decision.run_id, "decisionId": decision.id, "campaignId": campaign.id, "verdictId": verdict}
    data |= {"entityId": change.entity_id, "outcome": outcome, "actor_type": "partner", **made}
    if outcome == "pending":
        data["pendingId"] = decision.pending_id
    audit.log(visit, f"ads.{change.action}", campaign.project_id, **data)
    if outcome == "pending":
        return Written(verdict_id=verdict, status="pending", campaign_id=campaign.id, pending_id=decision.pending_id)
    return Written(verdict_id=verdict, status="dispatched", campaign_id=campaign.id)
