"""From the wire to a request: path, query and body of one route become the table's model, or a refusal that names each field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import JsonValue, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.sandbox.spellings import Wire, as_the_table
from layers_mcp.sandbox.visit import invalid

__all__ = ["MOST_BYTES", "read_request"]

MOST_BYTES = 1_000_000
"""The largest body that is read."""
_OBJECT: TypeAdapter[Wire] = TypeAdapter(Wire)


def _is_many(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(_is_many(part) for part in get_args(annotation))


def _from_query(endpoint: Endpoint[Request, Reply], query: Sequence[tuple[str, str]]) -> Wire:
    many = {field.alias for field in endpoint.request.model_fields.values() if _is_many(field.annotation)}
    wire: Wire = {}
    for name, value in query:
        if name in many:
            wire.setdefault(name, []).append(value)
        elif name in wire:
            raise invalid(name, "was given twice")
        else:
            wire[name] = value
    return wire


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
    return wire


def _with_path(endpoint: Endpoint[Request, Reply], wire: Wire, path: Mapping[str, str]) -> Wire:
    for name, value in path.items():
        if name in wire and not (endpoint.repeats == name and wire[name] == value):
            raise invalid(name, "stands in the path")
    return {**wire, **path}


def _issue(error: Mapping[str, Any]) -> dict[str, JsonValue]:
    return {"path": ".".join(str(part) for part in error["loc"]), "message": str(error["msg"])}


def read_request(endpoint: Endpoint[Request, Reply], path: Mapping[str, str], query: Sequence[tuple[str, str]], body: bytes) -> Request:
    """The request as the table knows it.

    Raises:
        errors.Invalid: a field is unknown, missing, malformed or out of range; `details.issues[]` names each by its wire path.
    """
    if endpoint.in_body and query:
        raise invalid(query[0][0], "does not belong in the query of this route")
    wire = _from_body(body) if endpoint.in_body else _from_query(endpoint, query)
    wire = _with_path(endpoint, as_the_table(endpoint, wire), path)
    try:
        if endpoint.in_body:  # JSON has types, so "2" is no number; in a query all is text
            return endpoint.request.model_validate_json(to_json(wire), strict=True, by_alias=True, by_name=False)
        return endpoint.request.model_validate(wire, by_alias=True, by_name=False)
    except ValidationError as error:
        issues = [_issue(problem) for problem in error.errors(include_url=False, include_context=False, include_input=False)]
        message = f"{issues[0]['path']}: {issues[0]['message']}"
        raise errors.Invalid(message, details={"issues": [*issues]}) from error
