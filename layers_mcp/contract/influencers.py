"""Influencers: the synthetic ambassadors that voice a project's content."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["GET", "LIST", "GetInfluencer", "Influencer", "InfluencerPage", "InfluencerStatus", "ListInfluencers"]

InfluencerStatus = Literal["draft", "pending", "training", "ready", "failed"]


class Influencer(Reply):
    """One ambassador (seed 004, "Select an influencer")."""

    influencer_id: str
    project_id: str | None = None
    name: str
    gender: str | None = None
    age_range: str | None = None
    brand_voice: str | None = None
    language: str | None = None
    status: InfluencerStatus
    image_url: str | None = None
    error_message: str | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None


class ListInfluencers(Request):
    """A page of a project's influencers, newest first; `limit` 1 to 100."""

    project_id: Id
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)
    status: InfluencerStatus | None = None


class InfluencerPage(Reply):
    """A page of influencers."""

    items: tuple[Influencer, ...]
    next_cursor: str | None = None


class GetInfluencer(Request):
    """One influencer."""

    influencer_id: Id


LIST: Endpoint[ListInfluencers, InfluencerPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/influencers",
    request=ListInfluencers,
    reply=InfluencerPage,
    scope="projects:read",
    rate="read-light",
    source="seed 004, step 5",
)
GET: Endpoint[GetInfluencer, Influencer] = Endpoint(
    method="GET",
    path="/v1/influencers/{influencerId}",
    request=GetInfluencer,
    reply=Influencer,
    scope="influencers:write",
    rate="read-light",
    source="layers-api: GET /v1/influencers/:influencerId",
)
