"""Generation by a route for each format: the same generation, as there is no TikTok here to remix anything of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from layers_mcp.contract import content_formats as contract
from layers_mcp.contract.content import GenerateContent
from layers_mcp.contract.jobs import Accepted
from layers_mcp.sandbox import content, ids, projects, social, tables
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["build_slideshow", "remix_slideshow", "remix_ugc", "remix_video"]

Asked = contract.BuildSlideshow | contract.RemixPost | contract.RemixUgc


def _generate(visit: Visit, request: Asked, form: str, *, hook: str | None = None) -> Accepted:
    """Start it in the project's own brand; an influencer that is named is its voice.

    Raises:
        errors.Invalid: the account is not of this project, or neither an account nor an influencer is named where one has to be.
    """
    project = projects.living(visit, request.project_id)
    account_id, influencer_id = request.social_account_id, request.influencer_id
    if account_id is None and influencer_id is None and not isinstance(request, contract.BuildSlideshow):
        raise invalid("socialAccountId", "is required, or influencerId in its place")
    if account_id is not None and ids.full("sa", account_id) not in social.connected(visit, project.id):
        raise invalid("socialAccountId", "is not a connected account of this project")
    brief: dict[str, Any] = {"hook": hook} if hook is not None else {}
    brief |= {"influencer_id": influencer_id} if influencer_id is not None else {}
    return content.generate(visit, GenerateContent.model_validate({"project_id": project.id, "format": form, "brief": brief}))


def build_slideshow(visit: Visit, request: contract.BuildSlideshow) -> Accepted:
    """A slideshow around a hook."""
    return _generate(visit, request, "slideshow_remix", hook=request.hook)


def remix_slideshow(visit: Visit, request: contract.RemixPost) -> Accepted:
    """A slideshow; nothing of the post that is named is in it."""
    return _generate(visit, request, "slideshow_remix")


def remix_video(visit: Visit, request: contract.RemixPost) -> Accepted:
    """A video; nothing of the post that is named is in it."""
    return _generate(visit, request, "video_remix")


def remix_ugc(visit: Visit, request: contract.RemixUgc) -> Accepted:
    """A reaction, for a project that has a demo video.

    Raises:
        errors.Invalid: there is none, or `mediaId` names none.
    """
    row, project = tables.app_media.c, projects.living(visit, request.project_id)
    demos = select(row.id).where(row.project_id == project.id, row.kind == "demo-video", row.deleted_at.is_(None))
    if request.media_id is not None:
        demos = demos.where(row.id == ids.full("med", request.media_id))
    if visit.connection.execute(demos).first() is None:
        raise invalid("mediaId", "needs a demo video of this project; POST …/app-media with kind demo-video adds one")
    return _generate(visit, request, "ugc_remix", hook=request.hook)
