"""Content: containers of generated media with their captions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.jobs import Accepted, JobProblem
from layers_mcp.contract.scalars import ApprovalStatus, ContainerStatus, ContentFormat, Id, Language, SocialPlatform, SocialPlatforms, Utc

__all__ = [
    "ASSET",
    "GENERATE",
    "GET",
    "LIST",
    "PROGRESS",
    "STAGES",
    "Asset",
    "Brief",
    "CaptionVariant",
    "Container",
    "ContainerPage",
    "ContentProgress",
    "CreativeType",
    "GenerateContent",
    "GetAsset",
    "GetContent",
    "GetProgress",
    "Hook",
    "ListContent",
    "MediaAsset",
    "Words",
]

STAGES = ("queued", "writing_captions", "generating_visuals", "finalizing")
"""Stages of a generation; `writing_captions` is ours, the rest layers-api: concepts/jobs."""

Hook = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
CreativeType = Literal["generated", "uploaded"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Brief(Request):
    """What to say and to whom; everything may be left to the brand context (seed 004, step 6; layers-api: content)."""

    hook: Hook | None = None
    cta: Words | None = None
    topic: Words | None = None
    angle: Words | None = None
    value_propositions: tuple[Words, ...] | None = Field(default=None, max_length=10)
    target_platforms: SocialPlatforms | None = None
    influencer_id: Id | None = None
    theme_tags: tuple[Words, ...] | None = Field(default=None, max_length=20)
    reference_media_ids: tuple[Id, ...] | None = Field(default=None, max_length=20)
    language: Language | None = None


class GenerateContent(Request):
    """`variant_count` 1 to 5 containers from one brief."""

    project_id: Id
    format: ContentFormat = "auto"
    variant_count: int = Field(default=1, ge=1, le=5)
    brief: Brief = Field(default_factory=Brief)


class CaptionVariant(Reply):
    """The caption for one platform."""

    platform: SocialPlatform
    text: str


class MediaAsset(Reply):
    """One media file of a container."""

    id: str
    kind: str
    url: str
    duration_ms: int | None = None


class Container(Reply):
    """One post before it is published (seed 004, step 6): media, captions, and whether it may go out."""

    id: str
    project_id: str | None = None
    status: ContainerStatus
    approval_status: ApprovalStatus
    format: ContentFormat | None = None
    hook: str | None = None
    cta: str | None = None
    influencer_id: str | None = None
    caption_variants: tuple[CaptionVariant, ...] = ()
    media_assets: tuple[MediaAsset, ...] = ()
    brief: dict[str, JsonValue] | None = None
    job_id: str | None = None
    regenerated_from: str | None = None
    creative_type: CreativeType | None = Field(default=None, description="uploaded, or None for what was generated.")
    cloned_from: str | None = Field(default=None, description="The container that it is a clone of.")
    last_error: JobProblem | None = None
    created_at: Utc | None = None
    completed_at: Utc | None = None
    approved_at: Utc | None = None
    rejected_at: Utc | None = None


class ListContent(Request):
    """A page of containers, newest first; `limit` 1 to 200."""

    project_id: Id
    status: tuple[ContainerStatus, ...] | None = None
    approval_status: tuple[ApprovalStatus, ...] | None = None
    format: tuple[ContentFormat, ...] | None = None
    creative_type: CreativeType | None = None
    since: Utc | None = None
    until: Utc | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=200)


class ContainerPage(Reply):
    """A page of containers."""

    items: tuple[Container, ...]
    next_cursor: str | None = None


class GetContent(Request):
    """One container."""

    container_id: Id


class GetProgress(Request):
    """The container whose generation is asked after."""

    container_id: Id


class ContentProgress(Reply):
    """How far a generation is; `stage_progress` 0 to 1 starts again at each stage; `eta_seconds` None when over."""

    container_id: str
    status: ContainerStatus
    stage: str | None = None
    stage_progress: float = 0.0
    eta_seconds: int | None = None
    updated_at: Utc | None = None


class GetAsset(Request):
    """One media file of one container."""

    container_id: Id
    asset_id: Id


class Asset(Reply):
    """One media file with what is known of it."""

    container_id: str
    asset_id: str
    kind: str
    url: str
    thumbnail_url: str | None = None
    mime_type: str | None = None
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


GENERATE: Endpoint[GenerateContent, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content",
    request=GenerateContent,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source="seed 004, step 6",
)
GET: Endpoint[GetContent, Container] = Endpoint(
    method="GET",
    path="/v1/content/{containerId}",
    request=GetContent,
    reply=Container,
    scope="content:read",
    rate="read-light",
    source="seed 004, step 6",
)
LIST: Endpoint[ListContent, ContainerPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/content",
    request=ListContent,
    reply=ContainerPage,
    scope="content:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/content",
)
PROGRESS: Endpoint[GetProgress, ContentProgress] = Endpoint(
    method="GET",
    path="/v1/content/{containerId}/progress",
    request=GetProgress,
    reply=ContentProgress,
    scope="content:read",
    rate="read-light",
    source="layers-api: GET /v1/content/:containerId/progress",
)
ASSET: Endpoint[GetAsset, Asset] = Endpoint(
    method="GET",
    path="/v1/content/{containerId}/assets/{assetId}",
    request=GetAsset,
    reply=Asset,
    scope="content:read",
    rate="read-light",
    source="layers-api: GET /v1/content/:containerId/assets/:assetId",
)
