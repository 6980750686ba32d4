"""Finds brackets that belong together in source code, past strings and comments."""

from __future__ import annotations

import re

__all__ = ["bare", "closing", "depth_at"]

_PAIRS = {"{": "}", "(": ")", "[": "]"}


def _past_string(text: str, index: int) -> int:
    quote = text[index : index + 3] if text[index : index + 3] in {'"""', "'''"} else text[index]
    index += len(quote)
    while index < len(text) and not text.startswith(quote, index):
        if len(quote) == 1 and text[index] == "\n":
            return index
        index += 2 if text[index] == "\\" else 1
    return index + len(quote)


def _past_comment(text: str, index: int) -> int:
    mark = "\n" if text.startswith("//", index) else "*/"
    end = text.find(mark, index + 2)
    return len(text) if end == -1 else end + (0 if mark == "\n" else 2)


def _walk(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """Brackets between two places, with their places."""
    found: list[tuple[int, str]] = []
    index = start
    while index < end:
        letter = text[index]
        if letter in "\"'":
            index = _past_string(text, index)
        elif text.startswith(("//", "/*"), index):
            index = _past_comment(text, index)
        else:
            if letter in "{}()[]":
                found.append((index, letter))
            index += 1
    return found


def closing(text: str, opening: int) -> int | None:
    """The place of the bracket that closes the one at `opening`, or None."""
    depth = 0
    for place, letter in _walk(text, opening, len(text)):
        depth += 1 if letter in _PAIRS else -1
        if depth == 0:
            return place
    return None


def depth_at(text: str, place: int) -> int:
    """How many brackets are open at a place."""
    return sum(1 if letter in _PAIRS else -1 for _, letter in _walk(text, 0, place))


def bare(text: str) -> str:
    """The text with blanks for its strings and comments: every place stays where it is."""
    pieces: list[str] = []
    index = 0
    while index < len(text):
        end = index + 1
        if text[index] in "\"'":
            end = _past_string(text, index)
        elif text.startswith(("//", "/*"), index):
            end = _past_comment(text, index)
        pieces.append(text[index] if end == index + 1 else re.sub(r"[^\r\n]", " ", text[index:end]))
        index = end
    return "".join(pieces)
