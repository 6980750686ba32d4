"""The server that the conformance package is run against: ours, by our own factory and behind our own door, with the suite's names added.

Usage: `python fixture.py PORT`, with a state folder in LAYERS_STATE_DIR. Whatever the suite has no name for is answered by our handlers.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from official import PROMPTS, RESOURCES, TEMPLATE, TOOLS, Context, Resource
from official_asking import ASKING, PROMPT, ask_prompt
from official_tasks import TASKS

from layers_mcp.app import App
from layers_mcp.clock import WallClock
from layers_mcp.commands.serve_http import door_of
from layers_mcp.founding import suggesting, tasking
from layers_mcp.server import listener
from layers_mcp.server.bind import bind
from layers_mcp.server.catalog import Catalog
from layers_mcp.server.running import Running
from layers_mcp.server.tasks import offer_tasks
from layers_mcp.settings import settings_or_exit

NAMED = {**TOOLS, **ASKING, **TASKS}
Handle = Callable[[Context, Any], Awaitable[Any]]


def _over(server: Server[Any], method: str, wrap: Callable[[Handle], Handle]) -> None:
    """Put `wrap` round our own handler of `method`."""
    ours = server.get_request_handler(method)
    assert ours is not None, f"our server answers {method}"
    server.add_request_handler(method, ours.params_type, wrap(ours.handler))


def _call_tool(ours: Handle) -> Handle:
    async def call(ctx: Context, params: types.CallToolRequestParams) -> Any:
        return await (NAMED[params.name].call if params.name in NAMED else ours)(ctx, params)

    return call


def _list_resources(ours: Handle) -> Handle:
    async def listed(ctx: Context, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        own = await ours(ctx, params)
        named = [types.Resource(uri=uri, name=uri, description="Of the suite.", mime_type=one.mime) for uri, one in RESOURCES.items()]
        return types.ListResourcesResult(resources=[*own.resources, *named])

    return listed


def _list_templates(ours: Handle) -> Handle:
    async def listed(ctx: Context, params: types.PaginatedRequestParams) -> types.ListResourceTemplatesResult:
        own = await ours(ctx, params)
        named = types.ResourceTemplate(uri_template=TEMPLATE, name="template", description="Of the suite.", mime_type="application/json")
        return types.ListResourceTemplatesResult(resource_templates=[*own.resource_templates, named])

    return listed


def _read_resource(ours: Handle) -> Handle:
    start, end = TEMPLATE.split("{id}")

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> Any:
        found = RESOURCES.get(params.uri)
        if found is None and params.uri.startswith(start) and params.uri.endswith(end):
            which = params.uri.removeprefix(start).removesuffix(end)
            found = Resource("application/json", text=f'{{"id": "{which}", "templateTest": true, "data": "Data for ID: {which}"}}')
        return await ours(ctx, params) if found is None else types.ReadResourceResult(contents=[found.at(params.uri)])

    return read


def _get_prompt(ours: Handle) -> Handle:
    async def get(ctx: Context, params: types.GetPromptRequestParams) -> Any:
        if params.name == PROMPT:
            return ask_prompt(params)
        if params.name in PROMPTS:
            return types.GetPromptResult(messages=PROMPTS[params.name][1](params.arguments or {}))
        return await ours(ctx, params)

    return get


async def _nothing(_ctx: Context, _params: Any) -> types.EmptyResult:
    return types.EmptyResult()


def _catalog(own: Catalog) -> Catalog:
    """What our server shows, and the suite's tools and prompts."""
    tools = [one.listed(name).model_dump(by_alias=True, exclude_none=True) for name, one in NAMED.items()]
    takes = {name: arguments for name, (arguments, _) in PROMPTS.items()} | {PROMPT: ()}
    prompts = [
        {"name": name, "description": "A prompt of the conformance suite.", "arguments": [{"name": one, "required": True} for one in names]}
        for name, names in takes.items()
    ]
    return replace(own, tools=(*own.tools, *tools), prompts=(*own.prompts, *prompts))


def _named(server: Server[Any]) -> Server[Any]:
    """The same server, with the suite's names beside its own."""
    _over(server, "tools/call", _call_tool)
    _over(server, "resources/list", _list_resources)
    _over(server, "resources/templates/list", _list_templates)
    _over(server, "resources/read", _read_resource)
    _over(server, "prompts/get", _get_prompt)
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, _nothing)
    server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, _nothing)
    server.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, _nothing)
    return server


async def _serve(port: int) -> None:
    settings = settings_or_exit({})
    app, running = App(settings, WallClock()), Running()
    catalog = _catalog(app.catalog)
    server = _named(bind(catalog, running.counted(app.answer), app.fill, suggest=suggesting(app.house), listed="private"))
    offer_tasks(server, catalog.tools, tasking(app.house))  # as `bind` does, but round the suite's tools, too
    async with app.serving():
        await listener.serve(server, door_of(settings, app, "127.0.0.1"), running, host="127.0.0.1", port=port)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
