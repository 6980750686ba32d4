"""Keywords: the bank of hashtags that fit a project's brand."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["KIND", "LIST", "REFRESH", "STAGES", "Hashtag", "Keywords", "ListKeywords", "RefreshKeywords"]

KIND = "keywords_refresh"
"""The kind of the job; ours, no page prints it (see `drift`)."""
STAGES = ("queued", "researching", "scoring", "finalizing")
"""Its stages; ours but for the first and the last."""


class Hashtag(Reply):
    """One hashtag, without its `#`; `score` 70 to 100: how well it fits the brand."""

    hashtag: str
    phrase: str
    score: Annotated[int, Field(ge=0, le=100)]
    view_count: int
    use_count: int


class Keywords(Reply):
    """The bank, best first: by score, then by views; empty and `refreshed_at` None before the first refresh."""

    project_id: str
    hashtags: tuple[Hashtag, ...] = ()
    refreshed_at: Utc | None = None


class ListKeywords(Request):
    """The bank of one project."""

    project_id: Id


class RefreshKeywords(Request):
    """The project whose bank is made anew; it needs an `appDescription`."""

    project_id: Id


LIST: Endpoint[ListKeywords, Keywords] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/keywords",
    request=ListKeywords,
    reply=Keywords,
    scope="projects:read",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/keywords",
)
REFRESH: Endpoint[RefreshKeywords, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/keywords/refresh",
    request=RefreshKeywords,
    reply=Accepted,
    scope="projects:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/projects/:projectId/keywords/refresh",
)
