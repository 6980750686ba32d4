"""What a call really is of: the tool of that name, the one that `call` names, or the one that shows what a resource's address names."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from pydantic import JsonValue

from layers_mcp.contract.errors import Invalid
from layers_mcp.server.arguments import meant
from layers_mcp.server.catalog import CALL, READER
from layers_mcp.server.reaching import known, real_name
from layers_mcp.server.resources import TEMPLATES, asked
from layers_mcp.server.schema import input_schema
from layers_mcp.tool.declaration import Tool, parse
from layers_mcp.tool.outcome import Envelope, Next
from layers_mcp.tool.visit import House
from layers_mcp.tools.resources import read_resource

__all__ = ["Aim", "aimed", "by_call", "reachable"]

_STRANGE = re.compile(r"[^A-Za-z0-9_.\-]")
_NAME_LETTERS = 80


def _find(name: str, shown: Collection[str], house: House) -> Tool[Any]:
    """The tool of this name; a call of none is in the trail too, under as much of the name as a tool's could be."""
    declared = known(real_name(name)) if real_name(name) in shown else None
    if declared is None:
        issue: JsonValue = {"path": "name", "message": f"is none of {', '.join(shown)}"}
        problem = Invalid("there is no tool of this name", details={"issues": [issue], "tools": list(shown)})
        house.gate.record(_STRANGE.sub("?", real_name(name))[:_NAME_LETTERS], effect="none", outcome=problem.wire_code, arguments="")
        raise problem
    return declared


class Aim(NamedTuple):
    """What a call comes to: the tool, its arguments as they came, and whether it was called by `call`."""

    tool: Tool[Any]
    given: dict[str, JsonValue]
    through: bool = False


def _wanted(house: House, name: str, given: dict[str, JsonValue], shown: Collection[str]) -> Aim:
    """The tool that a call is of: where it is `call`, the one that it names, so that everything is as if that were called itself.

    Raises:
        Invalid: there is no such tool, or `call` does not name one.
    """
    declared = _find(name, shown, house)
    if declared.name != CALL:
        return Aim(declared, given)
    assert house.reach is not None, "where it can be called there is something to call"
    try:
        asked = parse(declared, meant(given, input_schema(declared.arguments)))
        return Aim(house.reach.tool(asked.name), asked.arguments, through=True)
    except Invalid as problem:
        house.gate.record(CALL, effect="none", outcome=problem.wire_code, arguments="")
        raise


def _resource(given: dict[str, JsonValue], shown: Collection[str]) -> tuple[str, dict[str, JsonValue]]:
    """The call that reads what a call of the reader names.

    Raises:
        Invalid: the arguments don't fit, or there is no such resource for this caller.
    """
    request = parse(read_resource, meant(given, input_schema(read_resource.arguments)))
    call = asked(request.uri)
    if call is None or call[0] not in shown:
        templates = [one.uri_template for one in TEMPLATES if one.tool in shown]
        issue: JsonValue = {"path": "uri", "message": f"is none of {', '.join(templates)}"}
        raise Invalid("there is no such resource", details={"issues": [issue], "uri": request.uri})
    return call[0], call[1] | ({} if request.cursor is None else {"cursor": request.cursor})


def aimed(house: House, name: str, given: dict[str, JsonValue], shown: Collection[str]) -> Aim:
    """What a call is of, so that everything is as if that were called itself: what `call` names, and what shows what the reader reads.

    Raises:
        Invalid: there is no such tool, or the one that stands for others does not name one.
    """
    wanted = _wanted(house, name, given, shown)
    if wanted.tool.name != READER:
        return wanted
    reach = house.reach.names if house.reach is not None and wanted.through else shown
    try:
        tool, arguments = _resource(wanted.given, reach)
    except Invalid as problem:
        house.gate.record(READER, effect=read_resource.effect.value, outcome=problem.wire_code, arguments="")
        raise
    return Aim(_find(tool, reach, house), arguments, through=wanted.through)


def by_call(tool: str, arguments: dict[str, JsonValue], shown: Collection[str]) -> tuple[str, dict[str, JsonValue]]:
    """A call of a tool as this client can make it: by `call`, where it is not shown the tool itself."""
    return (tool, arguments) if tool in shown or CALL not in shown else (CALL, {"name": tool, "arguments": arguments})


def reachable(envelope: Envelope, shown: Collection[str]) -> Envelope:
    """The answer with next calls that this client can make."""
    steps: list[Next] = []
    for step in envelope.next:
        tool, arguments = by_call(step.tool, step.arguments, shown)
        steps.append(step.model_copy(update={"tool": tool, "arguments": arguments}))
    return envelope.model_copy(update={"next": tuple(steps)})
