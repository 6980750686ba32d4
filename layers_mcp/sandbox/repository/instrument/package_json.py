"""Edits of `package.json` that leave every other byte alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from layers_mcp.sandbox.repository.instrument.sdk import newline_of
from layers_mcp.sandbox.repository.packages import Package

__all__ = ["with_dependency"]

_SPACE = re.compile(r"\s*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _members(text: str, opening: int) -> list[_Member]:
    """The members of the object that opens at `opening`, by their places in the text.

    Raises:
        ValueError: when the text is not JSON.
    """
    found: list[_Member] = []
    position = _skip(text, opening + 1)
    while text[position] != "}":
        start = position
        key, position = _DECODER.raw_decode(text, position)
        value = _skip(text, _skip(text, position) + 1)
        _, end = _DECODER.raw_decode(text, value)
        found.append(_Member(str(key), start, value, end))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return found


def _insert(text: str, opening: int, members: list[_Member], line: str) -> str:
    """One more member, in its place when the members are sorted, else last."""
    keys = [member.key for member in members]
    key = json.loads(line[: line.index(":")])
    later = [member for member in members if member.key > key] if keys == sorted(keys) else []
    gap = text[opening + 1 : members[0].start]
    if later:
        return f"{text[: later[0].start]}{line},{gap}{text[later[0].start :]}"
    return f"{text[: members[-1].end]},{gap}{line}{text[members[-1].end :]}"


def _group(text: str, before: _Member, line: str) -> str:
    """A new group of dependencies after the last member."""
    start = text.rfind("\n", 0, before.start) + 1
    indent, newline = text[start : before.start], newline_of(text)
    if indent.strip():
        return f'{text[: before.end]}, "dependencies": {{{line}}}{text[before.end :]}'
    block = f'"dependencies": {{{newline}{indent}{indent}{line}{newline}{indent}}}'
    return f"{text[: before.end]},{newline}{indent}{block}{text[before.end :]}"


def _first(text: str, group: _Member, line: str) -> str:
    """The first member of an empty group."""
    start = text.rfind("\n", 0, group.start) + 1
    indent, newline = text[start : group.start], newline_of(text)
    inner = f"{newline}{indent}{indent}{line}{newline}{indent}" if not indent.strip() else line
    return f"{text[: group.value]}{{{inner}}}{text[group.end :]}"


def with_dependency(text: str, package: Package) -> str | None:
    """The manifest with the package among its dependencies; unchanged when it is there; None when it is no JSON object."""
    try:
        json.loads(text.removeprefix("\ufeff"))
        top = _members(text, text.index("{"))
        existing = next((member for member in top if member.key == "dependencies"), None)
        inside = _members(text, existing.value) if existing is not None else []
    except (ValueError, IndexError, RecursionError):
        return None
    line = f'"{package.name}": "{package.version}"'
    if any(member.key == package.name for member in inside):
        return text
    if existing is None:
        return _group(text, top[-1], line) if top else None
    return _insert(text, existing.value, inside, line) if inside else _first(text, existing, line)
