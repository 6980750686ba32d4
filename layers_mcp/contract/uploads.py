"""Uploads: a customer's own media, published unchanged under a caption of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.content import Container
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = [
    "FINALIZE",
    "MOST_BYTES",
    "RESERVE",
    "UPDATE",
    "UPLOAD",
    "DeclaredFile",
    "FinalizeUpload",
    "MediaType",
    "MediaUrl",
    "ReserveUploads",
    "ReservedFile",
    "ReservedUploads",
    "UpdateContent",
    "UploadContent",
]  # fmt: skip

MediaType = Literal["video/mp4", "video/quicktime", "image/jpeg", "image/png", "image/webp"]
MOST_BYTES: dict[str, int] = {"video": 100 * 1024 * 1024, "image": 30 * 1024 * 1024}
"""Bytes of one file at most, by the first half of its type (layers-api: POST …/content/upload)."""
Caption = Annotated[str, StringConstraints(max_length=2200)]
"""May be empty."""


class MediaUrl(Request):
    """One file that Layers downloads."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class UploadContent(Request):
    """One video, one image, or 2 to 10 images, and the caption; one bad file, and nothing is made."""

    project_id: Id
    media: tuple[MediaUrl, ...] = Field(min_length=1, max_length=10)
    caption: Caption


class DeclaredFile(Request):
    """One file that will be sent, with exactly this type and size."""

    filename: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    content_type: MediaType
    size_bytes: int = Field(ge=1)


class ReserveUploads(Request):
    """1 to 10 files: a post of each (`per-file`), or one post of all, which are images (`slideshow`)."""

    project_id: Id
    files: tuple[DeclaredFile, ...] = Field(min_length=1, max_length=10)
    grouping: Literal["per-file", "slideshow"]


class ReservedFile(Reply):
    """Where to PUT one file until `expires_at`, with exactly its `content_type` (shape ours, see `drift`)."""

    container_id: str
    filename: str
    content_type: str
    upload_url: str
    expires_at: Utc


class ReservedUploads(Reply):
    """The containers that were reserved, and a place for each file, in the order of the request."""

    container_ids: tuple[str, ...]
    uploads: tuple[ReservedFile, ...]


class FinalizeUpload(Request):
    """The container whose files were all sent, and its caption; a repeat changes nothing, its caption included."""

    container_id: Id
    caption: Caption


class UpdateContent(Request):
    """An uploaded container, and its new caption."""

    container_id: Id
    caption: Caption


UPLOAD: Endpoint[UploadContent, Container] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/upload",
    request=UploadContent,
    reply=Container,
    scope="content:write",
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/projects/:projectId/content/upload",
)
RESERVE: Endpoint[ReserveUploads, ReservedUploads] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/content/uploads",
    request=ReserveUploads,
    reply=ReservedUploads,
    scope="content:write",
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/projects/:projectId/content/uploads",
)
FINALIZE: Endpoint[FinalizeUpload, Container] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/finalize-upload",
    request=FinalizeUpload,
    reply=Container,
    scope="content:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: POST /v1/content/:containerId/finalize-upload",
)
UPDATE: Endpoint[UpdateContent, Container] = Endpoint(
    method="PATCH",
    path="/v1/content/{containerId}",
    request=UpdateContent,
    reply=Container,
    scope="content:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="layers-api: PATCH /v1/content/:containerId",
)
