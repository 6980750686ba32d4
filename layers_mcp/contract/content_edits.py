"""Content made anew under its own id, and what to make content from: hooks, and posts of others."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.content import Brief
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id

__all__ = [
    "HOOKS", "REGENERATE", "SOURCES", "GetHooks", "Hooks", "ListSources", "References", "RegenerateContent", "SourceKind", "SourcePage",
    "SourcePost",
]  # fmt: skip

SourceKind = Literal["video", "slideshow", "mixed"]


class References(Request):
    """What a regeneration may look at beside the brief."""

    source_post_ids: tuple[Id, ...] | None = Field(default=None, max_length=20)
    asset_ids: tuple[Id, ...] | None = Field(default=None, max_length=20)


class RegenerateContent(Request):
    """The container to fill anew; `brief` is laid over its own, and with `preserve_assets` only its captions are written anew."""

    container_id: Id
    brief: Brief = Field(default_factory=Brief)
    references: References | None = None
    preserve_assets: bool = False


class GetHooks(Request):
    """The project to write hooks for."""

    project_id: Id


class Hooks(Reply):
    """First words to choose from, in the project's voice; a line break in one is the two characters backslash and n."""

    hooks: tuple[str, ...]
    brand_voice: str | None = None
    language: str | None = None


class ListSources(Request):
    """Posts of others to remix: without `keyword` those that were found before, else what TikTok finds now; `limit` 1 to 50."""

    project_id: Id
    keyword: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    kind: SourceKind = "mixed"
    limit: int = Field(default=20, ge=1, le=50)
    cursor: str | None = None


class SourcePost(Reply):
    """One post of somebody else's, by the id that the remix routes take (shape ours, see `drift`)."""

    tiktok_video_id: str
    kind: SourceKind | None = None
    url: str | None = None


class SourcePage(Reply):
    """What was found, and where."""

    items: tuple[SourcePost, ...]
    source: str | None = None
    next_cursor: str | None = None


REGENERATE: Endpoint[RegenerateContent, Accepted] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/regenerate",
    request=RegenerateContent,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source="layers-api: POST /v1/content/:containerId/regenerate",
)
HOOKS: Endpoint[GetHooks, Hooks] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/content/hooks",
    request=GetHooks,
    reply=Hooks,
    scope="content:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/content/hooks",
)
SOURCES: Endpoint[ListSources, SourcePage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/content/source-recommendations",
    request=ListSources,
    reply=SourcePage,
    scope="content:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/content/source-recommendations",
)
