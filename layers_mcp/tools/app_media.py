"""App media: the customer's own logo, screenshots, demo videos and end card."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.client.pages import asking, every
from layers_mcp.contract import app_media
from layers_mcp.contract.app_media import AddAppMedia, AppMedia, ListAppMedia, MediaKind, RemoveAppMedia
from layers_mcp.contract.errors import NotFound
from layers_mcp.contract.scalars import Id
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor, leaf

__all__ = ["add_app_media", "list_app_media", "remove_app_media"]

_PAGE = 200
_PAGES = 20
"""At most four thousand files are looked through; ours."""


class AddAppMediaArguments(Adding):
    """Arguments of add_app_media."""

    project_id: Id = Field(description="The project.")
    kind: MediaKind = Field(description="logo and end-card replace the one before.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="Public https address to download: png, jpeg, webp; logo also svg, screenshot heic; demo-video mp4, mov, webm."
    )


class ListAppMediaArguments(Arguments):
    """Arguments of list_app_media."""

    project_id: Id = Field(description="The project.")
    kind: MediaKind | None = Field(default=None, description="Only this kind.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")
    limit: int = Field(default=25, ge=1, le=200, description="Most to return.")


class RemoveAppMediaArguments(Control):
    """Arguments of remove_app_media."""

    project_id: Id = Field(description="The project.")
    media_id: Annotated[str, StringConstraints(pattern=r"^(med_)?[0-9A-Fa-f\-]{36}$", max_length=40)] = Field(description="med_… of it.")


class MediaAdded(View):
    """The file as it is stored now."""

    media: AppMedia


class MediaListed(View):
    """A page of files."""

    items: tuple[AppMedia, ...]
    returned: int
    has_more: bool
    next_cursor: str | None = None


class MediaRemoved(View):
    """The file that is gone."""

    id: str
    deleted: bool


@tool(
    calls=(app_media.ADD,),
    effect=Effect.ADDS,
    look=lambda request: Look("list_app_media", {"projectId": request.project_id}),
)
async def add_app_media(request: AddAppMediaArguments, call: Call) -> Outcome[MediaAdded]:
    """Give a project a logo, screenshot, demo video or end card from a URL; generated content is made with them."""
    made = await call.layers.send(
        app_media.ADD, AddAppMedia(project_id=request.project_id, kind=request.kind, url=request.url), key=call.key
    )
    see = Next(tool="list_app_media", arguments={"projectId": request.project_id}, why="See all files of the project.")
    return Outcome(say=f"Stored as {made.id} ({made.kind}, {made.size_bytes} bytes).", result=MediaAdded(media=made), next=(see,))


@tool(calls=(app_media.LIST,), effect=Effect.READS)
async def list_app_media(request: ListAppMediaArguments, call: Call) -> Outcome[MediaListed]:
    """List a project's logo, screenshots, demo videos and end card, newest first."""
    asked = ListAppMedia.model_validate(request.model_dump(exclude_none=True))
    found = await call.layers.send(app_media.LIST, asked)
    shown = leaf("list_app_media", request, found.items, found.next_cursor, what="files")
    view = MediaListed(items=shown.items, returned=len(shown.items), has_more=shown.has_more, next_cursor=shown.next_cursor)
    return Outcome(say=shown.say, result=view, next=shown.next)


async def _find(request: RemoveAppMediaArguments, call: Call) -> AppMedia:
    for one in await every(asking(call.layers, app_media.LIST, project_id=request.project_id, limit=_PAGE), pages=_PAGES):
        if one.id.removeprefix("med_").lower() == request.media_id.removeprefix("med_").lower():
            return one
    raise NotFound(f"project {request.project_id} has no app media {request.media_id}; list_app_media shows what it has")


async def show_media(request: RemoveAppMediaArguments, call: Call) -> Shown:
    """The file that would go.

    Raises:
        NotFound: the project has no such file.
    """
    one = await _find(request, call)
    facts: dict[str, JsonValue] = {"kind": one.kind, "url": one.url, "contentType": one.content_type, "sizeBytes": one.size_bytes}
    item = ShownItem(id=one.id, before=f"stored as {one.kind}", after="gone from the project and from what is generated later", facts=facts)
    return Shown(question=f"Remove {one.kind} {one.id} from project {one.project_id}?", items=(item,), unbound=frozenset({"url"}))


@tool(
    calls=(app_media.LIST, app_media.REMOVE),
    effect=Effect.REMOVES,
    ask=show_media,
    look=lambda request: Look("list_app_media", {"projectId": request.project_id}),
)
async def remove_app_media(request: RemoveAppMediaArguments, call: Call) -> Outcome[MediaRemoved]:
    """Remove one file of a project's app media. Without confirm it only shows the file and a handle."""
    wanted = RemoveAppMedia(project_id=request.project_id, media_id=request.media_id)
    gone = await call.layers.send(app_media.REMOVE, wanted, key=call.key)
    return Outcome(say=f"Removed {gone.id}.", result=MediaRemoved(id=gone.id, deleted=gone.deleted))
