"""Everything that can be called without being shown: tools and endpoints by name, by a few words, and one at a time."""

from __future__ import annotations

import difflib
import re
import sqlite3
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, cast

from pydantic import JsonValue
from pydantic.alias_generators import to_snake

from layers_mcp.client.owners import closed
from layers_mcp.contract.errors import Invalid
from layers_mcp.server.catalog import ALIASES
from layers_mcp.server.pinning import only, unpinned
from layers_mcp.server.schema import Schema, input_schema
from layers_mcp.tool.declaration import Tool
from layers_mcp.tool.kinds import NAMED
from layers_mcp.tool.reach import Described, Found
from layers_mcp.tool.sending import doing, short_name, told, tool_of
from layers_mcp.tools.catalog import COVERED, ENDPOINTS, TOOLS
from layers_mcp.tools.examples import EXAMPLES

__all__ = ["Reaching", "known", "real_name"]

_TOOLS: Final[Mapping[str, Tool[Any]]] = {declared.name: declared for declared in TOOLS}
_ROWS: Final = {short_name(row.name): row for row in ENDPOINTS}
_WORD = re.compile(r"[^\W_]+")
_LITTLE = frozenset(
    _WORD.findall("a an and are as at be by can do does for from how i in is it me my of on or our that the their this to us we what with")
)
"""Words that tell nothing of what is sought."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COVERING: Final = {short_name(name): (name, tuple(one.name for one in by)) for name, by in COVERED.items()}
_LETTERS = 160
"""Of what one row says that something does."""
_NEAREST = 3


def real_name(name: str) -> str:
    """The name that a tool is known by, for one of its spellings: an alias, or an endpoint with its path's fields named."""
    return ALIASES.get(name, short_name(name))


@cache
def known(name: str) -> Tool[Any] | None:
    """The tool of a real name, or the endpoint of that name as a tool; an endpoint's is made when it is first asked for."""
    return _TOOLS.get(name) or (tool_of(_ROWS[name]) if name in _ROWS else None)


def _effect(name: str) -> str:
    declared = _TOOLS.get(name)
    if declared is None:
        return "reads" if name.startswith("GET ") else "asks for a person's yes"
    if declared.ask is None:
        return declared.effect.value
    return f"{declared.effect.value}, asks for a yes{'' if declared.asks_always else ' over a budget'}"


def _needs_yes(declared: Tool[Any]) -> str | None:
    if declared.ask is None:
        return None
    if declared.name in _ROWS:
        return "Always, and a person's own: by their client, or outside the conversation. Without confirm it shows what would be sent."
    if declared.asks_always:
        return "Where it changes anything. Without confirm it shows what would change, and a handle."
    return "Where it would cost more than a budget leaves."


def _does(name: str) -> str:
    """One line."""
    first = _TOOLS[name].description.partition(". ")[0] if name in _TOOLS else told(_ROWS[name])
    return first if len(first) <= _LETTERS else f"{first[: _LETTERS - 1]}…"


def _parts(words: str) -> str:
    return _HUMP.sub(" ", words)


class _Text(NamedTuple):
    name: str
    says: str
    takes: str


def _text(name: str) -> _Text:
    if name in _TOOLS:
        declared = _TOOLS[name]
        properties = cast("dict[str, Schema]", input_schema(declared.arguments)["properties"])
        takes = " ".join(f"{_parts(one)} {said.get('description', '')}" for one, said in properties.items())
        return _Text(name, declared.description, takes)
    row = _ROWS[name]
    return _Text(_parts(name), doing(row), " ".join(_parts(field) for field in row.request.model_fields))


@cache
def _index() -> sqlite3.Connection:
    """Full text of every tool and endpoint, stemmed; made by the first search, and read only from then on."""
    made = sqlite3.connect(":memory:", check_same_thread=False)
    made.execute("CREATE VIRTUAL TABLE known USING fts5(called UNINDEXED, name, says, takes, tokenize = 'porter unicode61')")
    made.executemany("INSERT INTO known VALUES (?, ?, ?, ?)", [(name, *_text(name)) for name in (*_TOOLS, *_ROWS)])
    return made


@cache
def _best(query: str) -> tuple[str, ...]:
    """The names that have any of the words, best first: a word in a name counts most, one among the arguments least (bm25)."""
    rows = _index().execute("SELECT called FROM known WHERE known MATCH ? ORDER BY bm25(known, 0.0, 8.0, 3.0, 1.0), rowid", (query,))
    return tuple(name for (name,) in rows)


def _example(name: str, schema: Schema) -> JsonValue:
    """A value of the form that a schema wants: made up, and of the right kind where the name tells it."""
    kind, choices = schema.get("type"), schema.get("enum")
    if isinstance(choices, list):
        return choices[0]
    if kind == "array":
        return [_example(name, cast("Schema", schema.get("items", {})))]
    if kind == "object":
        needed = cast("list[str]", schema.get("required", []))
        properties = cast("dict[str, Schema]", schema.get("properties", {}))
        return {one: _example(one, properties[one]) for one in needed}
    if kind in ("integer", "number", "boolean"):
        return kind == "boolean" or 1
    prefix = NAMED.get(to_snake(name), ("",))[0]
    return f"{prefix}_…" if prefix else "…"


def _taken(declared: Tool[Any], schema: Schema) -> JsonValue:
    """Arguments of one call: a tool's own example, without what is pinned; of an endpoint what it needs."""
    own = EXAMPLES.get(declared.name)
    if own is None:
        return _example("", {**schema, "type": "object"})
    return {name: own[name] for name in cast("dict[str, Schema]", schema["properties"]) if name in own}


class Reaching:
    """What one caller can call. `names`: real ones; `projects`: only these may be touched, None: all."""

    def __init__(self, names: Collection[str], *, projects: Collection[str] | None = None) -> None:
        fenced = projects is not None
        self._pinned = only(projects) is not None
        self.names = tuple(name for name in (*_TOOLS, *_ROWS) if name in names and not (fenced and name in _ROWS and closed(_ROWS[name])))

    def find(self, words: str) -> tuple[Found, ...]:
        """What has any of the words in its name, its description or its arguments, best first; with no words everything, in order.

        Little words, which nearly everything has, count only where no others are given.
        """
        found = _WORD.findall(_parts(words))
        asked = [word for word in found if word.lower() not in _LITTLE] or found
        best = _best(" OR ".join(f'"{word}"' for word in asked)) if asked else self.names
        return tuple(Found(name=self._said(name), effect=_effect(name), does=_does(name)) for name in best if name in self.names)

    def describe(self, name: str) -> Described:
        """One of them.

        Raises:
            Invalid: there is none of this name; names the nearest.
        """
        declared = self.tool(name)
        listed = {"inputSchema": input_schema(declared.arguments)}
        schema = cast("Schema", (unpinned(listed) if self._pinned else listed)["inputSchema"])
        return Described(
            name=self._said(declared.name),
            effect=_effect(declared.name),
            does=declared.description,
            needs_yes=_needs_yes(declared),
            scopes=tuple(sorted({row.scope for row in declared.calls if row.scope})),
            arguments=schema,
            example={"name": self._said(declared.name), "arguments": _taken(declared, schema)},
        )

    def tool(self, name: str) -> Tool[Any]:
        """The tool of this name, as it is or in another spelling.

        Raises:
            Invalid: as `describe`.
        """
        real = real_name(name)
        declared = known(real) if real in self.names else None
        if declared is not None:
            return declared
        words = self._covered(real) or self._nearest(real)
        issue: JsonValue = {"path": "name", "message": words}
        raise Invalid(f"name {words}", details={"issues": [issue]})

    def _covered(self, real: str) -> str | None:
        """Where the name is an endpoint that tools do: which of them."""
        if real not in _COVERING:
            return None
        named, by = _COVERING[real]
        here = [name for name in by if name in self.names]
        way = f"is reached by {', '.join(here or by)} only{'' if here else ', which can not be called here'}"
        return f"{named} {way}"

    def _nearest(self, real: str) -> str:
        """The names that look like it; who wants to read is led to no write."""
        offered = [name for name in self.names if not real.startswith("GET ") or _effect(name) == "reads"]
        near = difflib.get_close_matches(real, offered, n=_NEAREST, cutoff=0.0)
        return f"is none that can be called here; the nearest: {', '.join(map(self._said, near)) or 'none'}"

    def _said(self, name: str) -> str:
        """The name as people write it."""
        return _ROWS[name].name if name in _ROWS else name
