"""One project pinned: where only one may be touched, nobody is asked for it, and no schema has room for another."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import JsonValue

    from layers_mcp.server.schema import Schema
    from layers_mcp.tool.outcome import Envelope

__all__ = ["filled", "only", "unpinned", "unsaid"]

_NAME = "projectId"


def only(projects: Collection[str] | None) -> str | None:
    """The one project that may be touched; None where there are more, or all."""
    return next(iter(projects)) if projects is not None and len(projects) == 1 else None


def unpinned(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool of the catalog without the project among its arguments."""
    schema = tool["inputSchema"]
    if _NAME not in schema["properties"]:
        return tool
    properties = {name: one for name, one in schema["properties"].items() if name != _NAME}
    required = [name for name in schema.get("required", ()) if name != _NAME]
    rest = {name: one for name, one in schema.items() if name != "required"}
    return {**tool, "inputSchema": {**rest, "properties": properties, **({"required": required} if required else {})}}


def filled(given: dict[str, JsonValue], schema: Schema, project: str) -> dict[str, JsonValue]:
    """The arguments with the pinned project, where the tool takes one and none was given.

    Where the tool can do without, a thing that is named by its own id, or the caller's, is what is meant.
    """
    properties, required = schema.get("properties", {}), schema.get("required", [])
    assert isinstance(properties, dict), "a schema of ours has properties"
    assert isinstance(required, list), "and names those that are required"
    named = _NAME not in required and any(name.endswith("Id") and value for name, value in given.items())
    if _NAME not in properties or given.get(_NAME) or named:
        return given
    return {**given, _NAME: project}


def unsaid(envelope: Envelope, project: str) -> Envelope:
    """The answer with next calls that do not name what no schema has room for."""
    from layers_mcp.contract.scalars import full_project  # noqa: PLC0415  pydantic is shut until somebody needs it

    def left(name: str, value: JsonValue) -> bool:
        return name != _NAME or not isinstance(value, str) or full_project(value) != full_project(project)

    steps = [
        step.model_copy(update={"arguments": {name: value for name, value in step.arguments.items() if left(name, value)}})
        for step in envelope.next
    ]
    return envelope.model_copy(update={"next": tuple(steps)})
