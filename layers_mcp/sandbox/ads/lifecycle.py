"""Campaigns paused and resumed by a partner: at once, queued for a decision, or denied, as the structural axis has it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import JsonValue
from sqlalchemy import Row

from layers_mcp.contract import ads, errors
from layers_mcp.contract.ads_lifecycle import PauseCampaign, ResumeCampaign
from layers_mcp.sandbox import audit, ids, projects
from layers_mcp.sandbox.ads import making, partners
from layers_mcp.sandbox.ads.authority import PLATFORMS, own_campaign
from layers_mcp.sandbox.visit import Visit

__all__ = ["pause", "resume"]

_Turn = Literal["pause_campaign", "resume_campaign"]
_TURNED: dict[_Turn, str] = {"pause_campaign": "paused", "resume_campaign": "active"}
_LOGGED: dict[_Turn, str] = {"pause_campaign": "ads.campaign.paused", "resume_campaign": "ads.campaign.resumed"}


def _turn(visit: Visit, campaign: Row[Any], turn: _Turn) -> ads.Written:
    """Pause or resume; what stands so already stays, and is answered the same.

    Raises:
        errors.AuthorityDenied: the structural axis is off, or the customer stopped the layer.
        errors.Conflict: the campaign neither runs nor is paused.
    """
    bucket, verdict = partners.may(visit, campaign, "structural"), ids.mint("ver")
    if campaign.status not in _TURNED.values():
        details: dict[str, JsonValue] = {"campaignId": campaign.id, "status": campaign.status}
        raise errors.Conflict(f"campaign {campaign.id} is {campaign.status}", details=details)
    if campaign.status != _TURNED[turn] and bucket == "draft":
        change = partners.Change(turn, "campaign", campaign.id, {"status": campaign.status}, {"status": _TURNED[turn]})
        return partners.write(visit, campaign, bucket, change)
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
