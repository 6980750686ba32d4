"""The fonts that came with the installation, and which of them writes a letter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from layers_mcp.sandbox.media.harfbuzz import Face, Font, harfbuzz

__all__ = ["EMOJI", "SCALE", "Typeface", "font", "typefaces", "writes"]

SCALE = 1000
"""Units of an em in what `font` measures; multiply by size / SCALE for pixels."""
EMOJI = "NotoEmoji"
_SCRIPTS = (
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Thai",
    "Armenian",
    "Bengali",
    "Ethiopic",
    "Georgian",
    "Gujarati",
    "Gurmukhi",
    "Kannada",
    "Khmer",
    "Lao",
    "Malayalam",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Tamil",
    "Telugu",
)
_NOTO = ("NotoSans", *(f"NotoSans{script}" for script in _SCRIPTS), EMOJI, "NotoSansSymbols")
_EAST_ASIAN = {"ja": 0, "ko": 1, "zh": 2, "zh-tw": 3, "zh-hant": 3, "zh-mo": 4, "zh-hk": 4}
"""Faces of NotoSansCJK-VF.otf.ttc by language."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """One face of one file; `name` is its family without spaces."""

    name: str
    path: str
    index: int = 0


def _folder(package: str) -> Path | None:
    found = find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None


def _east_asian(language: str) -> int | None:
    tag = language.lower()
    return next((face for known, face in sorted(_EAST_ASIAN.items(), reverse=True) if tag == known or tag.startswith(f"{known}-")), None)


def _installed(language: str) -> Iterator[Typeface]:
    noto, east_asian = _folder("manimgx_fonts"), _folder("manimgx_fonts_cjk")
    if noto is not None:
        yield from (Typeface(name, str(noto / f"{name}[wght].ttf")) for name in _NOTO)
    if east_asian is not None:
        yield Typeface("NotoSansCJK", str(east_asian / "NotoSansCJK-VF.otf.ttc"), _east_asian(language) or 0)


@cache
def typefaces(language: str) -> tuple[Typeface, ...]:
    """What is installed, the likeliest for a language first; `language` is BCP-47, or empty."""
    there = [typeface for typeface in _installed(language) if Path(typeface.path).is_file()]
    if _east_asian(language) is not None:
        there.sort(key=lambda typeface: typeface.name != "NotoSansCJK")
    return tuple(there)


@cache
def _face(typeface: Typeface) -> Face:
    library = harfbuzz()
    return library.Face(library.Blob.from_file_path(typeface.path), typeface.index)


@cache
def font(typeface: Typeface, weight: int) -> Font:
    """The face at a weight of 400 to 700, an em being `SCALE` units."""
    made = harfbuzz().Font(_face(typeface))
    made.scale = (SCALE, SCALE)
    made.set_variations({"wght": weight})
    return made


def writes(typeface: Typeface, letter: str) -> bool:
    """Whether the face has a letter."""
    return ord(letter) in _face(typeface).unicodes
