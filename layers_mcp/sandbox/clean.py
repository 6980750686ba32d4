"""A stranger's text made safe to show: no control, no hidden characters, one line, a length."""

from __future__ import annotations

import html
import re
import unicodedata

__all__ = ["clean", "cut", "plain", "words"]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_SPACES = re.compile(r"\s+")
_TEXT_AT_MOST = 10_000
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_IMAGE = re.compile(r"!\[[^\]]{0,500}\](?:\([^)]{0,500}\)|\[[^\]]{0,500}\])")
_LINK = re.compile(r"\[([^\]]{0,500})\](?:\([^)]{0,500}\)|\[[^\]]{0,500}\])")
_TAG = re.compile(r"<!--.{0,1000}?-->|</?[A-Za-z][^>]{0,1000}>", re.DOTALL)
_MARK = re.compile(r"(\*\*|__|~~|`+)")
_STRESS = re.compile(r"(?<!\w)[*_](\S(?:.{0,300}?\S)?)[*_](?!\w)")
_SHORTCODE = re.compile(r"(?<!\w):[a-z0-9_+-]{2,30}:(?!\w)")


def words(*lines: str) -> frozenset[str]:
    """The words of some lines, as a set."""
    return frozenset(word for line in lines for word in line.split())


def cut(text: str, at_most: int) -> str:
    """At most so many characters, ended at a word where one ends near."""
    if len(text) <= at_most:
        return text
    head = text[: at_most - 1]
    word = head.rsplit(" ", 1)[0]
    return (word if len(word) > at_most // 2 else head).rstrip(" ,;:-") + "…"


def clean(text: str | None, at_most: int) -> str | None:
    """One line of visible characters, at most so many, or None when nothing is left."""
    if text is None:
        return None
    spaced = _SPACES.sub(" ", _ANSI.sub("", text[: at_most * 20]))
    visible = "".join(letter for letter in spaced if letter == " " or unicodedata.category(letter) not in _HIDDEN)
    kept = _SPACES.sub(" ", visible).strip()
    return cut(kept, at_most) if any(letter.isalnum() for letter in kept) else None


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a reference to a letter with thousands of digits
        return text


def plain(markdown: str) -> str:
    """The words of a piece of Markdown or HTML (its beginning, when it is long) without images, links' targets and marks."""
    without = _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", markdown[:_TEXT_AT_MOST])))
    return _unescaped(_SHORTCODE.sub("", _STRESS.sub(r"\1", _MARK.sub("", without)))).strip()
