"""Campaigns, ad sets and ads: what runs where, read as the platforms have it, and the simplified create.

Money is integer cents of the account's currency here (layers-api: ads, "General rules").
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "ADS",
    "ADSETS",
    "CAMPAIGNS",
    "CREATE_CAMPAIGN",
    "GET_CAMPAIGN",
    "PATH_OF",
    "Ad",
    "AdPage",
    "AdPlatform",
    "AdStatus",
    "Adset",
    "AdsetPage",
    "Campaign",
    "CampaignPage",
    "CreateCampaign",
    "GetCampaign",
    "ListAds",
    "ListAdsets",
    "ListCampaigns",
    "Outcome",
    "PathPlatform",
    "Written",
]

AdPlatform = Literal["meta_ads", "tiktok_ads", "apple_ads"]
"""A platform as bodies and queries spell it."""
PathPlatform = Literal["meta", "tiktok", "apple"]
"""The same as paths spell it."""
PATH_OF: dict[AdPlatform, PathPlatform] = {"meta_ads": "meta", "tiktok_ads": "tiktok", "apple_ads": "apple"}
AdStatus = Literal["active", "paused", "archived", "deleted", "in_review", "rejected"]
Outcome = Literal["conversions", "traffic", "app_installs", "engagement", "lead_generation"]
Mode = Literal["manual", "draft", "autopilot"]
Cursor = Annotated[str, StringConstraints(max_length=500)]
Cents = Annotated[int, Field(ge=0, le=100_000_000_00)]


class ListCampaigns(Request):
    """A page of campaigns, newest first; `since`: created then or later."""

    project_id: Id
    platforms: tuple[AdPlatform, ...] | None = Field(default=None, max_length=3)
    ad_account_id: Id | None = None
    status: tuple[AdStatus, ...] | None = Field(default=None, max_length=6)
    since: Utc | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=200)


class Campaign(Reply):
    """A campaign; exactly one of the budgets is set."""

    campaign_id: str
    ad_account_id: str
    platform: AdPlatform
    name: str
    status: AdStatus
    objective: str | None = None
    daily_budget_cents: int | None = None
    lifetime_budget_cents: int | None = None
    currency: str | None = None
    budget_mode: Literal["CBO", "ABO"] | None = None
    start_time: Utc | None = None
    end_time: Utc | None = None
    created_at: Utc | None = None
    metrics_snapshot7d: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue], alias="metricsSnapshot7d")


class CampaignPage(Reply):
    """Campaigns, and where the next page begins."""

    items: tuple[Campaign, ...]
    next_cursor: str | None = None


class GetCampaign(Request):
    """One campaign."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id


class CreateCampaign(Request):
    """The simplified create: one of the budgets; the modes set the authority (management: tactical and structural)."""

    project_id: Id
    platform: PathPlatform
    ad_account_id: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    outcome: Outcome
    daily_budget_cents: Cents | None = None
    lifetime_budget_cents: Cents | None = None
    campaign_management_mode: Mode
    creative_mode: Mode
    start_time: Utc | None = None
    end_time: Utc | None = None
    bid_strategy: dict[str, JsonValue] | None = None


class Written(Reply):
    """The 202 of an ads write: dispatched at once, or queued for a decision (layers-api: ads-write-model)."""

    verdict_id: str
    status: Literal["dispatched", "pending"]
    job_id: str | None = None
    campaign_id: str | None = None
    pending_id: str | None = None


class ListAdsets(Request):
    """A page of ad sets (ad groups elsewhere), newest first."""

    project_id: Id
    campaign_id: Id | None = None
    ad_account_id: Id | None = None
    platforms: tuple[AdPlatform, ...] | None = Field(default=None, max_length=3)
    status: tuple[AdStatus, ...] | None = Field(default=None, max_length=6)
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=200)


class Adset(Reply):
    """An ad set; `bid_amount_cents` where it bids by hand."""

    adset_id: str
    campaign_id: str
    platform: AdPlatform
    name: str
    status: AdStatus
    optimization_goal: str | None = None
    targeting: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    bid_amount_cents: int | None = None
    created_at: Utc | None = None


class AdsetPage(Reply):
    """Ad sets, and where the next page begins."""

    items: tuple[Adset, ...]
    next_cursor: str | None = None


class ListAds(Request):
    """A page of ads, newest first; `ads_content_id`: where does this creative run? Apple has no ad-level object."""

    project_id: Id
    adset_id: Id | None = None
    campaign_id: Id | None = None
    ad_account_id: Id | None = None
    platforms: tuple[AdPlatform, ...] | None = Field(default=None, max_length=3)
    ads_content_id: Id | None = None
    status: tuple[AdStatus, ...] | None = Field(default=None, max_length=6)
    cursor: Cursor | None = None
    limit: int = Field(default=100, ge=1, le=200)


class Ad(Reply):
    """An ad with its ad set, campaign and creative."""

    ad_id: str
    adset_id: str
    campaign_id: str
    ad_account_id: str
    platform: AdPlatform
    ads_content_id: str | None = None
    name: str
    status: AdStatus
    created_at: Utc | None = None


class AdPage(Reply):
    """Ads, and where the next page begins."""

    items: tuple[Ad, ...]
    next_cursor: str | None = None


_ROOT = "/v1/projects/{projectId}/ads"
CAMPAIGNS: Endpoint[ListCampaigns, CampaignPage] = Endpoint(
    method="GET",
    path=f"{_ROOT}/campaigns",
    request=ListCampaigns,
    reply=CampaignPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/campaigns",
)
GET_CAMPAIGN: Endpoint[GetCampaign, Campaign] = Endpoint(
    method="GET",
    path=f"{_ROOT}/{{platform}}/campaigns/{{campaignId}}",
    request=GetCampaign,
    reply=Campaign,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads, named in campaigns/budget",
)
CREATE_CAMPAIGN: Endpoint[CreateCampaign, Written] = Endpoint(
    method="POST",
    path=f"{_ROOT}/{{platform}}/campaigns",
    request=CreateCampaign,
    reply=Written,
    scope="ads:write:campaigns",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED",),
    source="layers-api: ads/campaigns, simplified create",
)
ADSETS: Endpoint[ListAdsets, AdsetPage] = Endpoint(
    method="GET",
    path=f"{_ROOT}/adsets",
    request=ListAdsets,
    reply=AdsetPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/adsets",
)
ADS: Endpoint[ListAds, AdPage] = Endpoint(
    method="GET",
    path=f"{_ROOT}/ads",
    request=ListAds,
    reply=AdPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/ads",
)
