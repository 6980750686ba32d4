"""What one drawing is asked to do, and what comes back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from layers_mcp.sandbox.child.trouble import Workshop
from layers_mcp.sandbox.media.brief import SlideBrief

__all__ = ["WORKSHOP", "Errand", "MediaFile", "Outcome"]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Errand(_Frozen):
    """Slides of one brief, and a video of them if asked, written into `folder`, which must be there; names begin with `stem`."""

    brief: SlideBrief
    folder: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    stem: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
    video: bool = False


class MediaFile(_Frozen):
    """One file in the folder: `width` and `height` in pixels, `size` in bytes, `duration_ms` of a video."""

    kind: Literal["image", "video", "preview"]
    name: str
    mime: Literal["image/jpeg", "video/mp4"]
    width: int
    height: int
    size: Annotated[int, Field(alias="bytes")]
    duration_ms: int | None = None


class Outcome(_Frozen):
    """What was written: the slides in order, then the video if there is one, then the preview."""

    files: tuple[MediaFile, ...]


WORKSHOP = Workshop(module="layers_mcp.sandbox.media", outcome=Outcome, doing="the drawing of the slides")
"""How it is done."""
