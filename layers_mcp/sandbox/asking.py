"""From the wire to a request: path, query and body of one route become the table's model, or a refusal that names each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import takewhile
from typing import Any, cast, get_args, get_origin

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import any_project
from layers_mcp.sandbox.spellings import Wire, as_the_table
from layers_mcp.sandbox.visit import invalid, unnamed

__all__ = ["MOST_BYTES", "read_request"]

MOST_BYTES = 1_000_000
"""The largest body that is read."""
_OBJECT: TypeAdapter[Wire] = TypeAdapter(Wire)


_WHOLE_UP_TO = 2.0**53
"""Beyond it a number with a point does not say which whole number it is."""


def _is_many(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(_is_many(part) for part in get_args(annotation))


def _from_query(endpoint: Endpoint[Request, Reply], query: Sequence[tuple[str, str]]) -> Wire:
    many = {field.alias for field in endpoint.request.model_fields.values() if _is_many(field.annotation)}
    wire: Wire = {}
    for name, value in query:
        if name in many:
            wire.setdefault(name, []).append(value)
        elif name in wire:
            raise unnamed(name, "was given twice")
        else:
            wire[name] = value
    return wire


def _whole(value: Any) -> Any:
    """`value` with 1.0 for 1, as JSON Schema has it: a number without a fraction is an integer."""
    if isinstance(value, list):
        return [_whole(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in cast("Wire", value).items()}
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_UP_TO else value


def _from_body(body: bytes) -> Wire:
    if not body.strip():
        return {}
    if len(body) > MOST_BYTES:
        raise invalid("", f"the body is longer than {MOST_BYTES} bytes")
    try:
        wire = _OBJECT.validate_python(from_json(body, allow_inf_nan=False))
        from_json(to_json(wire, inf_nan_mode="constants"), allow_inf_nan=False)  # 1e999 was read as infinity
    except ValueError as error:
        raise invalid("", "the body is not a JSON object") from error
    return _whole(wire)


def _with_path(wire: Wire, path: Mapping[str, str], repeats: Sequence[str]) -> Wire:
    for name, given in path.items():
        if name in wire and name not in repeats:
            raise invalid(name, "stands in the path")
        if name in repeats and name in wire and any_project(str(wire[name])) != any_project(given):
            raise invalid(name, "is not the one in the path")
    return {**wire, **path}


def _issue(error: Mapping[str, Any]) -> dict[str, JsonValue]:
    message = str(error["msg"]).removeprefix("Value error, ").replace("Tuple", "List").replace("tuple", "list")  # JSON has no tuples
    return {"path": ".".join(str(part) for part in error["loc"]), "message": message}


def _names_in(schema: Any) -> frozenset[str]:
    if isinstance(schema, list):
        return frozenset[str]().union(*(_names_in(item) for item in cast("list[Any]", schema)))
    if not isinstance(schema, dict):
        return frozenset()
    node = cast("Wire", schema)
    return frozenset(node.get("properties", {})).union(*(_names_in(item) for item in node.values()))


@cache
def _names(request: type[Request]) -> frozenset[str]:
    """Every name that the contract gives a field of `request`."""
    return _names_in(request.model_json_schema(by_alias=True))


def _sentence(endpoint: Endpoint[Request, Reply], error: Mapping[str, Any], issue: Mapping[str, JsonValue]) -> str:
    """What is wrong; a name that the caller made up stands in the issue's path only."""
    known = takewhile(lambda part: isinstance(part, int) or part in _names(endpoint.request), error["loc"])
    path = ".".join(str(part) for part in known)
    return f"{path}: {issue['message']}" if path else str(issue["message"])


def read_request(endpoint: Endpoint[Request, Reply], path: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes) -> Request:
    """The request as the table knows it.

    Raises:
        errors.Invalid: a field is unknown, missing, malformed or out of range; `details.issues[]` names each by its wire path.
    """
    if endpoint.in_body and query:
        raise unnamed(query[0][0], "does not belong in the query of this route")
    wire = _from_body(body) if endpoint.in_body else _from_query(endpoint, query)
    wire = _with_path(as_the_table(endpoint, wire), path, endpoint.repeats)
    try:
        if endpoint.in_body:  # JSON has types, so "2" is no number; in a query all is text
            return endpoint.request.model_validate_json(to_json(wire), strict=True, by_alias=True, by_name=False)
        return endpoint.request.model_validate(wire, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        issues = [_issue(problem) for problem in problems]
        raise errors.Invalid(_sentence(endpoint, problems[0], issues[0]), details={"issues": [*issues]}) from error
