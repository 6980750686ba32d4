"""The OpenAPI document, made from the same table as the routes, so that it cannot lie."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.envelope import Envelope
from layers_mcp.contract.errors import BY_CODE
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox.answers import ANSWERS
from layers_mcp.sandbox.replies import MOST_LETTERS

__all__ = ["openapi"]

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"
_COMMON = ("UNAUTHENTICATED", "FORBIDDEN_SCOPE", "NOT_FOUND", "VALIDATION", "RATE_LIMITED", "KILL_SWITCH", "INTERNAL")
_WORDS = {200: "Done", 201: "Made", 202: "Accepted", 304: "Not modified: the ETag still holds"}
_TEXT, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
_HEADERS: Json = {
    "X-Request-Id": {"description": "Names this request, as error.requestId does.", "schema": _TEXT},
    "X-RateLimit-Endpoint-Class": {"description": "Which of the three buckets the request is counted in.", "schema": _TEXT},
    "X-RateLimit-Limit": {"description": "Requests a minute.", "schema": _NUMBER},
    "X-RateLimit-Remaining": {"description": "Requests left now.", "schema": _NUMBER},
    "X-RateLimit-Reset": {"description": "Seconds until the bucket is full.", "schema": _NUMBER},
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": _NUMBER},
    "ETag": {"description": "Holds until the thing moves.", "schema": _TEXT},
    "Idempotency-Replayed": {"description": "`true` when this is the first answer to the Idempotency-Key, again.", "schema": _TEXT},
}
_ALWAYS = tuple(name for name in _HEADERS if name.startswith("X-"))


def _headers(*more: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*_ALWAYS, *more)}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _answers(endpoint: Endpoint[Request, Reply], replies: Json) -> Json:
    schema = replies[endpoint.reply.__name__]
    more = (*(["ETag"] if 304 in endpoint.statuses else []), *(["Idempotency-Replayed"] if endpoint.keyed else []))
    answers: Json = {
        str(status): {"description": _WORDS[status], "headers": _headers(*more)} | ({} if status == 304 else {"content": _content(schema)})
        for status in endpoint.statuses
    }
    codes = (*_COMMON, *(["IDEMPOTENCY_CONFLICT"] if endpoint.keyed else []), *endpoint.codes)
    for status in sorted({BY_CODE[code].status for code in codes}):
        named = ", ".join(code for code in codes if BY_CODE[code].status == status)
        shown = _headers(*(["Retry-After"] if "RATE_LIMITED" in named else []))
        answers[str(status)] = {"description": named, "headers": shown, "content": _content({"$ref": _REF.format(model="Envelope")})}
    return answers


def _first_line(endpoint: Endpoint[Request, Reply]) -> str:
    if endpoint.live_only is not None:
        return f"Live only: {endpoint.live_only}."
    return (ANSWERS[endpoint.name].__doc__ or "").partition("\n")[0]


def _header(name: str, words: str, **bounds: int) -> Json:
    return {"name": name, "in": "header", "required": False, "description": words, "schema": {"type": "string", **bounds}}


def _operation(endpoint: Endpoint[Request, Reply], replies: Json) -> tuple[Json, Json]:
    """One route, and the schemas its fields refer to."""
    schema = endpoint.request.model_json_schema(by_alias=True, ref_template=_REF)
    fields, needed = schema.get("properties", {}), schema.get("required", [])
    elsewhere = set(endpoint.path_fields) - set(endpoint.repeats)
    rest = {name: field for name, field in fields.items() if name not in elsewhere}
    parameters = [{"name": name, "in": "path", "required": True, "schema": fields[name]} for name in endpoint.path_fields]
    operation: Json = {
        "summary": _first_line(endpoint),
        "description": f"Source: {endpoint.source}.",
        "tags": [endpoint.path.split("/")[2]],
    }
    operation["operationId"] = endpoint.name.lower().replace(" /v1/", "_").translate(str.maketrans("/-", "__", "{}"))
    if endpoint.in_body:
        body = {"type": "object", "properties": rest, "additionalProperties": False}
        body |= {"required": [name for name in needed if name in rest]} if any(name in rest for name in needed) else {}
        operation["requestBody"] = {"required": "required" in body, "content": _content(body)}
    else:
        parameters += [{"name": name, "in": "query", "required": name in needed, "schema": field} for name, field in rest.items()]
    if endpoint.keyed:
        words = "The same key with the same request gets the first answer again, for 24 hours."
        parameters.append(_header("Idempotency-Key", words, minLength=1, maxLength=MOST_LETTERS))
    if 304 in endpoint.statuses:
        parameters.append(_header("If-None-Match", "The ETag of the last answer."))
    operation |= {"parameters": parameters, "responses": _answers(endpoint, replies)}
    operation |= {"x-rate-limit-class": endpoint.rate, "x-scope": endpoint.scope}
    return operation, schema.get("$defs", {})


def openapi(title: str, version: str) -> Json:
    """The whole document: each route with its fields, replies and refusals."""
    models: list[type[BaseModel]] = list(dict.fromkeys([*(row.reply for row in TABLE), Envelope]))
    refs, definitions = models_json_schema([(model, "serialization") for model in models], by_alias=True, ref_template=_REF)
    replies = {model.__name__: refs[model, "serialization"] for model in models}
    schemas: Json = dict(definitions.get("$defs", {}))
    paths: dict[str, Json] = {}
    for row in TABLE:
        operation, more = _operation(row, replies)
        paths.setdefault(row.path, {})[row.method.lower()] = operation
        schemas |= {name: schema for name, schema in more.items() if name not in schemas}
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}, "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": schemas, "headers": _HEADERS, "securitySchemes": schemes},
        "security": [{"bearer": []}, {"apiKey": []}],
    }
