"""What one drawing is asked to do, and what comes back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from layers_mcp.sandbox.child.trouble import Workshop
from layers_mcp.sandbox.media.brief import SlideBrief

__all__ = ["WORKSHOP", "Errand", "MediaFile", "Outcome", "Piece"]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, ser_json_bytes="base64", val_json_bytes="base64"
    )


class Piece(_Frozen):
    """One container: what its slides say, and the folder for its files, which must be there."""

    brief: SlideBrief
    folder: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class Errand(_Frozen):
    """Slides for each piece, or a video of them; the same errand gives the same files.

    `logo_path`: a logo of the brand, a picture or (`.json`) a `repository.errand.LogoFile`, for all pieces; one that cannot be
    read, or is no picture of dots, counts as none.
    """

    pieces: Annotated[tuple[Piece, ...], Field(min_length=1)]
    logo_path: str | None = None
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
    """What was written, piece by piece: the slides in order or the video, then the preview."""

    pieces: tuple[tuple[MediaFile, ...], ...]


WORKSHOP = Workshop(module="layers_mcp.sandbox.media", outcome=Outcome, doing="the drawing of the slides")
"""How it is done."""
