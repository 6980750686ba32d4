"""App media: a customer's own logo, screenshots, demo videos and end card, which content is made with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "ADD",
    "LIST",
    "REMOVE",
    "AddAppMedia",
    "AppMedia",
    "AppMediaPage",
    "ListAppMedia",
    "MediaKind",
    "RemoveAppMedia",
    "RemovedAppMedia",
]

MediaKind = Literal["logo", "screenshot", "demo-video", "end-card"]
"""What a file is for; a role is never stood in for by another (layers-api: POST …/app-media)."""

MediaId = Annotated[
    str, StringConstraints(pattern=r"^(med_)?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", max_length=40)
]
"""`med_<uuid>`, or the bare UUID."""


class AddAppMedia(Request):
    """A file that Layers downloads from `url`; a logo and an end card replace the one before."""

    project_id: Id
    kind: MediaKind
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class AppMedia(Reply):
    """A stored file; `role` is its label in the library, `url` where it is served, `size_bytes` its size (shape ours, see `drift`)."""

    id: str
    project_id: str
    kind: MediaKind
    role: str
    url: str
    content_type: str
    size_bytes: int
    created_at: Utc


class ListAppMedia(Request):
    """A page of a project's app media, newest first; `limit` 1 to 200."""

    project_id: Id
    kind: MediaKind | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=200)


class AppMediaPage(Reply):
    """A page of app media."""

    items: tuple[AppMedia, ...]
    next_cursor: str | None = None


class RemoveAppMedia(Request):
    """The file to remove."""

    project_id: Id
    media_id: MediaId


class RemovedAppMedia(Reply):
    """A file that is gone."""

    id: str
    deleted: bool


ADD: Endpoint[AddAppMedia, AppMedia] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/app-media",
    request=AddAppMedia,
    reply=AppMedia,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    statuses=(201,),
    source="layers-api: POST …/app-media",
)
LIST: Endpoint[ListAppMedia, AppMediaPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/app-media",
    request=ListAppMedia,
    reply=AppMediaPage,
    scope="projects:read",
    rate="read-light",
    source="layers-api: GET …/app-media",
)
REMOVE: Endpoint[RemoveAppMedia, RemovedAppMedia] = Endpoint(
    method="DELETE",
    path="/v1/projects/{projectId}/app-media/{mediaId}",
    request=RemoveAppMedia,
    reply=RemovedAppMedia,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    source="layers-api: DELETE …/app-media/:mediaId",
)
