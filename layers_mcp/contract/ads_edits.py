"""What partners change on ads that run: budgets, targeting, creatives; and what the platforms say of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.ads import AdPlatform, Cursor, PathPlatform, Written
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "ADSET_BUDGET", "BUDGET", "CAPI_STATUS", "PRUNE", "PUSH", "REPLACE", "REVIEWS", "TARGETING", "AdReview", "AdReviewPage", "Age",
    "CapiPlatform",
    "ChangeAdsetBudget", "ChangeBudget", "ChangeTargeting", "GetCapiStatus", "ListReviews", "PlatformRelay", "PruneCreative",
    "PushCreative", "RelayStatus",
]  # fmt: skip

_Cents = Annotated[int, Field(ge=1, le=100_000_000_00)]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
CapiPlatform = Literal["meta_ads", "tiktok_ads"]
"""Where conversions can be relayed to (layers-api: ads/capi-status)."""
ReviewStatus = Literal["pending_review", "approved", "disapproved"]


class ChangeBudget(Request):
    """A campaign's new budget: exactly one of the two, the one it has."""

    project_id: Id
    platform: PathPlatform
    campaign_id: Id
    daily_budget_cents: _Cents | None = None
    lifetime_budget_cents: _Cents | None = None


class ChangeAdsetBudget(Request):
    """The same of an ad set, where its campaign leaves budgets to ad sets."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id
    daily_budget_cents: _Cents | None = None
    lifetime_budget_cents: _Cents | None = None


class Age(Request):
    """Whole years, 13 to 65; 65 stands for that and more."""

    min: int = Field(default=18, ge=13, le=65)
    max: int = Field(default=65, ge=13, le=65)


class ChangeTargeting(Request):
    """Whom an ad set is shown to; what is not given stays. `geo`: ISO 3166 alpha-2."""

    project_id: Id
    platform: PathPlatform
    adset_id: Id
    geo: tuple[_Country, ...] | None = Field(default=None, min_length=1, max_length=200)
    age: Age | None = None
    genders: tuple[Literal["male", "female", "all"], ...] | None = Field(default=None, min_length=1, max_length=3)
    custom_audiences: tuple[_Word, ...] | None = Field(default=None, max_length=100)
    placements: tuple[_Word, ...] | None = Field(default=None, max_length=100)


class PushCreative(Request):
    """A creative of the pool for an ad's ad set, or in place of what the ad shows."""

    project_id: Id
    platform: PathPlatform
    ad_id: Id
    ads_content_id: Id
    caption: Annotated[str, StringConstraints(min_length=1, max_length=2200)] | None = None


class PruneCreative(Request):
    """The creative that an ad is to show no more."""

    project_id: Id
    platform: PathPlatform
    ad_id: Id
    ads_content_id: Id


class ListReviews(Request):
    """A page of what a platform's review said of ads, newest first; `since`: submitted then or later."""

    project_id: Id
    platform: PathPlatform
    status: ReviewStatus | None = None
    since: Utc | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=200)


class AdReview(Reply):
    """What a platform said of one ad; `platform_reason` is the platform's own text."""

    review_id: str
    ad_id: str
    ads_content_id: str | None = None
    platform: AdPlatform
    status: ReviewStatus
    platform_reason: str | None = None
    submitted_at: Utc | None = None
    decided_at: Utc | None = None


class AdReviewPage(Reply):
    """A page of reviews."""

    items: tuple[AdReview, ...]
    next_cursor: str | None = None


class GetCapiStatus(Request):
    """How the relay of conversions stands, on some platforms or all."""

    project_id: Id
    platforms: tuple[CapiPlatform, ...] | None = Field(default=None, max_length=2)


class PlatformRelay(Reply):
    """The relay to one platform; `token_valid`: of the ad account that is connected, if one is."""

    platform: AdPlatform
    status: str
    pixel_present: bool = False
    token_valid: bool = False
    last_event_at: Utc | None = None
    events_received: int = 0
    recent_error: str | None = None


class RelayStatus(Reply):
    """The relay to each platform."""

    project_id: str
    platforms: tuple[PlatformRelay, ...]


_ROOT = "/v1/projects/{projectId}/ads"
_ONE = f"{_ROOT}/{{platform}}"
BUDGET: Endpoint[ChangeBudget, Written] = Endpoint(
    method="PATCH",
    path=f"{_ONE}/campaigns/{{campaignId}}/budget",
    request=ChangeBudget,
    reply=Written,
    scope="ads:write:budgets",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads, campaigns/budget",
)
ADSET_BUDGET: Endpoint[ChangeAdsetBudget, Written] = Endpoint(
    method="PATCH",
    path=f"{_ONE}/adsets/{{adsetId}}/budget",
    request=ChangeAdsetBudget,
    reply=Written,
    scope="ads:write:budgets",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED",),
    source="layers-api: ads, adsets/budget",
)
TARGETING: Endpoint[ChangeTargeting, Written] = Endpoint(
    method="PATCH",
    path=f"{_ONE}/adsets/{{adsetId}}/targeting",
    request=ChangeTargeting,
    reply=Written,
    scope="ads:write:creative",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads, adsets/targeting",
)
PUSH: Endpoint[PushCreative, Written] = Endpoint(
    method="POST",
    path=f"{_ONE}/ads/{{adId}}/creative",
    request=PushCreative,
    reply=Written,
    scope="ads:write:creative",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads/creative",
)
REPLACE: Endpoint[PushCreative, Written] = Endpoint(
    method="PUT",
    path=f"{_ONE}/ads/{{adId}}/creative",
    request=PushCreative,
    reply=Written,
    scope="ads:write:creative",
    rate="write-light",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads/creative",
)
PRUNE: Endpoint[PruneCreative, Written] = Endpoint(
    method="DELETE",
    path=f"{_ONE}/ads/{{adId}}/creative",
    request=PruneCreative,
    reply=Written,
    scope="ads:write:creative",
    rate="write-light",
    statuses=(202,),
    codes=("AUTHORITY_DENIED", "CONFLICT"),
    source="layers-api: ads/creative",
)
REVIEWS: Endpoint[ListReviews, AdReviewPage] = Endpoint(
    method="GET",
    path=f"{_ONE}/reviews",
    request=ListReviews,
    reply=AdReviewPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/reviews",
)
CAPI_STATUS: Endpoint[GetCapiStatus, RelayStatus] = Endpoint(
    method="GET",
    path=f"{_ROOT}/capi-status",
    request=GetCapiStatus,
    reply=RelayStatus,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/capi-status",
)
