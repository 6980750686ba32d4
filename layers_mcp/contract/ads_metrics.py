"""What ads cost and brought, in two wire forms that differ in the unit of money.

The seed's (`groupBy`): one row a thing, spend in major units of the account's currency, as its sample compares it with 50.
The reference's (`scope` and `id`): buckets of days or weeks with totals, spend in integer cents (layers-api: ads, "General rules").
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from layers_mcp.contract.ads import AdPlatform
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["GET", "AdsMetric", "AdsMetrics", "GetAdsMetrics", "Group", "Measured"]

Group = Literal["ad", "adset", "campaign", "ad_account", "project"]
Money = int | float
AdsMetric = Literal["spend", "impressions", "clicks", "conversions", "cpa", "cpc", "cpm", "ctr", "roas", "reach", "frequency"]


_YEARS = range(2000, 9000)
"""Ours: no ad ran before, and calendars have room for a window's days on either side."""


def _dated(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        message = f"lies outside the years {_YEARS.start} to {_YEARS.stop - 1}"
        raise ValueError(message)
    return moment


Moment = Annotated[Utc, AfterValidator(_dated)]


class GetAdsMetrics(Request):
    """Either `group_by`, or `scope` with `id`; `since` is inclusive, `until` is not, and both lie in the years 2000 to 8999."""

    project_id: Id
    group_by: Group | None = None
    scope: Group | None = None
    id: Id | None = None
    metrics: tuple[AdsMetric, ...] | None = Field(default=None, max_length=22)
    platforms: tuple[AdPlatform, ...] | None = Field(default=None, max_length=3)
    since: Moment | None = None
    until: Moment | None = None
    granularity: Literal["day", "week"] | None = None


class Measured(Reply):
    """A row: a thing (`groupBy`), a bucket (`scope`), or the whole window. Only what was asked for is set.

    `spend`, `cpa`, `cpc`, `cpm`: major units in the seed's form, cents in the reference's; `ctr` is a share of impressions, `roas`
    conversion value by spend. A quotient without its divisor is None, and so is money in more than one currency.
    """

    ad_id: str | None = None
    adset_id: str | None = None
    campaign_id: str | None = None
    ad_account_id: str | None = None
    project_id: str | None = None
    ads_content_id: str | None = None
    platform: str | None = None
    name: str | None = None
    status: str | None = None
    currency: str | None = None
    start: Utc | None = None
    end: Utc | None = None
    spend: Money | None = None
    impressions: int | None = None
    clicks: int | None = None
    conversions: int | None = None
    cpa: Money | None = None
    cpc: Money | None = None
    cpm: Money | None = None
    ctr: float | None = None
    roas: float | None = None
    reach: int | None = None
    frequency: float | None = None


class AdsMetrics(Reply):
    """The series and, in the reference's form, the totals of the window."""

    series: tuple[Measured, ...]
    totals: Measured | None = None


GET: Endpoint[GetAdsMetrics, AdsMetrics] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/ads-metrics",
    request=GetAdsMetrics,
    reply=AdsMetrics,
    scope="metrics:read",
    rate="read-light",
    source="seed 000, loop 3; layers-api: ads-metrics",
)
