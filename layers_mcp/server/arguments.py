"""Arguments as clients really send them, made into what they meant.

Hosts are known to send `""` or `"null"` for nothing, numbers and booleans as strings, and lists and objects as JSON in
a string (mcp-notes: "JSON in strings", Claude Desktop). What can't be told is left for the tool to refuse by name.
"""

from __future__ import annotations

import json
from typing import cast

from pydantic import JsonValue

from layers_mcp.server.schema import Schema

__all__ = ["meant"]

_NOTHING = ("", "null", "None", "undefined")
_PARSED = ("integer", "number", "boolean", "array", "object")


def _one(value: JsonValue, schema: Schema) -> JsonValue:
    kind = schema.get("type")
    if isinstance(value, str) and kind in _PARSED:
        try:
            read = cast("JsonValue", json.loads(value))
        except (ValueError, RecursionError):
            return [value] if kind == "array" else value
        if kind == "array" and not isinstance(read, list):
            inner = schema.get("items")
            texts = isinstance(inner, dict) and inner.get("type") == "string"
            return [value if texts and not isinstance(read, str) else _one(read, inner) if isinstance(inner, dict) else read]
        value = read
    if kind == "array" and isinstance(value, dict):
        value = [value]
    if kind == "object" and isinstance(value, dict):
        return meant(value, schema)
    if kind == "array" and isinstance(value, list):
        inner = schema.get("items")
        return [_one(entry, inner) for entry in value] if isinstance(inner, dict) else value
    return value


def meant(given: dict[str, JsonValue], schema: Schema) -> dict[str, JsonValue]:
    """`given` with empty optional values left out and strings read as the type that `schema` names."""
    known = cast("dict[str, Schema]", schema.get("properties", {}))
    required = cast("list[str]", schema.get("required", []))
    kept: dict[str, JsonValue] = {}
    for name, value in given.items():
        nothing = value is None or (isinstance(value, str) and value.strip() in _NOTHING)
        if nothing and name in known and name not in required:
            continue
        kept[name] = _one(value, known[name]) if name in known else value
    return kept
