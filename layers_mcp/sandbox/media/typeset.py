"""Text set into a box: as large as it fits, in even lines, and painted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from PIL import Image

from layers_mcp.sandbox.media.colours import Rgb
from layers_mcp.sandbox.media.fonts import EMOJI, SCALE, font
from layers_mcp.sandbox.media.harfbuzz import Image as Painted
from layers_mcp.sandbox.media.harfbuzz import harfbuzz
from layers_mcp.sandbox.media.letters import drawable
from layers_mcp.sandbox.media.lines import Word, balanced, broken, words
from layers_mcp.sandbox.media.runs import Glyph, advance, glyphs, right_to_left

__all__ = ["Align", "Block", "Box", "Style", "fit", "middle", "paint"]

Align = Literal["left", "center", "right"]
_TALL = re.compile(r"[\u0600-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_EAST_ASIAN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")
_ASCENT = 0.98
"""Ems above the first baseline; letters with marks stay below."""
_DESCENT = 0.34
_STEP = 2
_SHRINK_FIRST = 0.62
"""How far a text shrinks before a single long word is split instead."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set: weight of 400 to 700, largest and smallest size in pixels, and BCP-47 language or empty."""

    weight: int
    most: int
    least: int
    language: str


@dataclass(frozen=True, slots=True)
class Block:
    """A text in lines at a size; `width` and `height` in pixels."""

    lines: tuple[str, ...]
    size: int
    leading: float
    width: int
    height: int
    style: Style
    rtl: bool


def _leading(text: str) -> float:
    """Ems from baseline to baseline."""
    return 1.5 if _TALL.search(text) else 1.36 if _EAST_ASIAN.search(text) else 1.2


def _block(lines: Sequence[str], size: int, style: Style, *, rtl: bool) -> Block:
    leading = _leading("".join(lines))
    width = max((glyphs(line, style.language, style.weight, rtl=rtl)[1] for line in lines), default=0.0)
    height = _ASCENT + _DESCENT + leading * (len(lines) - 1)
    return Block(tuple(lines), size, leading, round(width * size), round(height * size), style, rtl)


def _fitting(parts: Sequence[Word], size: int, box: Box, style: Style, *, rtl: bool) -> Block | None:
    limit = box.width / size
    if any(word.width > limit for word in parts):
        return None
    block = _block(balanced(parts, limit), size, style, rtl=rtl)
    return block if block.height <= box.height and block.width <= box.width else None


def fit(text: str, box: Box, style: Style) -> Block:
    """The text as large as it goes into the box; what does not go in at the smallest size is left off with an ellipsis.

    Raises: Unwritable, when no installed font has the letters.
    """
    shown = drawable(text, style.language)
    rtl = right_to_left(shown, style.language)
    measure = partial(advance, language=style.language, weight=style.weight)
    parts = words(shown, style.language, measure)
    for size in range(style.most, style.least - 1, -_STEP):
        if (block := _fitting(parts, size, box, style, rtl=rtl)) is not None:
            return block
        if size <= style.most * _SHRINK_FIRST or size - _STEP < style.least:
            split = broken(parts, box.width / size, measure)
            if (block := _fitting(split, size, box, style, rtl=rtl)) is not None:
                return block
    split = broken(parts, (box.width / style.least) - 1, measure)
    lines = balanced(split, (box.width / style.least) - 1)
    most = max(1, int((box.height / style.least - _ASCENT - _DESCENT) / _leading(shown)) + 1)
    kept = (*lines[: most - 1], lines[most - 1].rstrip(" ,;:.、。") + "…") if len(lines) > most else lines
    return _block(kept, style.least, style, rtl=rtl)


def _painted(placed: Sequence[Glyph], at: tuple[float, float], block: Block) -> Painted | None:
    """Glyphs in pixels; `at` is the line's left end on its baseline."""
    painter, scale = harfbuzz().RasterDraw(), block.size / SCALE
    for glyph in placed:
        painter.transform = (scale, 0.0, 0.0, scale, at[0] + glyph.x * block.size, glyph.y * block.size - at[1])
        painter.draw_glyph(font(glyph.typeface, block.style.weight), glyph.number)
    painted = painter.render()
    return painted if painted is not None and painted.extents.width and painted.extents.height else None


def _lines(block: Block, at: tuple[float, float], align: Align) -> Iterator[tuple[tuple[Glyph, ...], tuple[float, float]]]:
    """Each line's glyphs and its left end on its baseline."""
    for number, line in enumerate(block.lines):
        placed, wide = glyphs(line, block.style.language, block.style.weight, rtl=block.rtl)
        share = {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        yield placed, (at[0] - wide * block.size * share, at[1] + (_ASCENT + block.leading * number) * block.size)


def middle(block: Block) -> int:
    """Pixels from a block's top to the middle of what is really painted."""
    found = [painted.extents for placed, at in _lines(block, (0, 0), "left") if (painted := _painted(placed, at, block)) is not None]
    if not found:
        return block.height // 2
    return (min(-size.y_origin - size.height for size in found) + max(-size.y_origin for size in found)) // 2


def paint(picture: Image.Image, block: Block, at: tuple[int, int], *, align: Align, inks: tuple[Rgb, Rgb]) -> None:
    """Paint a block; `at` is its top left, top middle or top right. Letters are in the first ink, emoji in the second."""
    for placed, start in _lines(block, at, align):
        for colour, emoji in zip(inks, (False, True), strict=True):
            painted = _painted([glyph for glyph in placed if (glyph.typeface.name == EMOJI) == emoji], start, block)
            if painted is None:
                continue
            size = painted.extents
            mask = Image.frombytes("L", (size.width, size.height), bytes(painted.buffer), "raw", "L", size.stride, -1)
            picture.paste(colour, (size.x_origin, -size.y_origin - size.height), mask)
