"""A record as lines of plain text, in few tokens: `key: value`, a list of rows as a table where that is shorter."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

__all__ = ["as_lines", "bare", "inline"]

_BARE = re.compile(r"^[A-Za-z0-9_.:/@+\-]+$")
_ROWS = 2
"""From so many on, names stand once above the rows."""

Row = Mapping[str, JsonValue]


def bare(value: str) -> bool:
    """Whether a text has only the letters of a name, an id, an instant or an address, so that it needs no quotes."""
    return bool(_BARE.match(value))


def _word(value: JsonValue) -> str:
    if isinstance(value, str) and bare(value):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def inline(value: JsonValue) -> str:
    """A value within a line; a text that is no bare word stands in quotes, with its line ends escaped."""
    if isinstance(value, list) and _flat(value):
        return ", ".join(map(_word, value)) or "none"
    return _word(value)


def _flat(value: JsonValue) -> bool:
    return isinstance(value, list) and all(not isinstance(entry, dict | list) for entry in value)


def _entries(rows: Sequence[JsonValue], depth: int) -> list[str]:
    """One entry after the other, each begun by a dash."""
    pad, made = "  " * depth, list[str]()
    for entry in rows:
        inner = (as_lines(entry, depth + 1) or [f"{pad}  none"]) if isinstance(entry, dict) else [f"{pad}  {inline(entry)}"]
        made += [f"{pad}- {inner[0].strip()}", *inner[1:]]
    return made


def _table(rows: Sequence[Row], depth: int) -> list[str] | None:
    """What all rows have alike, once; a line of names; a line for each row. None where a column would hold records.

    A name that half of the rows have is a column; what fewer have stands at the end of their line, by its name.
    """
    pad, names = "  " * depth, list(dict.fromkeys(name for row in rows for name in row))
    shared = [name for name in names if all(name in row for row in rows) and not isinstance(rows[0][name], dict | list)]
    told = {name: {repr(row[name]) for row in rows} for name in shared}  # false is no 0, though Python has them equal
    alike = {name: rows[0][name] for name in shared if len(told[name]) == 1}
    columns = [name for name in names if name not in alike and 2 * sum(name in row for row in rows) >= len(rows)]
    if any(isinstance(row.get(name), dict) for row in rows for name in columns):
        return None
    made = [f"{pad}each: {', '.join(f'{_word(name)} {_word(value)}' for name, value in alike.items())}"] if alike else []
    made.append(pad + " | ".join(map(_word, columns)))
    for row in rows:
        cells = [inline(row[name]) if name in row else "" for name in columns]
        rest = [f"{_word(name)}: {inline(value)}" for name, value in row.items() if name not in columns and name not in alike]
        made.append(pad + " | ".join([*cells, *rest]))
    return made


def as_lines(value: JsonValue, depth: int) -> list[str]:
    """Nested records as indented `key: value` lines; records in a list as a table, or one by one, whichever is shorter."""
    pad = "  " * depth
    if isinstance(value, list):
        entries, rows = _entries(value, depth), [entry for entry in value if isinstance(entry, dict)]
        table = _table(rows, depth) if _ROWS <= len(rows) == len(value) else None
        return entries if table is None else min(table, entries, key=lambda made: sum(map(len, made)))
    made: list[str] = []
    for key, entry in value.items() if isinstance(value, dict) else ():
        if isinstance(entry, dict | list) and entry and not _flat(entry):
            made += [f"{pad}{_word(key)}:", *as_lines(entry, depth + 1)]
        else:
            made.append(f"{pad}{_word(key)}: {inline(entry)}")
    return made
