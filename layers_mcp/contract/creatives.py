"""Creatives: scored material that ads may be made of, the overrides of that score, and what Layers recommends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "LIST",
    "MARK",
    "OVERRIDE",
    "RECOMMENDATIONS",
    "Creative",
    "CreativePage",
    "Kind",
    "ListCreatives",
    "ListRecommendations",
    "MarkRecommendation",
    "MarkedRecommendation",
    "Override",
    "OverrideCreative",
    "Pool",
    "Recommendation",
    "RecommendationPage",
    "RecommendationStatus",
]

Pool = Literal["generated", "ugc", "manual"]
Override = Literal["include", "exclude"]
Kind = Literal["value_propositions", "refresh_fatigued"]
RecommendationStatus = Literal["open", "acknowledged", "dismissed", "acted_on"]


class ListCreatives(Request):
    """A page of a project's creatives; `limit` 1 to 200."""

    project_id: Id
    scoring_pool: tuple[Pool, ...] | None = None
    min_score: float = Field(default=0, ge=0, le=10)
    override: Literal["include", "exclude", "none"] | None = None
    eligible: bool | None = None
    sort: Literal["score_desc", "score_asc", "scored_at_desc"] = "score_desc"
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class Creative(Reply):
    """One creative: its score (0 to 10), and whether ads may use it (layers-api: organic-scoring, ad-eligibility).

    Its body is on no page in full: either may be missing, or come by another name.
    """

    ads_content_id: str
    source_type: Literal["content_container", "platform_post", "manual"] | None = None
    source_id: str | None = None
    scoring_pool: Pool | None = None
    organic_score: float | None = None
    eligible: bool | None = None
    override: Override | None = None
    note: str | None = None
    active_promotions: tuple[JsonValue, ...] = ()
    scored_at: Utc | None = None
    created_at: Utc | None = None


class CreativePage(Reply):
    """A page of creatives."""

    items: tuple[Creative, ...]
    next_cursor: str | None = None


class OverrideCreative(Request):
    """`override` is required: null gives the creative back to its score."""

    project_id: Id
    id: Id
    override: Override | None
    note: Annotated[str, StringConstraints(max_length=280)] | None = None


class ListRecommendations(Request):
    """A page of what Layers recommends; `limit` 1 to 100."""

    project_id: Id
    kind: tuple[Kind, ...] | None = None
    status: tuple[RecommendationStatus, ...] | None = None
    min_confidence: float = Field(default=0, ge=0, le=1)
    sort: Literal["confidence_desc", "created_desc"] = "confidence_desc"
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class Recommendation(Reply):
    """One recommendation; `suggested_action` names an endpoint and what to send there."""

    recommendation_id: str
    kind: str
    subject: dict[str, JsonValue]
    rationale: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    status: RecommendationStatus
    suggested_action: dict[str, JsonValue]
    created_at: Utc | None = None


class RecommendationPage(Reply):
    """A page of recommendations."""

    items: tuple[Recommendation, ...]
    next_cursor: str | None = None


class MarkRecommendation(Request):
    """What became of a recommendation."""

    project_id: Id
    recommendation_id: Id
    status: RecommendationStatus
    note: Annotated[str, StringConstraints(max_length=1024)] | None = None


class MarkedRecommendation(Reply):
    """A recommendation that was marked."""

    recommendation_id: str
    status: RecommendationStatus
    updated_at: Utc


LIST: Endpoint[ListCreatives, CreativePage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/ads-content",
    request=ListCreatives,
    reply=CreativePage,
    scope="metrics:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/{projectId}/ads-content",
)
OVERRIDE: Endpoint[OverrideCreative, Creative] = Endpoint(
    method="PATCH",
    path="/v1/projects/{projectId}/ads-content/{id}",
    request=OverrideCreative,
    reply=Creative,
    scope="ads:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="seed 000, loop 3, Overriding a decision",
)
RECOMMENDATIONS: Endpoint[ListRecommendations, RecommendationPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/recommendations",
    request=ListRecommendations,
    reply=RecommendationPage,
    scope="metrics:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/{projectId}/recommendations",
)
MARK: Endpoint[MarkRecommendation, MarkedRecommendation] = Endpoint(
    method="PATCH",
    path="/v1/projects/{projectId}/recommendations/{recommendationId}",
    request=MarkRecommendation,
    reply=MarkedRecommendation,
    scope="metrics:read",
    rate="write-light",
    keyed=True,
    source="layers-api: PATCH recommendations",
)
