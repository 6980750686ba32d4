"""Generation by a route for each format, as the newest pages have it: one container a call."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from layers_mcp.contract.content import Hook
from layers_mcp.contract.endpoint import Endpoint, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id

__all__ = ["BUILD_SLIDESHOW", "REMIX_SLIDESHOW", "REMIX_UGC", "REMIX_VIDEO", "BuildSlideshow", "RemixPost", "RemixUgc"]


class BuildSlideshow(Request):
    """A slideshow with this hook, word for word, on its first slide."""

    project_id: Id
    hook: Hook
    social_account_id: Id | None = None
    influencer_id: Id | None = None


class RemixPost(Request):
    """A remix of somebody's post on TikTok; an account or an influencer says for whom."""

    project_id: Id
    tiktok_video_id: Annotated[str, StringConstraints(pattern=r"^\d{5,25}$")]
    social_account_id: Id | None = None
    influencer_id: Id | None = None


class RemixUgc(Request):
    """A reaction to the app's demo video: the one of `media_id`, else the first; an account or an influencer says for whom."""

    project_id: Id
    social_account_id: Id | None = None
    influencer_id: Id | None = None
    hook: Hook | None = None
    media_id: Id | None = None


_SOURCE = "layers-api: POST /v1/projects/:projectId/content/"
BUILD_SLIDESHOW: Endpoint[BuildSlideshow, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/slideshow-builder",
    request=BuildSlideshow,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source=f"{_SOURCE}slideshow-builder",
)
REMIX_SLIDESHOW: Endpoint[RemixPost, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/slideshow-remix",
    request=RemixPost,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source=f"{_SOURCE}slideshow-remix",
)
REMIX_VIDEO: Endpoint[RemixPost, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/video-remix",
    request=RemixPost,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source=f"{_SOURCE}video-remix",
)
REMIX_UGC: Endpoint[RemixUgc, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/ugc-remix",
    request=RemixUgc,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source=f"{_SOURCE}ugc-remix",
)
