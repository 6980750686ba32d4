"""The part of HarfBuzz that shapes and paints text, with the types its own package does not ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

__all__ = ["Buffer", "Face", "Font", "HarfBuzz", "Image", "Painter", "harfbuzz"]

Transform = tuple[float, float, float, float, float, float]


class _Letters(Protocol):
    def __contains__(self, letter: int, /) -> bool: ...


class Face(Protocol):
    """One face of a font file."""

    unicodes: _Letters


class Font(Protocol):
    """A face at a size and a weight."""

    scale: tuple[int, int]

    def set_variations(self, variations: Mapping[str, float], /) -> None:
        """Choose the weight of a variable font."""


class _Glyph(Protocol):
    codepoint: int
    cluster: int


class _Place(Protocol):
    x_advance: int
    x_offset: int
    y_offset: int


class Buffer(Protocol):
    """Letters before shaping, glyphs after."""

    direction: str
    language: str
    glyph_infos: Sequence[_Glyph]
    glyph_positions: Sequence[_Place]

    def add_str(self, text: str, /) -> None:
        """Put letters in."""

    def guess_segment_properties(self) -> None:
        """Find the script, and what else is not set."""


class _Extents(Protocol):
    x_origin: int
    y_origin: int
    width: int
    height: int
    stride: int


class Image(Protocol):
    """Painted glyphs: one byte a pixel, the lowest row first."""

    extents: _Extents
    buffer: bytes


class Painter(Protocol):
    """Collects outlines, then paints them."""

    transform: Transform

    def draw_glyph(self, font: Font, glyph: int, /) -> None:
        """Add one glyph's outline."""

    def render(self) -> Image | None:
        """Paint what was added."""
        ...


class _Blob(Protocol):
    def from_file_path(self, path: str, /) -> object: ...


class HarfBuzz(Protocol):
    """The module `uharfbuzz`."""

    Blob: _Blob

    def Face(self, blob: object, index: int = 0, /) -> Face:  # noqa: N802 - its own name
        """Open one face of a file."""
        ...

    def Font(self, face: Face, /) -> Font:  # noqa: N802 - its own name
        """Make a font of a face."""
        ...

    def Buffer(self) -> Buffer:  # noqa: N802 - its own name
        """Make an empty buffer."""
        ...

    def RasterDraw(self) -> Painter:  # noqa: N802 - its own name
        """Make an empty painter."""
        ...

    def shape(self, font: Font, buffer: Buffer, features: Mapping[str, bool], /) -> None:
        """Turn letters into placed glyphs."""


@cache
def harfbuzz() -> HarfBuzz:
    """The library, loaded once."""
    return cast("HarfBuzz", import_module("uharfbuzz"))
