"""A Markdown document as sections: a heading and the paragraphs under it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from layers_mcp.sandbox.clean import plain

__all__ = ["Section", "sections"]

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*?)\s*#*$")
_HTML_HEADING = re.compile(r"<h([1-6])[^>]{0,300}>(.{0,500}?)</h\1>", re.IGNORECASE | re.DOTALL)
_RULE = re.compile(r"^\s*(?:[-*_=~^]\s*){3,}$")
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_FRONT = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_LINES_AT_MOST = 3000
_LINE_AT_MOST = 4000
_TEXT_AT_MOST = 64 * 1024
"""Characters of a document that are read; an opening is in them."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (empty before the first), its level, and the plain paragraphs and bullets under it."""

    level: int
    heading: str
    paragraphs: tuple[str, ...]
    bullets: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()

    @property
    def body(self) -> str | None:
        """What the section says: its first paragraph, else its bullets in a row."""
        if self.paragraphs:
            return self.paragraphs[0]
        return ", ".join(self.bullets) or None


class _Reader:
    """Gathers lines into sections."""

    def __init__(self) -> None:
        self.done: list[Section] = []
        self._level, self._heading = 0, ""
        self._paragraphs: list[str] = []
        self._bullets: list[str] = []
        self._quotes: list[str] = []
        self._lines: list[str] = []

    def heading(self, level: int, text: str) -> None:
        self.section()
        self._level, self._heading = level, plain(text)

    def pause(self) -> None:
        """End the paragraph."""
        text = plain(" ".join(self._lines))
        self._lines = []
        if text and any(letter.isalpha() for letter in text):
            self._paragraphs.append(text)

    def section(self) -> None:
        """End the section."""
        self.pause()
        if self._heading or self._paragraphs or self._bullets or self._quotes:
            self.done.append(Section(self._level, self._heading, tuple(self._paragraphs), tuple(self._bullets), tuple(self._quotes)))
        self._level, self._heading, self._paragraphs, self._bullets, self._quotes = 0, "", [], [], []

    def line(self, line: str) -> None:
        """Take in one line that is text."""
        stripped = line.strip()
        if (found := _HEADING.match(line)) is not None:
            self.heading(len(found[1]), found[2])
        elif self._lines and re.fullmatch(r"=+|-{2,}", stripped):
            underlined = " ".join(self._lines)
            self._lines = []
            self.heading(1 if stripped[0] == "=" else 2, underlined)
        elif not stripped or _RULE.match(stripped) or stripped.startswith("|"):
            self.pause()
        elif _BULLET.match(line):
            self.pause()
            self._bullets.append(plain(_BULLET.sub("", line)))
        elif stripped.startswith(">"):
            self.pause()
            self._quotes.append(plain(stripped.lstrip("> ")))
        else:
            self._lines.append(stripped)


def _without_comments(text: str) -> str:
    pieces: list[str] = []
    place = 0
    while (start := text.find("<!--", place)) != -1 and (end := text.find("-->", start)) != -1:
        pieces.append(text[place:start])
        place = end + 3
    return "".join([*pieces, text[place:]])


def sections(text: str) -> tuple[Section, ...]:
    """The sections of a document; code blocks, tables, comments and front matter are left out."""
    text = _FRONT.sub("", text[:_TEXT_AT_MOST].replace("\r\n", "\n"), count=1)
    text = _without_comments(text)
    text = _HTML_HEADING.sub(lambda found: f"\n\n{'#' * int(found[1])} {' '.join(found[2].split())}\n\n", text)
    text = re.sub(r"</?(?:p|div|br|center|details|summary|table|tr|picture)\b[^>]{0,500}>", "\n", text, flags=re.IGNORECASE)
    reader, fence = _Reader(), ""
    for line in (whole[:_LINE_AT_MOST] for whole in text.split("\n")[:_LINES_AT_MOST]):
        mark = line.strip()[:3]
        if mark in {"```", "~~~"} and fence in {"", mark}:
            reader.pause()
            fence = "" if fence else mark
        elif not fence:
            reader.line(line)
    reader.section()
    return tuple(reader.done)
