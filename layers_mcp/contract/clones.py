"""Clones: new content after a post that did well."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id

__all__ = ["CLONE", "CloneFromPost", "CloneMode", "CloneOverrides"]

CloneMode = Literal["fork", "reimagine"]
"""fork keeps hook, structure, voice and format; reimagine keeps the premise only (layers-api: clone a top performer)."""
_Words = Annotated[str, StringConstraints(min_length=1, max_length=2200)]


class CloneOverrides(Request):
    """What the clones say otherwise than their source."""

    caption: _Words | None = None
    cta: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    voice_over_script: _Words | None = None


class CloneFromPost(Request):
    """`container_id` is the caller's own new UUID: it names the first clone, and the same id again is the same job."""

    container_id: Id
    project_id: Id
    project_layer_id: Id | None = None
    source_platform_post_id: Id
    mode: CloneMode = "fork"
    variations: int = Field(default=1, ge=1, le=10)
    overrides: CloneOverrides | None = None


CLONE: Endpoint[CloneFromPost, Accepted] = Endpoint(
    method="POST",
    path="/v1/content/{containerId}/clone-from-post",
    request=CloneFromPost,
    reply=Accepted,
    scope="content:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("INSUFFICIENT_CREDITS", "CONFLICT"),
    source="seed 000, loop 2; layers-api: POST /v1/content/:containerId/clone-from-post",
)
