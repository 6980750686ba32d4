"""Campaigns paused and resumed by a partner: at once, queued for a decision, or denied, as the structural axis has it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import Row, insert, select

from layers_mcp.contract import ads, errors
from layers_mcp.contract.ads_lifecycle import PauseCampaign, ResumeCampaign
from layers_mcp.sandbox import audit, ids, projects
from layers_mcp.sandbox.ads import making, tables
from layers_mcp.sandbox.ads.authority import PLATFORMS, check, own_campaign, resolved
from layers_mcp.sandbox.ads.pending import EXPIRES
from layers_mcp.sandbox.visit import Visit

__all__ = ["pause", "resume"]

_Turn = Literal["pause_campaign", "resume_campaign"]
_TURNED: dict[_Turn, str] = {"pause_campaign": "paused", "resume_campaign": "active"}
_LOGGED: dict[_Turn, str] = {"pause_campaign": "ads.campaign.paused", "resume_campaign": "ads.campaign.resumed"}
_REASON = "a partner asked for it"


def _waiting(visit: Visit, campaign: Row[Any], turn: _Turn) -> str | None:
    """The question about just this that waits already."""
    row = tables.pending.c
    mine = (row.entity_id == campaign.id, row.action == turn, row.status == "pending", row.expires_at > visit.now)
    return visit.connection.execute(select(row.id).where(*mine)).scalar()


def _queue(visit: Visit, campaign: Row[Any], turn: _Turn) -> str:
    """The question to the customer; it stands on record as a run of one decision."""
    layer = {"project_id": campaign.project_id, "layer_id": campaign.layer_id}
    run_id = ids.mint("run")
    run = {"id": run_id, "trigger": "partner", "dry_run": False, "summary": {"pending": 1}} | layer
    visit.connection.execute(insert(tables.runs).values(run | {"started_at": visit.now, "due_at": visit.now, "done_at": visit.now}))
    decision_id, pending_id = ids.mint("dec"), ids.mint("pa")
    made: dict[str, Any] = {
        "id": decision_id,
        "project_id": campaign.project_id,
        "run_id": run_id,
        "campaign_id": campaign.id,
        "at": visit.now,
    }
    made |= {"action": turn, "reason": _REASON, "inputs": {}, "guardrails": [], "outcome": "pending", "pending_id": pending_id}
    made |= {"current": {"status": campaign.status}, "new": {"status": _TURNED[turn]}}
    visit.connection.execute(insert(tables.decisions).values(made))
    asked = {"id": pending_id, "decision_id": decision_id, "action": turn, "entity_type": "campaign", "entity_id": campaign.id}
    asked |= {"rationale": _REASON, "status": "pending", "created_at": visit.now, "expires_at": visit.now + EXPIRES}
    visit.connection.execute(insert(tables.pending).values(asked | layer))
    data: dict[str, JsonValue] = {"runId": run_id, "decisionId": decision_id, "pendingId": pending_id, "campaignId": campaign.id}
    audit.log(visit, f"ads.{turn}", campaign.project_id, **data, outcome="pending", actor_type="partner")
    return pending_id


def _turn(visit: Visit, campaign: Row[Any], turn: _Turn) -> ads.Written:
    """Pause or resume; what stands so already stays, and is answered the same.

    Raises:
        errors.AuthorityDenied: the structural axis is off, or the customer stopped the layer.
        errors.Conflict: the campaign neither runs nor is paused.
    """
    layer = visit.connection.execute(select(tables.layers).where(tables.layers.c.id == campaign.layer_id)).one()
    bucket, verdict = resolved(campaign, layer)["structural"], ids.mint("ver")
    check(layer, "structural", bucket)
    if campaign.status not in _TURNED.values():
        details: dict[str, JsonValue] = {"campaignId": campaign.id, "status": campaign.status}
        raise errors.Conflict(f"campaign {campaign.id} is {campaign.status}", details=details)
    if campaign.status != _TURNED[turn] and bucket == "draft":
        asked = _waiting(visit, campaign, turn) or _queue(visit, campaign, turn)
        return ads.Written(verdict_id=verdict, status="pending", campaign_id=campaign.id, pending_id=asked)
    if campaign.status != _TURNED[turn]:
        making.change(visit.connection, "campaign", campaign.id, status=_TURNED[turn])
        making.replan(visit.connection, campaign.id, at=visit.now)
        data: dict[str, JsonValue] = {"campaignId": campaign.id, "verdictId": verdict, "actor_type": "partner"}
        audit.log(visit, _LOGGED[turn], campaign.project_id, **data)
    return ads.Written(verdict_id=verdict, status="dispatched", campaign_id=campaign.id)


def pause(visit: Visit, request: PauseCampaign) -> ads.Written:
    """Stop a campaign: from now on none of its ads spends or is shown, and the optimizer leaves it alone; an archived project's too."""
    return _turn(visit, own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id), "pause_campaign")


def resume(visit: Visit, request: ResumeCampaign) -> ads.Written:
    """Start a paused campaign again, with the ads that ran before.

    Raises:
        errors.Conflict: the project is archived.
    """
    projects.living(visit, request.project_id)
    return _turn(visit, own_campaign(visit, request.project_id, PLATFORMS[request.platform], request.campaign_id), "resume_campaign")
