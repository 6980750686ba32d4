"""Answers a client that asks for resources: which there are, what is in one, and what its address may be."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from layers_mcp.server.caller import caller_of
from layers_mcp.server.resources import TEMPLATES, Suggest, Template, asked
from layers_mcp.tool.asking import AskFirst

if TYPE_CHECKING:
    from layers_mcp.server.bind import AnswerCall

__all__ = ["Reading", "reading"]

_JSON = "application/json"
Context = ServerRequestContext[Any]
ListTemplates = Callable[[Context, types.PaginatedRequestParams | None], Awaitable[types.ListResourceTemplatesResult]]
ListResources = Callable[[Context, types.PaginatedRequestParams | None], Awaitable[types.ListResourcesResult]]
ReadResource = Callable[[Context, types.ReadResourceRequestParams], Awaitable[types.ReadResourceResult]]
Complete = Callable[[Context, types.CompleteRequestParams], Awaitable[types.CompleteResult]]


class Reading(NamedTuple):
    """What the SDK's server is given for resources."""

    list_all: ListResources
    list_templates: ListTemplates
    read: ReadResource
    complete: Complete


async def _untold(_done: float, _stage: str) -> None:
    """A resource is read at once; there is no progress to tell."""


def _listed(one: Template) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        name=one.name, title=one.title, description=one.description, uri_template=one.uri_template, mime_type=_JSON
    )


def reading(shown: Collection[str], answer: AnswerCall, suggest: Suggest | None) -> Reading:
    """Reads resources by the tools that show the same, for whoever may call those. `shown`: the tools there are."""
    templates = [one for one in TEMPLATES if one.tool in shown]

    def offered(ctx: Context) -> list[Template]:
        caller = caller_of(ctx)
        return [one for one in templates if caller is None or caller.tools is None or one.tool in caller.tools]

    async def list_all(_ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[])  # there may be thousands of runs: completion names the latest

    async def list_templates(ctx: Context, _params: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[_listed(one) for one in offered(ctx)])

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        call, there = asked(params.uri), offered(ctx)
        if call is None or call[0] not in {one.tool for one in there}:
            known = ", ".join(one.uri_template for one in there) or "none"
            raise MCPError(types.INVALID_PARAMS, f"there is no such resource; the templates are: {known}", {"uri": params.uri})
        given = await answer(*call, _untold, None, caller=caller_of(ctx))
        assert not isinstance(given, AskFirst), "what only reads asks for no yes"
        if given.is_error:
            raise MCPError(types.INVALID_PARAMS, given.text, {"uri": params.uri})
        text = json.dumps(given.record, ensure_ascii=False)
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=params.uri, mime_type=_JSON, text=text)])

    async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        uri = params.ref.uri if isinstance(params.ref, types.ResourceTemplateReference) else ""
        known = any((one.uri_template, one.argument) == (uri, params.argument.name) for one in offered(ctx))
        values = await suggest(params.argument.name, params.argument.value, caller_of(ctx)) if known and suggest is not None else []
        return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))

    return Reading(list_all, list_templates, read, complete)
