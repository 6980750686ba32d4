"""`layers-mcp tools --markdown`: every tool with its arguments, a call of it that was made in the sandbox, and what came of it."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import JsonValue

from layers_mcp.server.presets import preset_of
from layers_mcp.server.schema import Schema, input_schema
from layers_mcp.tool.declaration import Tool
from layers_mcp.tools.catalog import TOOLS
from layers_mcp.tools.examples import answers

__all__ = ["reference"]

_HEAD = """# Tools of layers-mcp

Each call below was made in a run of the sandbox, and each answer is the text that came of it; a client gets a structured record, too.
What asks for a yes shows a preview first, as below; the same call with its handle as `confirm` does it."""


def _kind(schema: Schema) -> str:
    """What a value has to be, in a few words."""
    if isinstance(choices := schema.get("enum"), list):
        return ", ".join(f"`{one}`" for one in choices)
    kind = str(schema.get("type", "any"))
    return f"list of {_kind(cast('Schema', schema.get('items', {})))}" if kind == "array" else kind


def _arguments(declared: Tool[Any]) -> list[str]:
    schema = input_schema(declared.arguments)
    required = cast("list[JsonValue]", schema.get("required", []))
    rows: list[str] = []
    for name, one in cast("dict[str, Schema]", schema["properties"]).items():
        needed = ", required" if name in required else ""
        rows.append(f"- `{name}` ({_kind(one)}{needed}): {one.get('description', '')}".removesuffix(": "))
    return rows


def _fenced(text: str, language: str) -> str:
    """A block of code whose fence is longer than any in the text."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _part(declared: Tool[Any]) -> str:
    shown = answers()[declared.name]
    effect = "control" if declared.asks_always else declared.effect.value
    scopes = ", ".join(f"`{one}`" for one in sorted({row.scope for row in declared.calls if row.scope})) or "none"
    return "\n\n".join(
        [
            f"## `{declared.name}`",
            f"Preset `{preset_of(declared.name)}` · {effect} · scopes: {scopes}",
            declared.description,
            "\n".join(_arguments(declared)),
            _fenced(json.dumps(shown["arguments"], indent=2, ensure_ascii=False), "json"),
            _fenced(shown["answer"], "text"),
        ]
    )


def reference() -> str:
    """All of it as Markdown, in the order of the catalog."""
    return "\n\n".join([_HEAD, *map(_part, TOOLS)])
