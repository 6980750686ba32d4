"""Answers a client that asks for resources: which there are, what is in one, and what its address may be."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from layers_mcp.server.caller import caller_of
from layers_mcp.server.panels import panels
from layers_mcp.server.resources import READS, TEMPLATES, Suggest, Template, asked
from layers_mcp.tool.asking import AskFirst

if TYPE_CHECKING:
    from layers_mcp.server.answer import Answer, AnswerCall
    from layers_mcp.server.catalog import Catalog

__all__ = ["Reading", "reading"]

_JSON = "application/json"
Context = ServerRequestContext[Any]
ListTemplates = Callable[[Context, types.PaginatedRequestParams | None], Awaitable[types.ListResourceTemplatesResult]]
ListResources = Callable[[Context, types.PaginatedRequestParams | None], Awaitable[types.ListResourcesResult]]
ReadResource = Callable[[Context, types.ReadResourceRequestParams], Awaitable[types.ReadResourceResult]]
May = Callable[[Context, "str | None"], bool]
Complete = Callable[[Context, types.CompleteRequestParams], Awaitable[types.CompleteResult]]


class Reading(NamedTuple):
    """What the SDK's server is given for resources."""

    list_all: ListResources
    list_templates: ListTemplates
    read: ReadResource
    complete: Complete


async def _untold(_done: float, _stage: str) -> None:
    """A resource is read at once; there is no progress to tell."""


def _resource(one: Template) -> types.Resource:
    return types.Resource(name=one.name, title=one.title, description=one.description, uri=one.uri, mime_type=_JSON)


def _template(one: Template) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        name=one.name, title=one.title, description=one.description, uri_template=one.uri_template, mime_type=_JSON
    )


def _shown(ctx: Context) -> tuple[panels.Panel, ...]:
    """The panels that this client can show."""
    return panels.PANELS if panels.declared(ctx.session.client_capabilities) else ()


def _panel(one: panels.Panel) -> types.Resource:
    return types.Resource(name=one.name, title=one.title, description=one.description, uri=one.uri, mime_type=panels.MIME)


def _page(one: panels.Panel) -> types.ReadResourceResult:
    """A panel; it asks its host for no border of its own making, and for no address to load from."""
    meta: dict[str, Any] = {"ui": {"csp": {}, "prefersBorder": True}}
    contents = types.TextResourceContents(uri=one.uri, mime_type=panels.MIME, text=panels.page(one), _meta=meta)
    return types.ReadResourceResult(contents=[contents])


def _contents(uri: str, given: Answer) -> types.ReadResourceResult:
    """The record, then each picture; both are of the one resource."""
    text = json.dumps(given.record, ensure_ascii=False)
    contents: list[types.TextResourceContents | types.BlobResourceContents] = [
        types.TextResourceContents(uri=uri, mime_type=_JSON, text=text)
    ]
    contents += [
        types.BlobResourceContents(uri=uri, mime_type=one.mime, blob=base64.b64encode(one.content).decode("ascii"))
        for one in given.pictures
    ]
    return types.ReadResourceResult(contents=contents)


def _names(params: types.CompleteRequestParams, offered: list[Template], catalog: Catalog) -> bool:
    """Whether what is completed has such an argument, and its caller may know of it."""
    if isinstance(params.ref, types.ResourceTemplateReference):
        uri, name = params.ref.uri, params.argument.name
        return any(one.argument == name and uri in (one.uri, one.uri_template) for one in offered)
    arguments = next((one["arguments"] for one in catalog.prompts if one["name"] == params.ref.name), ())
    return any(one["name"] == params.argument.name for one in arguments)


def _allowing(catalog: Catalog) -> May:
    """Whether who calls may call a tool that is there."""
    there = {*(one["name"] for one in catalog.tools), *catalog.unlisted}

    def may(ctx: Context, tool: str | None) -> bool:
        caller = caller_of(ctx)
        return tool in there and (caller is None or caller.tools is None or tool in caller.tools)

    return may


def _paneled(plain: Reading, may: May) -> Reading:
    """The same, with the panels of a client that can show them."""

    def seen(ctx: Context) -> list[panels.Panel]:
        return [one for one in _shown(ctx) if may(ctx, one.tool)]

    async def list_all(ctx: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        listed = await plain.list_all(ctx, params)
        return types.ListResourcesResult(resources=[*listed.resources, *map(_panel, seen(ctx))])

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        panel = next((one for one in seen(ctx) if one.uri == params.uri), None)
        return await plain.read(ctx, params) if panel is None else _page(panel)

    return plain._replace(list_all=list_all, read=read)


def reading(catalog: Catalog, answer: AnswerCall, suggest: Suggest | None) -> Reading:
    """Reads resources by the tools that show the same, for whoever may call those."""
    may = _allowing(catalog)

    def offered(ctx: Context) -> list[Template]:
        return [one for one in TEMPLATES if may(ctx, one.tool)]

    async def list_all(ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[_resource(one) for one in offered(ctx) if not one.argument])

    async def list_templates(ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        listed = [_template(one) for one in offered(ctx) if one.argument or one.paged]
        return types.ListResourceTemplatesResult(resource_templates=listed)

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        call = asked(params.uri)
        if call is None or not may(ctx, call[0]):
            known = ", ".join(one.uri_template for one in offered(ctx)) or "none"
            raise MCPError(types.INVALID_PARAMS, f"there is no such resource; the templates are: {known}", {"uri": params.uri})
        given = await answer(*call, _untold, None, caller=caller_of(ctx))
        assert not isinstance(given, AskFirst), "what only reads asks for no yes"
        if "error" in given.record:
            raise MCPError(types.INVALID_PARAMS, given.text, {"uri": params.uri})
        return _contents(params.uri, given)

    async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        name, values = params.argument.name, list[str]()
        if suggest is not None and _names(params, offered(ctx), catalog) and may(ctx, READS.get(name)):
            known = (params.context.arguments if params.context is not None else None) or {}
            values = await suggest(name, params.argument.value, known, caller_of(ctx))
        return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))

    return _paneled(Reading(list_all, list_templates, read, complete), may)
