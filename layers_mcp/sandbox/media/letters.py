"""Text taken apart: what a reader sees as one letter, and the font that draws it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from layers_mcp.sandbox.media.brief import Unwritable
from layers_mcp.sandbox.media.fonts import EMOJI, Typeface, typefaces, writes

__all__ = ["clusters", "drawable", "typeface_of"]

_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_SILENT = frozenset({_JOINER, "\u200c", _EMOJI_STYLE, "\ufe0e"})
"""Letters that draw nothing and that no font needs to have."""
_KEPT = frozenset({_JOINER, "\u200c", "\n"})
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_TONES = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_PICTURES = 0x1F000
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" *\n[ \n]*")


def _joins(before: str, letter: str) -> bool:
    """Whether a letter belongs to what stands before it (a part of Unicode TR 29, enough for lines)."""
    code = ord(letter)
    if letter in _SILENT or code in _TONES or unicodedata.category(letter)[0] == "M":
        return True
    if before.endswith(_JOINER) and code > 0x2000:
        return True
    return code in _FLAGS and len(before) == 1 and ord(before) in _FLAGS


@lru_cache(maxsize=4096)
def clusters(text: str) -> tuple[str, ...]:
    """The letters as a reader counts them: marks, tones and joined emoji stay together."""
    found: list[str] = []
    for letter in text:
        if found and _joins(found[-1], letter):
            found[-1] += letter
        else:
            found.append(letter)
    return tuple(found)


def _is_emoji(cluster: str) -> bool:
    return _EMOJI_STYLE in cluster or ord(cluster[0]) >= _PICTURES


@lru_cache(maxsize=4096)
def typeface_of(cluster: str, language: str) -> Typeface | None:
    """The face that draws a cluster, or None; the Latin letters of every language come from Noto Sans."""
    first = cluster[0]
    known = typefaces(language)
    if _is_emoji(cluster):
        known = tuple(sorted(known, key=lambda typeface: typeface.name != EMOJI))
    elif first.isascii():
        known = tuple(sorted(known, key=lambda typeface: typeface.name != "NotoSans"))
    needed = [letter for letter in cluster if letter not in _SILENT]
    return next((typeface for typeface in known if all(writes(typeface, letter) for letter in needed)), None)


def _visible(text: str) -> Iterator[str]:
    for letter in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        if letter in _KEPT or unicodedata.category(letter) not in _HIDDEN:
            yield letter


def _plain(cluster: str, language: str) -> str:
    """The cluster, its everyday form, or nothing: whatever can be drawn."""
    if typeface_of(cluster, language) is not None:
        return cluster
    for simple in (unicodedata.normalize("NFKC", cluster), cluster[0]):
        if all(typeface_of(each, language) is not None for each in clusters(simple)):
            return simple
    return ""


def drawable(text: str, language: str) -> str:
    """The text without what no installed font has: hidden characters, and signs that would be empty boxes. Lines stay lines.

    Raises: Unwritable, when most of its letters would go.
    """
    shown = "".join(_visible(_SPACES.sub(" ", text)))
    kept = [(cluster, cluster if cluster in {" ", "\n"} else _plain(cluster, language)) for cluster in clusters(shown)]
    wanted = sum(cluster[0].isalnum() for cluster, _ in kept)
    lost = sum(cluster[0].isalnum() and not drawn for cluster, drawn in kept)
    if lost * 2 > wanted:
        raise Unwritable(text)
    return _LINES.sub("\n", _SPACES.sub(" ", "".join(drawn for _, drawn in kept))).strip()
