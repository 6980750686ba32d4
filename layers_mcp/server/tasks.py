"""The tasks extension (SEP-2663): for clients that know tasks, a wait that outlasts its call is one.

A task is a name for the call that takes the wait up again; no work is in it. To look at it is to make that call, for whoever looks and
with all that holds them, so that any process of the store can, and the result is the same as that call's. To cancel it ends the wait and
never the work. A client that declares nothing sees nothing of this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from layers_mcp.server.caller import Caller, caller_of

if TYPE_CHECKING:
    from mcp.server.session import ServerSession

    from layers_mcp.gate.tasks import Tasks
    from layers_mcp.store.rows import Task

__all__ = ["EXTENSION", "Book", "offer_tasks"]

EXTENSION: Final = "io.modelcontextprotocol/tasks"
_NEEDED: Final[dict[str, Any]] = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
_POLL_MS: Final = 5000
"""How often to ask: the guide's cadence (seed 004, step 3)."""
_GRACE_S: Final = 1
"""What is over within this time is answered at once, and no task is made of it."""
_WAIT = "waitSeconds"

Context = ServerRequestContext[Any]
Book = Callable[[Caller | None], "Awaitable[Tasks]"]
"""The tasks of whoever calls."""
Handle = Callable[[Context, types.CallToolRequestParams], Awaitable[Any]]


class _Named(types.RequestParams):
    task_id: str


class _Answered(_Named):
    input_responses: dict[str, Any] = Field(default_factory=dict[str, Any])


class _Overhearing:
    """The session of a look: what it would tell as progress is the task's message."""

    def __init__(self, session: ServerSession) -> None:
        self._session = session
        self.heard: str | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    async def report_progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Keep it, the latest."""
        self.heard = f"{message}, {progress / (total or 1.0):.0%}"


def _declared(ctx: Context) -> bool:
    declared = ctx.session.client_capabilities
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and declared is not None and EXTENSION in (declared.extensions or {})


def _entitled(ctx: Context, task_id: str) -> None:
    """Let a request through that may ask for tasks and says over HTTP, too, for which one (SEP-2243)."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(types.METHOD_NOT_FOUND, "Method not found", ctx.method)
    if not _declared(ctx):
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, f"declare {EXTENSION} to ask for tasks", _NEEDED)
    headers: Mapping[str, str] = getattr(ctx.request, "headers", {})
    if "mcp-method" in headers and headers.get("mcp-name") != task_id:
        raise MCPError(types.HEADER_MISMATCH, "the header Mcp-Name must be the taskId of the body")


def _wire_time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown(task_id: str, task: Task, status: str, *, kind: str = "complete", **more: Any) -> dict[str, Any]:
    from layers_mcp.gate.tasks import LIFE  # noqa: PLC0415  the gate is shut until there is a task

    return {
        "resultType": kind,
        "taskId": task_id,
        "status": status,
        "createdAt": _wire_time(task.made_at),
        "lastUpdatedAt": _wire_time(task.changed_at),
        "ttlMs": int(LIFE.total_seconds() * 1000),
        "pollIntervalMs": _POLL_MS,
        **more,
    }


def _record(seen: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", seen.structured_content or {}) if isinstance(seen, types.CallToolResult) else {}


def _patient(given: dict[str, Any] | None) -> bool:
    """Whether a call would wait longer than it takes to make a task of it; a value that is no number is the tool's to judge."""
    wait = (given or {}).get(_WAIT)
    return wait is None or (isinstance(wait, int | float) and not isinstance(wait, bool) and wait > _GRACE_S)


class _Waits:
    """The tools that wait; of them, those that only look take up what another began."""

    def __init__(self, tools: Sequence[Mapping[str, Any]]) -> None:
        waiting = [one for one in tools if _WAIT in one["inputSchema"].get("properties", {})]
        self.names = frozenset(one["name"] for one in waiting)
        self.looks = frozenset(one["name"] for one in waiting if one.get("annotations", {}).get("readOnlyHint"))

    def goes_on(self, seen: Any) -> types.CallToolRequestParams | None:
        """The call that takes up again what was answered so; None: it is over, or a person has to do something first, and to hear of it."""
        record = _record(seen)
        step = next(iter(record.get("next") or ()), None)
        if record.get("status") != "running" or step is None or step["tool"] not in self.looks:
            return None
        return types.CallToolRequestParams(name=step["tool"], arguments={**step["arguments"], _WAIT: 0})


class _Desk:
    """Answers for one server; `call`: how it answers calls of tools."""

    def __init__(self, waits: _Waits, book: Book, call: Handle) -> None:
        self._waits, self._book, self._call = waits, book, call

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> Any:
        """A call's result, or the task that its wait has become."""
        caller = caller_of(ctx)
        if not _declared(ctx) or params.name not in self._waits.names or not _patient(params.arguments):
            return await self._call(ctx, params)
        short = params.model_copy(update={"arguments": {**(params.arguments or {}), _WAIT: _GRACE_S}})
        seen = await self._call(ctx, short)
        if params.name in self._waits.looks and _record(seen).get("status") == "needs_action":
            return await self._call(ctx, params)  # for a person it waits as it does for every client, and in the call
        look = self._waits.goes_on(seen)
        if look is None or (caller is not None and caller.tools is not None and look.name not in caller.tools):
            return seen
        task_id, task = (await self._book(caller)).begin(look.name, look.arguments or {})
        return _shown(task_id, task, "working", kind="task", statusMessage=_record(seen)["summary"])

    async def _found(self, ctx: Context, task_id: str) -> tuple[Tasks, Task]:
        _entitled(ctx, task_id)
        tasks = await self._book(caller_of(ctx))
        task = tasks.find(task_id)
        if task is None:
            raise MCPError(types.INVALID_PARAMS, "there is no such task, or it is too old to be known")
        return tasks, task

    async def _look(self, ctx: Context, task: Task, **answers: Any) -> Any:
        given = {"name": task.tool, "arguments": task.arguments, **answers}
        return await self._call(ctx, types.CallToolRequestParams.model_validate(given, by_name=True))

    async def get(self, ctx: Context, params: _Named) -> dict[str, Any]:
        """How a task stands; once it is over, with its result."""
        tasks, task = await self._found(ctx, params.task_id)
        if task.state == "cancelled":
            return _shown(params.task_id, task, "cancelled")
        overhearing = _Overhearing(ctx.session)
        try:
            seen = await self._look(replace(ctx, session=cast("ServerSession", overhearing)), task)
        except MCPError as problem:
            error = problem.error.model_dump(by_alias=True, mode="json", exclude_none=True)
            return _shown(params.task_id, tasks.end(task, "ended"), "failed", error=error)
        if isinstance(seen, types.InputRequiredResult):
            asked = seen.model_dump(by_alias=True, mode="json", exclude_none=True)["inputRequests"]
            return _shown(params.task_id, task, "input_required", inputRequests=asked)
        record = _record(seen)
        troubled = bool(record.get("error", {}).get("retryHelps"))  # the look failed, not what is looked at
        if troubled and task.state == "ended":
            raise MCPError(types.INTERNAL_ERROR, record["summary"])
        if troubled or self._waits.goes_on(seen) is not None:
            now = "" if overhearing.heard is None else f" Now: {overhearing.heard}."
            return _shown(params.task_id, task, "working", statusMessage=record["summary"] + now)
        result = {**seen.model_dump(by_alias=True, mode="json", exclude_none=True), "resultType": "complete"}
        return _shown(params.task_id, tasks.end(task, "ended"), "completed", result=result)

    async def update(self, ctx: Context, params: _Answered) -> dict[str, Any]:
        """Hand a task the answers that it asks for now; others are nobody's."""
        _, task = await self._found(ctx, params.task_id)
        asking = await self._look(ctx, task) if task.state == "working" and params.input_responses else None
        if isinstance(asking, types.InputRequiredResult):
            asked = asking.input_requests or {}
            answers = {key: answer for key, answer in params.input_responses.items() if key in asked}
            if answers:
                await self._look(ctx, task, input_responses=answers, request_state=asking.request_state)
        return {"resultType": "complete"}

    async def cancel(self, ctx: Context, params: _Named) -> dict[str, Any]:
        """Wait no more; the work goes on."""
        tasks, task = await self._found(ctx, params.task_id)
        tasks.end(task, "cancelled")
        return {"resultType": "complete"}


def offer_tasks(server: Server[Any], tools: Sequence[Mapping[str, Any]], book: Book) -> None:
    """Let a server that answers calls of `tools` make tasks of their waits."""
    calls = server.get_request_handler("tools/call")
    assert calls is not None, "a server that calls no tools has no waits"
    desk = _Desk(_Waits(tools), book, calls.handler)
    server.add_request_handler("tools/call", types.CallToolRequestParams, desk.call)
    server.add_request_handler("tasks/get", _Named, desk.get)
    server.add_request_handler("tasks/update", _Answered, desk.update)
    server.add_request_handler("tasks/cancel", _Named, desk.cancel)
    server.extensions[EXTENSION] = {}
