"""Resources by a tool, for clients that have none, and what no other tool shows: the account, the trail, the API and the drift."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, Field, StringConstraints

from layers_mcp.client.pages import no_such_page
from layers_mcp.contract import account
from layers_mcp.contract.account import CreditBalance, WhoAmI
from layers_mcp.contract.drift import DRIFT
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import NotFound
from layers_mcp.contract.scalars import Utc
from layers_mcp.contract.table import TABLE
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, tool
from layers_mcp.tool.outcome import Outcome, ReadFrom, View
from layers_mcp.tool.paging import Cursor
from layers_mcp.tool.size import fitting

__all__ = ["read_resource"]

_PAGE: Final = 50
T = TypeVar("T", bound=BaseModel)


class ReadResourceArguments(Arguments):
    """Arguments of read_resource."""

    uri: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(description="A layers:// address.")
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")


class Called(View):
    """One call; texts and arguments are in no trail."""

    number: int
    at: Utc
    tool: str
    outcome: str
    project_id: str | None = None
    confirmed_by: str | None = None
    request_id: str | None = None


class EndpointLine(View):
    """One row of the table that the client sends by."""

    name: str
    scope: str | None = None
    rate: str
    keyed: bool | None = Field(default=None, description="Honours Idempotency-Key.")
    live_only: str | None = Field(default=None, description="Why the sandbox does not answer it.")
    source: str


class DriftLine(View):
    """Two places, what each says, and what is done here."""

    topic: str
    a: str
    says_a: str
    b: str
    says_b: str
    ours: str
    why: str


class ResourceView(View):
    """One of these, by the address; what another tool shows is as that tool has it."""

    key: WhoAmI | None = None
    credits: CreditBalance | None = None
    trail: tuple[Called, ...] = ()
    endpoints: tuple[EndpointLine, ...] = ()
    drift: tuple[DriftLine, ...] = ()
    returned: int | None = None
    has_more: bool | None = None
    next_cursor: str | None = None


def _number(cursor: str | None) -> int | None:
    """Where a page begins.

    Raises:
        Invalid: the cursor came with no answer.
    """
    if cursor is None or (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        return None if cursor is None else int(cursor)
    raise no_such_page()


def _page(rows: Sequence[T], cursor: str | None) -> tuple[tuple[T, ...], dict[str, Any]]:
    """As many rows of a table as fit, and what a view says of the page."""
    begin = _number(cursor) or 0
    shown = fitting(rows[begin : begin + _PAGE])
    end = begin + len(shown)
    more = end < len(rows)
    return shown, {"returned": len(shown), "has_more": more, "next_cursor": str(end) if more else None}


async def _account(call: Call, _cursor: str | None) -> Outcome[ResourceView]:
    key = await call.layers.send(account.WHOAMI, Empty())
    credits_ = await call.layers.send(account.CREDITS, Empty())
    say = f"Key {key.api_key_id} of organization {key.organization_id}; {credits_.available} credits are available."
    marks = (ReadFrom(at="key.organizationName", kind="customer"),)
    return Outcome(say=say, result=ResourceView(key=key, credits=credits_), read_from=marks)


async def _trail(call: Call, cursor: str | None) -> Outcome[ResourceView]:
    found = call.switch.trail(before=_number(cursor), limit=_PAGE + 1)
    rows = fitting([Called.model_validate(one.entry.model_dump() | {"number": one.number}) for one in found[:_PAGE]])
    more = len(found) > len(rows)
    view = ResourceView(trail=rows, returned=len(rows), has_more=more, next_cursor=str(rows[-1].number) if more else None)
    return Outcome(say=f"Calls on this page: {len(rows)}.", result=view)


async def _api(_call: Call, cursor: str | None) -> Outcome[ResourceView]:
    rows = [
        EndpointLine(name=one.name, scope=one.scope, rate=one.rate, keyed=one.keyed or None, live_only=one.live_only, source=one.source)
        for one in TABLE
    ]
    shown, page = _page(rows, cursor)
    return Outcome(say=f"Endpoints on this page: {len(shown)}.", result=ResourceView(endpoints=shown, **page))


async def _drift(_call: Call, cursor: str | None) -> Outcome[ResourceView]:
    shown, page = _page([DriftLine.model_validate(one._asdict()) for one in DRIFT], cursor)
    return Outcome(say=f"Disagreements on this page: {len(shown)}.", result=ResourceView(drift=shown, **page))


_READS: Final[Mapping[str, Callable[[Call, str | None], Awaitable[Outcome[ResourceView]]]]] = {
    "layers://account": _account,
    "layers://trail": _trail,
    "layers://api": _api,
    "layers://drift": _drift,
}


@tool(calls=(account.WHOAMI, account.CREDITS), effect=Effect.READS)
async def read_resource(request: ReadResourceArguments, call: Call) -> Outcome[ResourceView]:
    """Read what stands at a layers:// address, as a client that has resources would.

    After layers:// comes one of account, projects, projects/{projectId}, projects/{projectId}/content, projects/{projectId}/decisions,
    content/{containerId}, jobs/{jobId}, runs/{runId}, questions, trail, api, drift. To wait or to filter, call the tool for that.
    """
    reads = _READS.get(request.uri)
    if reads is None:
        raise NotFound("there is no such resource", details={"uri": request.uri})
    return await reads(call, request.cursor)
