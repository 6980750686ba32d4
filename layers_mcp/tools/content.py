"""Content: the queue of what was made, and one container in full."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from layers_mcp.contract import content
from layers_mcp.contract.content import Container, CreativeType, GetContent, ListContent
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.jobs import JobProblem
from layers_mcp.contract.scalars import ApprovalStatus, ContainerStatus, ContentFormat, Id, Utc
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.origin import of_brand
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.paging import Cursor, leaf
from layers_mcp.tool.pictures import pictured
from layers_mcp.tool.size import brief

__all__ = ["list_content"]


class ListContentArguments(Arguments):
    """Arguments of list_content."""

    project_id: Id | None = Field(default=None, description="The project.")
    container_id: Id | None = Field(default=None, description="One container, in full.")
    status: ContainerStatus | None = Field(default=None, description="In this state.")
    approval_status: ApprovalStatus | None = Field(default=None, description="With this approval.")
    limit: int = Field(default=20, ge=1, le=50, description="Rows of a page.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")
    detail: Literal["brief", "full"] = Field(default="brief", description="full adds captions and media.")


class Caption(View):
    """One text, and where it stands under the post."""

    platforms: tuple[str, ...]
    text: str


class ContentRow(View):
    """A container in a list: what a decision on it needs. In brief: without captions and all after them."""

    id: str
    status: ContainerStatus
    approval_status: ApprovalStatus
    format: ContentFormat | None = None
    hook: str | None = Field(default=None, description="In brief: its beginning.")
    created_at: Utc | None = None
    cta: str | None = None
    captions: tuple[Caption, ...] = ()
    media: tuple[str, ...] = Field(default=(), description="Kinds of its files, in order; the container by its id has them.")
    influencer_id: str | None = None
    creative_type: CreativeType | None = None
    cloned_from: str | None = None
    regenerated_from: str | None = None
    job_id: str | None = Field(default=None, description="While it is made.")
    last_error: JobProblem | None = None
    approved_at: Utc | None = None
    rejected_at: Utc | None = None


class ContentView(View):
    """One container, or a page of them, newest first."""

    container: Container | None = None
    items: tuple[ContentRow, ...] = ()
    returned: int | None = None
    has_more: bool | None = None
    next_cursor: str | None = None


def _decide(containers: tuple[Container, ...]) -> tuple[Next, ...]:
    waiting = [one.id for one in containers if one.approval_status == "pending" and one.status == "completed"][:20]
    if not waiting:
        return ()
    return (Next(tool="approve_content", arguments={"containerIds": list(waiting)}, why="Show the previews and ask for the approval."),)


def _captions(one: Container) -> tuple[Caption, ...]:
    """Each text once, for all the platforms that have it."""
    platforms: dict[str, list[str]] = {}
    for variant in one.caption_variants:
        platforms.setdefault(variant.text, []).append(variant.platform)
    return tuple(Caption(platforms=tuple(where), text=text) for text, where in platforms.items())


def _brief(one: Container) -> ContentRow:
    return ContentRow(
        id=one.id,
        status=one.status,
        approval_status=one.approval_status,
        format=one.format,
        hook=brief(one.hook),
        created_at=one.created_at,
    )


def _full(one: Container) -> ContentRow:
    alike = one.model_dump(include=set(ContentRow.model_fields) - {"captions", "media", "job_id"})
    begun = one.job_id if one.status != "completed" else None
    return ContentRow.model_validate(
        alike | {"captions": _captions(one), "media": tuple(asset.kind for asset in one.media_assets), "job_id": begun}
    )


@tool(calls=(content.LIST, content.GET, content.ASSET), effect=Effect.READS)
async def list_content(request: ListContentArguments, call: Call) -> Outcome[ContentView]:
    """The content queue of a project, by status and approval, or one container."""
    if request.container_id is not None:
        one = await call.layers.send(content.GET, GetContent(container_id=request.container_id))
        return Outcome(
            say=f"Content {one.id} is {one.status}, approval {one.approval_status}.",
            result=ContentView(container=one),
            next=_decide((one,)),
            read_from=of_brand("container.captionVariants") if one.caption_variants else (),
            pictures=await pictured([one], call),
        )
    if request.project_id is None:
        issue = {"path": "projectId", "message": "give projectId to list, or containerId for one container"}
        raise Invalid("list_content needs projectId or containerId", details={"issues": [dict(issue)]})
    wanted: dict[str, object] = {"project_id": request.project_id, "limit": request.limit}
    if request.status is not None:
        wanted["status"] = (request.status,)
    if request.approval_status is not None:
        wanted["approval_status"] = (request.approval_status,)
    if request.cursor is not None:
        wanted["cursor"] = request.cursor
    page = await call.layers.send(content.LIST, ListContent.model_validate(wanted))
    # No page documents the filter by approval (`drift`): what an API that does not know it lets through is left out here.
    found = tuple(one for one in page.items if request.approval_status in (None, one.approval_status))
    items = tuple(map(_full if request.detail == "full" else _brief, found))
    shown = leaf("list_content", request, items, page.next_cursor, what="containers")
    view = ContentView(items=shown.items, returned=len(shown.items), has_more=shown.has_more, next_cursor=shown.next_cursor)
    marks = of_brand("items") if shown.items else ()
    return Outcome(say=shown.say, result=view, next=shown.next or _decide(found), read_from=marks)
