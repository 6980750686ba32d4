"""A line of text as runs of one font and one direction, in the order they stand on the page, and their glyphs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from itertools import groupby
from typing import Any, cast

from layers_mcp.sandbox.media.fonts import EMOJI, SCALE, Typeface, font, writes
from layers_mcp.sandbox.media.harfbuzz import harfbuzz
from layers_mcp.sandbox.media.letters import clusters, typeface_of

__all__ = ["Glyph", "advance", "glyphs", "right_to_left"]

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph at its place on the line, in ems from the line's left end and its baseline."""

    typeface: Typeface
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    typeface: Typeface
    level: int


@cache
def _bidi() -> tuple[Callable[[str], int], Any]:
    return import_module("bidi.algorithm").get_base_level, import_module("bidi.algorithm")


def right_to_left(text: str, language: str) -> bool:
    """Whether a text runs from the right: its first word does, or it has such words and its language does."""
    base, algorithm = _bidi()
    if base(text):
        return True
    mixed = any(algorithm.bidirectional(letter) in {"R", "AL"} for letter in text)
    return mixed and language.lower().split("-")[0] in _RIGHT_TO_LEFT


def _levels(text: str, *, rtl: bool) -> list[int]:
    """The embedding level of each letter (Unicode TR 9); odd ones run from the right."""
    algorithm = _bidi()[1]
    storage = algorithm.get_empty_storage()
    storage["base_level"], storage["base_dir"] = (1, "R") if rtl else (0, "L")
    algorithm.get_embedding_levels(text, storage)
    algorithm.explicit_embed_and_overrides(storage)
    algorithm.resolve_weak_types(storage)
    algorithm.resolve_neutral_types(storage, False)  # noqa: FBT003 - its `debug`
    algorithm.resolve_implicit_levels(storage, False)  # noqa: FBT003 - its `debug`
    found = iter(cast("list[dict[str, Any]]", storage["chars"]))
    removed = cast("list[str]", algorithm.X9_REMOVED)
    level, levels = int(rtl), list[int]()
    for letter in text:
        level = level if algorithm.bidirectional(letter) in removed else int(next(found)["level"])
        levels.append(level)
    return levels


def _drawn_by(text: str, language: str) -> list[Typeface]:
    """A face for each letter; spaces and signs stay with the word before them where its font has them.

    The font of emoji is no word's: its space is as wide as a picture.
    """
    faces: list[Typeface] = []
    for cluster in clusters(text):
        best = typeface_of(cluster, language)
        word = next((face for face in reversed(faces) if face.name != EMOJI), None)
        sign = len(cluster) == 1 and not cluster.isalnum()
        if sign and word is not None and (cluster == " " or (word is faces[-1] and writes(word, cluster))):
            best = word
        if best is not None:
            faces.extend([best] * len(cluster))
    return faces


def _runs(text: str, language: str, *, rtl: bool) -> list[_Run]:
    """The runs of a line, from left to right (rule L2 of TR 9)."""
    marked = list(zip(text, _drawn_by(text, language), _levels(text, rtl=rtl), strict=True))
    runs = [
        _Run("".join(letter for letter, _, _ in some), typeface, level)
        for (typeface, level), some in groupby(marked, key=lambda each: (each[1], each[2]))
    ]
    for level in range(max((run.level for run in runs), default=0), 0, -1):
        turned: list[_Run] = []
        for deep, some in groupby(runs, key=lambda run: run.level >= level):
            here = list(some)
            turned.extend(reversed(here) if deep else here)
        runs = turned
    return runs


@lru_cache(maxsize=4096)
def glyphs(text: str, language: str, weight: int, *, rtl: bool) -> tuple[tuple[Glyph, ...], float]:
    """The glyphs of one line, shaped and in their places, and the line's width, in ems. `text` must be drawable."""
    library, placed, x = harfbuzz(), list[Glyph](), 0
    for run in _runs(text, language, rtl=rtl):
        buffer = library.Buffer()
        buffer.add_str(run.text)
        buffer.direction = "rtl" if run.level % 2 else "ltr"
        if language:
            buffer.language = language
        buffer.guess_segment_properties()
        library.shape(font(run.typeface, weight), buffer, {})
        for glyph, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            placed.append(Glyph(run.typeface, glyph.codepoint, (x + place.x_offset) / SCALE, place.y_offset / SCALE))
            x += place.x_advance
    return tuple(placed), x / SCALE


def advance(text: str, language: str, weight: int) -> float:
    """The width of a text on one line, in ems."""
    return glyphs(text, language, weight, rtl=right_to_left(text, language))[1]
