"""The published form of a tool: names, schemas and hints, as plain JSON Schema without unions, nulls or references."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from pydantic import BaseModel, JsonValue

from layers_mcp.tool.declaration import Arguments, Tool
from layers_mcp.tool.outcome import Envelope

__all__ = ["Schema", "input_schema", "listing", "output_schema"]

Schema = dict[str, JsonValue]
_DROPPED = frozenset({"title", "default", "$defs", "discriminator"})
_UNSAID = frozenset({"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "pattern", "minimum", "exclusiveMinimum"})
"""Bounds that are checked but not shown: they cost tokens in every conversation, and a refusal names them when they matter."""
_LAST = frozenset({"confirm", "idempotencyKey", "quoteOnly", "waitSeconds"})
"""What many tools take stands after what is a tool's own."""


def _plain(node: JsonValue, definitions: Schema) -> JsonValue:
    """`node` with references resolved, the null branch of optional values dropped, and noise removed."""
    if isinstance(node, list):
        return [_plain(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if isinstance(reference := node.get("$ref"), str):
        target = cast("Schema", definitions[reference.rpartition("/")[2]])
        return _plain({**target, **{key: value for key, value in node.items() if key != "$ref"}}, definitions)
    branches = node.get("anyOf")
    if isinstance(branches, list):
        real = [branch for branch in branches if branch != {"type": "null"}]
        rest: Schema = {key: value for key, value in node.items() if key != "anyOf"}
        if len(real) == 1:
            return _plain({**cast("Schema", real[0]), **rest}, definitions)
        return _plain(rest, definitions) if rest else {}
    plain: Schema = {}
    for key, value in node.items():
        if key == "properties" and isinstance(value, dict):
            plain[key] = {name: _plain(one, definitions) for name, one in value.items()}
        elif key not in _DROPPED:
            plain[key] = _plain(value, definitions)
    return plain


def _schema(model: type[BaseModel], mode: str) -> Schema:
    raw = cast("Schema", model.model_json_schema(by_alias=True, mode="validation" if mode == "in" else "serialization"))
    definitions = cast("Schema", raw.get("$defs", {}))
    return cast("Schema", _plain(raw, definitions))


def _unsaid(node: JsonValue, *, named: bool = False) -> JsonValue:
    """`node` without what is checked but not shown (`named`: the keys are names of properties, and all stay)."""
    if isinstance(node, list):
        return [_unsaid(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {key: _unsaid(value, named=key == "properties") for key, value in node.items() if named or key not in _UNSAID}


@cache
def input_schema(arguments: type[Arguments]) -> Schema:
    """What a tool takes; `default` stays where a value other than nothing is the default, and a switch that is off needs no saying.

    Made once, as every call is read by it: nobody changes what it gives back.
    """
    schema = cast("Schema", _unsaid(_schema(arguments, "in")))
    raw = arguments.model_json_schema(by_alias=True)
    for name, one in cast("dict[str, Schema]", schema["properties"]).items():
        default = raw["properties"][name].get("default")
        if default not in (None, "", []) and default is not False:
            one["default"] = default
    schema.pop("description", None)
    properties = cast("Schema", schema["properties"])
    schema["properties"] = {name: properties[name] for name in sorted(properties, key=lambda name: name in _LAST)}
    return schema


def _open(node: JsonValue) -> JsonValue:
    """An output schema that a sparse record fits: nothing is required, because absent means not there."""
    if isinstance(node, list):
        return [_open(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    return {key: _open(value) for key, value in node.items() if key not in ("required", "additionalProperties") or value is True}


def output_schema(declared: Tool[Any]) -> Schema:
    """What a tool answers: the envelope, with this tool's record as `result`; a refusal adds `error`, which is not published."""
    schema = cast("Schema", _open(_schema(Envelope, "out")))
    properties = cast("Schema", schema["properties"])
    properties["result"] = _open(_schema(declared.result, "out"))
    schema.pop("description", None)
    schema["required"] = ["status", "summary"]
    return schema


def listing(declared: Tool[Any]) -> Schema:
    """The tool as `tools/list` shows it."""
    return {
        "name": declared.name,
        "title": declared.title,
        "description": declared.description,
        "inputSchema": input_schema(declared.arguments),
        "outputSchema": output_schema(declared),
        "annotations": {"title": declared.title, **declared.effect.hints},
    }
