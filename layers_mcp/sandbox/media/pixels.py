"""Pictures made larger, smaller or thinner, with the types that Pillow has only beside NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from PIL import Image

__all__ = ["mapped", "resized"]


class _Picture(Protocol):
    def resize(self, size: tuple[int, int], resample: int, /) -> Image.Image: ...

    def point(self, table: Sequence[int], /) -> Image.Image: ...


def resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The picture at a size in pixels, sharp."""
    return picture if picture.size == size else cast("_Picture", picture).resize(size, Image.Resampling.LANCZOS)


def mapped(mask: Image.Image, values: Sequence[int]) -> Image.Image:
    """A mask with each value replaced by that at its place in a table of 256."""
    return cast("_Picture", mask).point(values)
