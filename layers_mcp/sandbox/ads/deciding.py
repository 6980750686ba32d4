"""Decisions of the optimizer as others see them: in the record of their run, and as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from layers_mcp.contract.ads_optimizer import Decision
from layers_mcp.contract.events import AdsDecision, RunCompleted
from layers_mcp.sandbox import telling
from layers_mcp.sandbox.ads import tables

__all__ = ["names_of", "see", "tell", "tell_run"]

_MATERIAL = ("pending", "dispatched")
"""What came of a decision that changed something or waits for a yes to; a hold changes nothing (`drift`, "ads.decision")."""
_VERBS = {
    "pause_ad": "paused the ad",
    "replace_creative": "paused the ad and put another creative in its place",
    "push_creative": "added a creative to the ad set",
    "update_budget": "changed the daily budget of the campaign",
    "update_bid": "changed the bid of the ad set",
    "pause_campaign": "paused the campaign",
    "resume_campaign": "started the campaign again",
}


def names_of(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """The names of the ads, ad sets and campaigns that these decisions are on, by id."""
    names: dict[str, str] = {}
    for table, column in ((tables.ads, "ad_id"), (tables.adsets, "adset_id"), (tables.campaigns, "campaign_id")):
        wanted = {getattr(one, column) for one in rows} - {None}
        found = connection.execute(select(table.c.id, table.c.name).where(table.c.id.in_(wanted)))
        names |= {one.id: one.name for one in found}
    return names


def _entity(one: Row[Any]) -> tuple[str, str]:
    if one.ad_id is not None:
        return "ad", one.ad_id
    return ("adset", one.adset_id) if one.adset_id is not None else ("campaign", one.campaign_id)


def see(one: Row[Any], names: Mapping[str, str], outcome: str) -> Decision:
    """A decision, and what became of it."""
    kind, name = _entity(one)
    return Decision(
        decision_id=one.id,
        at=one.at,
        action=one.action,
        entity_type=kind,
        entity_id=name,
        entity_name=names.get(name),
        ad_id=one.ad_id,
        adset_id=one.adset_id,
        campaign_id=one.campaign_id,
        ads_content_id=one.ads_content_id,
        state=one.state,
        inputs=one.inputs,
        reason=one.reason,
        guardrails=tuple(one.guardrails),
        blocked_by=one.blocked_by,
        replacement=one.replacement,
        current_value=one.current,
        new_value=one.new,
        outcome=outcome,
        pending_id=one.pending_id,
    )


def tell(connection: Connection, decision: Row[Any], run: Row[Any], platform: str) -> None:
    """Tell of a decision if it is a material one (seed 000, "Webhook events to subscribe to")."""
    whose: dict[str, Any] = {"project_id": run.project_id, "at": decision.at}
    if decision.outcome not in _MATERIAL or not telling.listens(connection, "ads.decision", **whose):
        return
    shown = see(decision, names_of(connection, [decision]), decision.outcome)
    of_run = {"run_id": run.id, "layer_id": run.layer_id, "platform": platform}
    said = AdsDecision.model_validate(shown.model_dump() | of_run, by_name=True)
    telling.tell(connection, "ads.decision", said, **whose)


def _in_words(connection: Connection, run_id: str) -> tuple[str, ...]:
    """What a run changed or asks to change, one sentence each."""
    row = tables.decisions.c
    query = select(tables.decisions).where(row.run_id == run_id, row.outcome.in_(_MATERIAL)).order_by(row.seq)
    rows = connection.execute(query).all()
    names = names_of(connection, rows)
    asks = {"pending": "asks for a yes: ", "dispatched": ""}
    return tuple(f"{asks[one.outcome]}{_VERBS[one.action]} {names.get(_entity(one)[1], '')}: {one.reason}" for one in rows)


def tell_run(connection: Connection, run: Row[Any], platform: str, *, summary: dict[str, int], at: datetime) -> None:
    """Tell that a run is over, and what it changed."""
    if not telling.listens(connection, "ads.optimizer.run.completed", project_id=run.project_id, at=at):
        return
    said = RunCompleted(
        run_id=run.id,
        layer_id=run.layer_id,
        platform=platform,
        dry_run=run.dry_run,
        completed_at=at,
        summary=summary,
        changes=_in_words(connection, run.id),
    )
    telling.tell(connection, "ads.optimizer.run.completed", said, project_id=run.project_id, at=at)
