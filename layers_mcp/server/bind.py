"""The MCP server: the SDK's low-level one, with our catalog and one function that answers every call."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from layers_mcp import __version__
from layers_mcp.server.answer import Answer, AnswerCall
from layers_mcp.server.asking import asker_of, input_required
from layers_mcp.server.caller import caller_of
from layers_mcp.server.catalog import Catalog
from layers_mcp.server.panels import panels
from layers_mcp.server.pinning import only, unpinned
from layers_mcp.server.pulse import Pulse
from layers_mcp.server.reading import reading
from layers_mcp.server.resources import Suggest
from layers_mcp.server.tasks import Book, offer_tasks
from layers_mcp.tool.asking import AskFirst

__all__ = ["FillPrompt", "bind"]

_CACHED_MS = 300_000
Called = types.CallToolResult | types.InputRequiredResult
"""What a call is answered with: its result, or what the client is to ask its person first."""
FillPrompt = Callable[[str, dict[str, str]], Awaitable[str]]
"""The text of a prompt with its arguments in place; raises ValueError with what does not fit."""


ListPrompts = Callable[[ServerRequestContext[Any], types.PaginatedRequestParams | None], Awaitable[types.ListPromptsResult]]
ListTools = Callable[[ServerRequestContext[Any], types.PaginatedRequestParams | None], Awaitable[types.ListToolsResult]]
CallTool = Callable[[ServerRequestContext[Any], types.CallToolRequestParams], Awaitable[Called]]
GetPrompt = Callable[[ServerRequestContext[Any], types.GetPromptRequestParams], Awaitable[types.GetPromptResult]]


def _prompts(catalog: Catalog, fill: FillPrompt) -> tuple[ListPrompts, GetPrompt]:
    offered = types.ListPromptsResult(prompts=[types.Prompt.model_validate(one) for one in catalog.prompts])

    async def list_prompts(_ctx: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        return offered

    async def get_prompt(_ctx: ServerRequestContext[Any], params: types.GetPromptRequestParams) -> types.GetPromptResult:
        try:
            words = await fill(params.name, params.arguments or {})
        except ValueError as problem:
            raise MCPError(types.INVALID_PARAMS, str(problem)) from None
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=words))
        return types.GetPromptResult(messages=[message])

    return list_prompts, get_prompt


def _content(given: Answer) -> list[types.ContentBlock]:
    """The text, then each picture under its title."""
    blocks: list[types.ContentBlock] = [types.TextContent(type="text", text=given.text)]
    for one in given.pictures:
        image = types.ImageContent(type="image", data=base64.b64encode(one.content).decode("ascii"), mime_type=one.mime)
        blocks += [types.TextContent(type="text", text=one.title), image]
    return blocks


def _paneled(one: types.Tool) -> types.Tool:
    """A tool as a client that shows panels is told of it."""
    meta = panels.shown_by(one.name)
    return one if meta is None else one.model_copy(update={"meta": meta})


def _tools(catalog: Catalog, answer: AnswerCall, told: Callable[[], None]) -> tuple[ListTools, CallTool]:
    seen = [one for one in catalog.tools if one["name"] not in catalog.hidden]
    tools = [types.Tool.model_validate(one) for one in seen]
    pinned = [types.Tool.model_validate(unpinned(one)) for one in seen]
    pulse = Pulse()

    async def list_tools(ctx: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        caller = caller_of(ctx)
        told()
        allowed, projects = (None, None) if caller is None else (caller.tools, caller.projects)
        listed = tools if only(projects) is None else pinned
        made = [one for one in listed if allowed is None or one.name in allowed]
        return types.ListToolsResult(tools=[_paneled(one) for one in made] if panels.declared(ctx.session.client_capabilities) else made)

    async def call_tool(ctx: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Called:
        async def tell(done: float, stage: str) -> None:
            await ctx.session.report_progress(done, 1.0, stage)

        with pulse.over(tell) as rising:
            given = await answer(params.name, params.arguments or {}, rising, asker_of(ctx, params), caller=caller_of(ctx))
        if isinstance(given, AskFirst):
            return input_required(given)
        return types.CallToolResult(content=_content(given), structured_content=given.record, is_error=given.is_error)

    return list_tools, call_tool


def bind(  # noqa: PLR0913  each comes from another room
    catalog: Catalog,
    answer: AnswerCall,
    fill: FillPrompt,
    *,
    suggest: Suggest | None = None,
    tasks: Book | None = None,
    listed: Literal["public", "private"] = "public",
    told: Callable[[], None] = lambda: None,
) -> Server[Any]:
    """A server of both protocol eras that lists `catalog`, answers calls by `answer` and fills prompts by `fill`.

    `suggest`: completes the arguments of resources and prompts; `tasks`: keeps the waits of clients that know tasks; `listed`: whether
    what tools/list says to one client is the same for all; over HTTP it may be narrowed; `told` is called whenever a client asked for it.
    """
    resources = reading(catalog, answer, suggest)
    list_prompts, get_prompt = _prompts(catalog, fill)
    list_tools, call_tool = _tools(catalog, answer, told)
    schemas = {one["name"]: one["inputSchema"] for one in catalog.tools}

    server = Server[Any](
        "layers-mcp",
        version=__version__,
        title="Layers",
        instructions=catalog.instructions,
        website_url="https://layers.com",
        cache_hints={"tools/list": CacheHint(_CACHED_MS, listed), "prompts/list": CacheHint(_CACHED_MS, "public")},
        get_tool_input_schema=schemas.get,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=resources.list_all,
        on_list_resource_templates=resources.list_templates,
        on_read_resource=resources.read,
        on_completion=resources.complete,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )
    server.extensions[panels.EXTENSION] = {}
    if tasks is not None:
        offer_tasks(server, catalog.tools, tasks)
    return server
