"""The tools of the conformance suite for the tasks extension: each begins a job in memory, as our tools begin jobs at Layers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from official import Called, Context, Named, called, form, text

from layers_mcp.server.tasks import EXTENSION

__all__ = ["TASKS"]

_WAIT = {"waitSeconds": {"type": "integer"}}


@dataclass
class _Job:
    """Over at `until_s`, once nothing is asked any more; `end`: what its wait is then answered with."""

    until_s: float
    end: Callable[[dict[str, Any]], types.CallToolResult]
    asks: dict[str, types.ElicitRequest] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)


_JOBS: dict[str, _Job] = {}


def _running(job_id: str) -> types.CallToolResult:
    step = {"tool": "wait_for_fixture", "arguments": {"jobId": job_id}, "why": "Go on waiting."}
    record = {"status": "running", "summary": f"Job {job_id} is running.", "next": [step]}
    return types.CallToolResult(content=[types.TextContent(type="text", text=record["summary"])], structured_content=record)


def _begin(seconds: float, end: Callable[[dict[str, Any]], types.CallToolResult], *questions: str) -> types.CallToolResult:
    job_id = secrets.token_hex(8)
    asks = {f"{name}-{secrets.token_hex(4)}": form(f"{name}?", confirm="boolean") for name in questions}
    _JOBS[job_id] = _Job(time.monotonic() + seconds, end, asks)
    return _running(job_id)


async def _wait(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    job_id = (params.arguments or {})["jobId"]
    job = _JOBS[job_id]
    for key in [key for key in params.input_responses or {} if key in job.asks]:
        del job.asks[key]
        job.answers[key] = (params.input_responses or {})[key]
    if job.asks:
        return types.InputRequiredResult(input_requests=dict(job.asks))
    return _running(job_id) if time.monotonic() < job.until_s else job.end(job.answers)


async def _greet(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    return text(f"Hello, {(params.arguments or {})['name']}!")


async def _slow(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    given = params.arguments or {}
    done = text(f"computed {given.get('label', '')}")
    return _begin(given["seconds"], lambda _: done) if given["seconds"] else done


def _only_as_task(call: Callable[[types.CallToolRequestParams], Awaitable[Called]]) -> Callable[..., Awaitable[Called]]:
    """A tool that can't be answered to a client without tasks; ours all can."""

    async def needing(ctx: Context, params: types.CallToolRequestParams) -> Called:
        declared = ctx.session.client_capabilities
        if declared is None or EXTENSION not in (declared.extensions or {}):
            needed = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
            raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "this tool needs a client that knows tasks", needed)
        return await call(params)

    return needing


async def _failing(_params: types.CallToolRequestParams) -> Called:
    failed = types.CallToolResult(content=[types.TextContent(type="text", text="the job failed")], is_error=True)
    return _begin(1, lambda _: failed)


async def _breaking(_ctx: Context, _params: types.CallToolRequestParams) -> Called:
    def broken(_answers: dict[str, Any]) -> types.CallToolResult:
        raise MCPError(types.INTERNAL_ERROR, "the server broke")

    return _begin(1, broken)


async def _confirm(_ctx: Context, params: types.CallToolRequestParams) -> Called:
    file = (params.arguments or {}).get("filename", "")
    return _begin(0, lambda answers: text(f"{file}: {len(answers)} answer"), "delete")


async def _several(_ctx: Context, _params: types.CallToolRequestParams) -> Called:
    return _begin(0, lambda answers: text(f"{len(answers)} answers"), "one", "two")


async def _asking_first(params: types.CallToolRequestParams) -> Called:
    answer = (params.input_responses or {}).get("user_name")
    if not isinstance(answer, types.ElicitResult):
        return types.InputRequiredResult(input_requests={"user_name": form("What is your name?", name="string")})
    return _begin(1, lambda _: text(f"Hello, {(answer.content or {})['name']}!"))


TASKS: dict[str, Named] = {
    "greet": called(_greet, name={"type": "string"}),
    "slow_compute": Named(_slow, {"properties": {"seconds": {"type": "number"}, "label": {"type": "string"}, **_WAIT}}),
    "failing_job": Named(_only_as_task(_failing), {"properties": _WAIT}),
    "protocol_error_job": Named(_breaking, {"properties": _WAIT}),
    "confirm_delete": Named(_confirm, {"properties": {"filename": {"type": "string"}, **_WAIT}}),
    "multi_input": Named(_several, {"properties": _WAIT}),
    "test_tool_with_task": Named(_only_as_task(_asking_first), {"properties": _WAIT}),
    "wait_for_fixture": Named(_wait, {"properties": {"jobId": {"type": "string"}, **_WAIT}}, reads=True),
}
