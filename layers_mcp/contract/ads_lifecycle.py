"""Campaigns stopped and started: what the platform delivers while one is paused is nothing."""

from __future__ import annotations

from layers_mcp.contract.ads import PathPlatform, Written
from layers_mcp.contract.endpoint import Endpoint, Request
from layers_mcp.contract.scalars import Id

__all__ = ["PAUSE", "RESUME", "PauseCampaign", "ResumeCampaign"]


class PauseCampaign(Request):
    """The campaign to stop."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id


class ResumeCampaign(Request):
    """The campaign to start again."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id


_ROOT = "/v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}"
PAUSE: Endpoint[PauseCampaign, Written] = Endpoint(
    method="POST",
    path=f"{_ROOT}/pause",
    request=PauseCampaign,
    reply=Written,
    scope="ads:write:lifecycle",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads, named beside GET .../campaigns/{campaignId}; authority: structural",
)
RESUME: Endpoint[ResumeCampaign, Written] = Endpoint(
    method="POST",
    path=f"{_ROOT}/resume",
    request=ResumeCampaign,
    reply=Written,
    scope="ads:write:lifecycle",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads, named beside GET .../campaigns/{campaignId}; authority: structural",
)
