"""The older Python SDK (1.30) attached to a server, run in a venv of its own, as it can't live beside the one we use.

Arguments: `stdio` and a command, or `http` or `sse` and a URL. Prints what was seen as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult


def _transport(way: str, target: list[str]) -> AbstractAsyncContextManager[Any]:
    if way == "stdio":
        return stdio_client(StdioServerParameters(command=target[0], args=target[1:], env=dict(os.environ)))
    return streamable_http_client(target[0]) if way == "http" else sse_client(target[0])


async def _story(way: str, target: list[str]) -> dict[str, int]:
    answers = [ElicitResult(action="decline"), ElicitResult(action="accept", content={"yes": True})]
    asked, shares, outcomes = [], [], []

    async def ask(_context: Any, params: Any) -> ElicitResult:
        asked.append(params.message)
        return answers.pop(0)

    async def told(progress: float, _total: float | None, _message: str | None) -> None:
        shares.append(progress)

    async with _transport(way, target) as streams, ClientSession(*streams[:2], elicitation_callback=ask) as client:

        async def call(tool: str, **given: Any) -> dict[str, Any]:
            return (await client.call_tool(tool, given, progress_callback=told if "waitSeconds" in given else None)).structuredContent

        await client.initialize()
        tools = (await client.list_tools()).tools
        project = (await call("create_project", name="Quinns Coffee Co", customerExternalId=f"older-{way}"))["result"]["project"]["id"]
        made = await call("generate_content", projectId=project, format="slideshow_remix", hook="Skip the line.", waitSeconds=60)
        posts = made["result"]["containerIds"]
        for _ in range(2):
            preview = await call("approve_content", containerIds=posts)
            assert preview["status"] == "confirmation_required", preview
            outcomes.append(await call("approve_content", containerIds=posts, confirm=preview["confirmation"]["handle"]))

    assert made["status"] == "done", made
    assert shares, "progress is told"
    assert shares == sorted(set(shares)), "progress rises"
    assert len(asked) == 2
    assert [one["status"] for one in outcomes] == ["canceled", "done"], outcomes
    assert outcomes[1]["confirmedBy"] == "person"
    return {"tools": len(tools), "progress": len(shares), "asked": len(asked)}


if __name__ == "__main__":
    assert version("mcp").startswith("1."), f"mcp {version('mcp')} is not the older one"
    print(json.dumps(asyncio.run(_story(sys.argv[1], sys.argv[2:]))))
