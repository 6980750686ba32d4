"""Many customers from one file: read whole and checked whole, so that nothing starts while one line of it is wrong.

A file is CSV with a line of names, or JSON lines; both name the fields of `loops/customer.Onboard` in camelCase.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from layers_mcp.loops.customer import Onboard

__all__ = ["MOST", "BadFile", "Wanted", "read_customers"]

MOST: Final = 100_000
"""Customers in one file; more are given in several."""
_FIELDS: Final = {to_camel(name): name for name in Onboard.model_fields}
_LISTS: Final = frozenset({"connect", "platforms"})
"""Fields of several values; in CSV they stand in one cell with spaces between them."""


class Wanted(NamedTuple):
    """A customer to onboard, and the line of the file (from 1)."""

    onboard: Onboard
    line: int


class BadFile(Exception):
    """The file can't be taken as it is: `problems` says why, line by line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def read_customers(path: Path) -> tuple[Wanted, ...]:
    """Every customer of a `.csv`, or else a JSON lines file, those of the highest priority first, of the same in the file's order.

    Raises:
        BadFile: it can't be read, is empty or too long, or some of its lines are wrong; each of those is named.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_of_csv(file) if path.suffix.lower() == ".csv" else _of_json(file))
    except OSError as problem:
        raise BadFile([f"{path} can't be read ({problem.strerror})"]) from None
    except UnicodeDecodeError:
        raise BadFile([f"{path} is not UTF-8; save it as UTF-8"]) from None
    except csv.Error as problem:
        raise BadFile([f"{path} is no CSV ({problem})"]) from None
    if not rows:
        raise BadFile([f"{path} names no customer"])
    if len(rows) > MOST:
        raise BadFile([f"{path} names {len(rows):,} customers; {MOST:,} is the most for one file: split it"])
    return _checked(rows)


def _of_csv(file: Iterable[str]) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(file, strict=True)
    names = reader.fieldnames or ()
    if strange := [_unknown(name) for name in names if name not in _FIELDS]:
        raise BadFile(f"line 1: {problem}" for problem in strange)
    if doubled := sorted({name for name in names if list(names).count(name) > 1}):
        raise BadFile(f"line 1: {name} stands there twice" for name in doubled)
    line = reader.line_num + 1
    for row in reader:
        cells = cast("dict[str | None, Any]", row)
        too_many = cells.pop(None, None)
        missing = [name for name, value in cells.items() if value is None]
        given = {name: value.split() if name in _LISTS else value for name, value in row.items() if value}
        if too_many:
            yield line, f"{len(names)} cells are expected, and there are more"
        else:
            yield line, f"there is no cell for {', '.join(map(str, missing))}; an empty one is a cell, too" if missing else given
        line = reader.line_num + 1


def _of_json(file: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for line, text in enumerate(file, 1):
        if not text.strip():
            continue
        try:
            given: Any = json.loads(text)
        except ValueError as problem:
            yield line, f"no JSON ({problem})"
        else:
            yield line, given if isinstance(given, dict) else "no JSON object"


def _unknown(name: str) -> str:
    near = get_close_matches(name, _FIELDS, 1)
    return f"there is no field {name!r}; " + (f"the nearest is {near[0]}" if near else f"there are {', '.join(_FIELDS)}")


def _checked(rows: Iterable[tuple[int, Any]]) -> tuple[Wanted, ...]:
    wanted: list[Wanted] = []
    lines: dict[str, int] = {}
    problems: list[str] = []
    for line, given in rows:
        found = [given] if isinstance(given, str) else _taken(line, given, wanted)
        if not found:
            name = wanted[-1].onboard.customer_external_id
            if lines.setdefault(name, line) != line:
                found = [f"customerExternalId {name} stands in line {lines[name]}, too"]
        problems += [f"line {line}: {problem}" for problem in found]
    if problems:
        raise BadFile(problems)
    return tuple(sorted(wanted, key=lambda one: -one.onboard.priority))


def _taken(line: int, given: dict[str, Any], wanted: list[Wanted]) -> list[str]:
    """Take one line, or say all that is wrong with it."""
    if strange := [name for name in given if name not in _FIELDS]:
        return [_unknown(name) for name in strange]
    try:
        onboard = Onboard.model_validate({_FIELDS[name]: value for name, value in given.items()})
    except ValidationError as problem:
        return [_said(one["loc"], one["msg"]) for one in problem.errors(include_url=False, include_input=False)]
    wanted.append(Wanted(onboard, line))
    return []


def _said(place: tuple[int | str, ...], words: str) -> str:
    words = words.removeprefix("Value error, ")
    return f"{to_camel(str(place[0]))}: {words}" if place else words
