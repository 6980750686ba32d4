"""What every server on the SDK pays: its low-level server with two tools and nothing else. `python minimal.py stdio`, or `http PORT`.

`list_keywords` asks the API of UPSTREAM as ours does; `wait_for_job` only sleeps, and tells progress as often as ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

import anyio
import httpx2
import mcp_types as types
from mcp.server.lowlevel import Server

SCHEMA = {"type": "object", "properties": {"projectId": {"type": "string"}}, "required": ["projectId"]}
WAIT = {"type": "object", "properties": {"jobId": {"type": "string"}, "waitSeconds": {"type": "integer"}}, "required": ["jobId"]}
TOOLS = [
    types.Tool(name="list_keywords", description="Read the hashtags of a project.", input_schema=SCHEMA),
    types.Tool(name="wait_for_job", description="Wait for a job.", input_schema=WAIT),
]
STEP_S = 5.0
LIMITS = httpx2.Limits(max_connections=128, max_keepalive_connections=128)
_upstream: list[httpx2.AsyncClient] = []


async def _keywords(project_id: str) -> Any:
    if not _upstream:
        _upstream.append(httpx2.AsyncClient(base_url=os.environ["UPSTREAM"], limits=LIMITS))
    return (await _upstream[0].get(f"/v1/projects/{project_id}/keywords")).json()


async def _waited(seconds: float, report: Any) -> dict[str, Any]:
    end = (began := asyncio.get_running_loop().time()) + seconds
    while (now := asyncio.get_running_loop().time()) < end:
        await report(now - began, seconds)
        await asyncio.sleep(min(STEP_S, end - now))
    return {"status": "running"}


async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
    """The two."""
    return types.ListToolsResult(tools=TOOLS)


async def call_tool(context: Any, params: Any) -> types.CallToolResult:
    """One of them."""
    given = params.arguments or {}
    if params.name == "wait_for_job":
        made = await _waited(given["waitSeconds"], context.session.report_progress)
    else:
        made = await _keywords(given["projectId"])
    return types.CallToolResult(content=[types.TextContent(type="text", text=json.dumps(made))])


server = Server("minimal", on_list_tools=list_tools, on_call_tool=call_tool)


async def _stdio() -> None:
    from mcp.server.stdio import stdio_server  # noqa: PLC0415  as a server that speaks stdio only

    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        anyio.run(_stdio)
    else:
        import uvicorn

        uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
