"""Reads Xcode's project format with the place of every value, so that it can be edited by inserting text."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Listed", "Scalar", "Table", "Value", "parse", "skip"]

_GAP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"\"((?:\\.|[^\"\\])*)\"|([\w./$<>@:+*?!~^&%-]+)", re.DOTALL)
_DEPTH_AT_MOST = 30


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or a string, without quotes."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A list in round brackets."""

    items: tuple[Value, ...]
    start: int
    end: int

    def texts(self) -> tuple[str, ...]:
        """The words of the list."""
        return tuple(item.text for item in self.items if isinstance(item, Scalar))


@dataclass(frozen=True, slots=True)
class Table:
    """Keys and values in curly brackets."""

    items: dict[str, Value]
    start: int
    end: int

    def text(self, key: str) -> str | None:
        """The word under a key, or None."""
        found = self.items.get(key)
        return found.text if isinstance(found, Scalar) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """The words of the list under a key."""
        found = self.items.get(key)
        return found.texts() if isinstance(found, Listed) else ()

    def table(self, key: str | None) -> Table | None:
        """The table under a key, or None."""
        found = self.items.get(key or "")
        return found if isinstance(found, Table) else None

    def listed(self, key: str) -> Listed | None:
        """The list under a key, or None."""
        found = self.items.get(key)
        return found if isinstance(found, Listed) else None


Value = Scalar | Listed | Table


def skip(text: str, place: int) -> int:
    """The next place that is no space and no comment."""
    found = _GAP.match(text, place)
    return found.end() if found else place


def _scalar(text: str, place: int) -> Scalar:
    found = _WORD.match(text, place)
    if found is None:
        message = "not a project"
        raise ValueError(message)
    word = found[2] if found[1] is None else re.sub(r"\\(.)", r"\1", found[1])
    return Scalar(word, place, found.end())


def _value(text: str, place: int, depth: int) -> Value:
    if depth > _DEPTH_AT_MOST:
        message = "nested too deep"
        raise ValueError(message)
    if text[place] == "{":
        return _table(text, place, depth)
    if text[place] == "(":
        return _list(text, place, depth)
    return _scalar(text, place)


def _list(text: str, start: int, depth: int) -> Listed:
    items: list[Value] = []
    place = skip(text, start + 1)
    while text[place] != ")":
        items.append(_value(text, place, depth + 1))
        place = skip(text, items[-1].end)
        if text[place] == ",":
            place = skip(text, place + 1)
    return Listed(tuple(items), start, place + 1)


def _table(text: str, start: int, depth: int) -> Table:
    items: dict[str, Value] = {}
    place = skip(text, start + 1)
    while text[place] != "}":
        key = _scalar(text, place)
        place = skip(text, key.end)
        if text[place] != "=":
            message = "no value"
            raise ValueError(message)
        value = _value(text, skip(text, place + 1), depth + 1)
        items[key.text] = value
        place = skip(text, value.end)
        if text[place] == ";":
            place = skip(text, place + 1)
    return Table(items, start, place + 1)


def parse(text: str) -> Table | None:
    """The project, or None when the text is none."""
    try:
        return _table(text, text.index("{"), 0)
    except (ValueError, IndexError):
        return None
