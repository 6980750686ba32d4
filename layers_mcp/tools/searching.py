"""The whole table through three tools: find what there is, describe one, call it."""

from __future__ import annotations

from pydantic import Field, JsonValue

from layers_mcp.contract.errors import OurMistake
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.reach import Described, Found

__all__ = ["call", "describe", "find"]

_PAGE = 10
"""Rows of one page: short enough to read in every conversation; ours."""


class FindArguments(Arguments):
    """Arguments of find."""

    words: str = Field(default="", max_length=400, description="What you want to do; left out: everything there is.")
    page: int = Field(default=1, ge=1, le=100, description="Of the answer.")


class FoundPage(View):
    """A page of what was found, best first."""

    items: tuple[Found, ...]
    found: int
    has_more: bool = False


@tool(calls=(), effect=Effect.READS)
async def find(request: FindArguments, call: Call) -> Outcome[FoundPage]:
    """Find the tools and API endpoints that do something, by a few words: name, effect and one line of each."""
    assert call.reach is not None, "who may search has something to search in"
    every = call.reach.find(request.words)
    begin = (request.page - 1) * _PAGE
    items = every[begin : begin + _PAGE]
    more = begin + len(items) < len(every)
    steps = [Next(tool="describe", arguments={"name": items[0].name}, why="Show what it takes.")] if items else []
    if more:
        rest: dict[str, JsonValue] = {"words": request.words} if request.words else {}
        steps.append(Next(tool="find", arguments={**rest, "page": request.page + 1}, why="Show the next page."))
    if not every:
        steps.append(Next(tool="find", arguments={}, why="Show everything there is."))
    say = f"Found: {len(every)}; on this page: {len(items)}."
    return Outcome(say=say, result=FoundPage(items=items, found=len(every), has_more=more), next=tuple(steps), ours=True)


class DescribeArguments(Arguments):
    """Arguments of describe."""

    name: str = Field(min_length=1, max_length=200, description="A name that find gave.")


@tool(calls=(), effect=Effect.READS)
async def describe(request: DescribeArguments, call: Call) -> Outcome[Described]:
    """Show what one tool or endpoint takes: its whole schema, an example, its effect, and what needs a yes."""
    assert call.reach is not None, "who may search has something to search in"
    found = call.reach.describe(request.name)
    return Outcome(say=f"This is what {found.name} takes.", result=found, ours=True)


class CallArguments(Arguments):
    """Arguments of call."""

    name: str = Field(min_length=1, max_length=200, description="A name that find gave.")
    arguments: dict[str, JsonValue] = Field(default={}, description="As describe shows them; confirm belongs here, too.")


class Anything(View):
    """The answer of what was called, in its own form."""

    model_config = View.model_config | {"extra": "allow"}


@tool(calls=(), effect=Effect.SPEAKS, look=lambda request: Look("describe", {"name": request.name}))
async def call(request: CallArguments, call: Call) -> Outcome[Anything]:
    """Call one tool or endpoint by its name, with its arguments. It asks, waits and answers as if it were called itself.

    What needs a yes first shows a preview with a handle and changes nothing.
    """
    del call
    raise OurMistake(f"{request.name} is called itself, before this is")  # pragma: no cover  server/calling calls it in place of this
