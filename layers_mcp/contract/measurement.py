"""Measurement of what was posted: metrics, and the creatives that do best."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, SocialPlatform, Utc

__all__ = [
    "DEFAULT_METRICS",
    "METRICS",
    "TOP",
    "Axis",
    "GetMetrics",
    "GetTopPerformers",
    "Granularity",
    "Measured",
    "Metric",
    "Metrics",
    "MetricsPoint",
    "Scope",
    "SourceType",
    "TopPerformer",
    "TopPerformers",
    "TopPlatform",
    "Window",
]

Scope = Literal["platform_post", "social_account", "project", "project_layer", "organization"]
Metric = Literal[
    "views",
    "reach",
    "impressions",
    "likes",
    "comments",
    "shares",
    "saves",
    "watch_time_ms",
    "engagement_rate",
    "followers",
    "follower_delta",
    "posts_published",
]
Granularity = Literal["hour", "day", "week"]
Axis = Literal["views", "engagement_rate", "conversions", "roas", "watch_time_ms"]
"""What creatives are ranked by (seed 000, loop 2; layers-api: top-performers)."""
Window = Literal["7d", "30d", "90d"]
SourceType = Literal["content_container", "platform_post", "manual"]
TopPlatform = Literal["instagram", "tiktok", "youtube", "meta_ads", "tiktok_ads", "apple_ads"]

DEFAULT_METRICS: dict[Scope, tuple[Metric, ...]] = {
    "platform_post": ("views", "likes", "comments", "shares", "saves", "watch_time_ms", "engagement_rate"),
    "social_account": ("views", "engagement_rate", "followers", "follower_delta", "posts_published"),
    "project": ("views", "engagement_rate", "watch_time_ms", "follower_delta", "posts_published"),
    "project_layer": ("views", "engagement_rate", "watch_time_ms", "posts_published"),
    "organization": ("views", "engagement_rate", "watch_time_ms", "follower_delta", "posts_published"),
}
"""What is given when nothing is asked for; the bundles are ours (see `drift`)."""


class GetMetrics(Request):
    """What one thing earned; `since` inclusive (30 days ago), `until` exclusive (now)."""

    project_id: Id
    scope: Scope
    id: Id
    metrics: tuple[Metric, ...] | None = Field(default=None, min_length=1, max_length=12)
    since: Utc | None = None
    until: Utc | None = None
    granularity: Granularity = "day"


class Measured(Reply):
    """Metrics by their names on the wire; what was not asked for is not there. Rates are shares of views, 0 to 1."""

    views: int | None = None
    reach: int | None = None
    impressions: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None
    watch_time_ms: int | None = Field(default=None, alias="watch_time_ms")
    engagement_rate: float | None = Field(default=None, alias="engagement_rate")
    followers: int | None = None
    follower_delta: int | None = Field(default=None, alias="follower_delta")
    posts_published: int | None = Field(default=None, alias="posts_published")


class MetricsPoint(Measured):
    """One bucket, from `bucket_start` on, in UTC."""

    bucket_start: Utc


class Metrics(Reply):
    """Buckets in order of time, and the same over the whole window."""

    series: tuple[MetricsPoint, ...]
    totals: Measured


class GetTopPerformers(Request):
    """The creatives that did best on one axis; `limit` 1 to 100."""

    project_id: Id
    metric: Axis
    window: Window = "30d"
    source_type: tuple[SourceType, ...] | None = None
    platform: tuple[TopPlatform, ...] | None = None
    limit: int = Field(default=25, ge=1, le=100)
    include_ineligible: bool = False


class TopPerformer(Reply):
    """One creative with what its posts of the window have earned.

    `rank`, `metric_value`, `source_type`, `source_id` are documented, `platform_post_id` is seed 000's; the rest is ours, see `drift`.
    """

    rank: int
    metric_value: float
    source_type: SourceType
    source_id: str
    platform_post_id: str | None = None
    platform: SocialPlatform | None = None
    published_at: Utc | None = None
    views: int | None = None
    engagement_rate: float | None = None
    conversions: int | None = None
    roas: float | None = None
    organic_score: Annotated[float, Field(ge=0, le=10)] | None = None
    override: Literal["include", "exclude"] | None = None


class TopPerformers(Reply):
    """Best first."""

    items: tuple[TopPerformer, ...]


METRICS: Endpoint[GetMetrics, Metrics] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/metrics",
    request=GetMetrics,
    reply=Metrics,
    scope="metrics:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/{projectId}/metrics",
)
TOP: Endpoint[GetTopPerformers, TopPerformers] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/top-performers",
    request=GetTopPerformers,
    reply=TopPerformers,
    scope="metrics:read",
    rate="read-light",
    source="seed 000, loop 2; layers-api: top-performers",
)
