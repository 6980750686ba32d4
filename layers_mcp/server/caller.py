"""Who makes a call over HTTP, and what this one request narrows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from layers_mcp.server.catalog import SEARCH, UnknownTool, tools_of

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from starlette.datastructures import Headers

    from layers_mcp.gate.policy import Policy

__all__ = ["HEADERS", "SCOPE", "BadHeader", "Caller", "caller_of", "met"]

SCOPE = "layers_mcp.caller"
"""Where a request's ASGI scope holds its caller."""
_PREFIX = "x-layers-"
HEADERS = ("X-Layers-Confirm", "X-Layers-Projects", "X-Layers-Tools")
"""The headers by which a request gives up part of what its client may."""
T = TypeVar("T")


class BadHeader(ValueError):
    """A header that says nothing we know; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One client in one request; None everywhere: whatever the process itself may.

    `principal`: its name, which with the API key's says whose handles, outcomes and trail it is; `tools`, `projects`: only these;
    `reach`: `call` calls only these, which are the same, or, where the preset `search` was named, all that it can;
    `policy`: what tightens the process's; `request_id`: of the HTTP request.
    """

    principal: str | None = None
    tools: frozenset[str] | None = None
    reach: frozenset[str] | None = None
    projects: frozenset[str] | None = None
    policy: Policy | None = None
    request_id: str | None = None

    def narrowed(self, headers: Headers) -> Caller:
        """The same within what the request's own headers leave; a header that came twice counts twice.

        Raises:
            BadHeader: one that nobody knows, or a value that nobody knows.
        """
        known = {name.lower() for name in HEADERS}
        strange = next((name for name in headers if name.startswith(_PREFIX) and name not in known), None)
        if strange is not None:
            raise BadHeader(f"a header X-Layers-… that is none of {', '.join(HEADERS)}")
        made = self
        for header, narrow in _NARROWS.items():
            for said in headers.getlist(header):
                made = narrow(made, said)
        return made


def met(one: frozenset[T] | None, other: frozenset[T] | None) -> frozenset[T] | None:
    """What both allow; None allows all."""
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _by_confirm(caller: Caller, said: str) -> Caller:
    from layers_mcp.gate.policy import TIERS, Policy  # noqa: PLC0415  the gate is shut until somebody narrows it

    for least in TIERS:
        if least == said.strip():
            return replace(caller, policy=(caller.policy or Policy()).tightened(least))
    raise BadHeader(f"X-Layers-Confirm must be one of {', '.join(TIERS)}")


def _parts(said: str, header: str) -> list[str]:
    parts = [part.strip() for part in said.split(",")]
    if not all(parts):
        raise BadHeader(f"{header} has an empty place; separate names with one comma, or leave the header out")
    return parts


def _by_projects(caller: Caller, said: str) -> Caller:
    from layers_mcp.contract.scalars import allowed_project  # noqa: PLC0415  pydantic is shut until somebody needs it

    ids = [allowed_project(part) for part in _parts(said, "X-Layers-Projects")]
    if None in ids:
        raise BadHeader("X-Layers-Projects must be project ids like prj_…, separated by commas")
    return replace(caller, projects=met(caller.projects, frozenset(one for one in ids if one is not None)))


def _by_tools(caller: Caller, said: str) -> Caller:
    wanted = _parts(said, "X-Layers-Tools")
    try:
        names = tools_of(wanted, said="X-Layers-Tools")
    except UnknownTool:
        raise BadHeader("X-Layers-Tools must be presets and tools that tools/list knows, separated by commas") from None
    return replace(caller, tools=met(caller.tools, names), reach=met(caller.reach, None if SEARCH in wanted else names))


_NARROWS = dict(zip(HEADERS, (_by_confirm, _by_projects, _by_tools), strict=True))


def caller_of(ctx: ServerRequestContext[Any]) -> Caller | None:
    """The caller of a request that came over HTTP; None over stdio, where there is nobody else."""
    scope: Mapping[str, Any] = getattr(ctx.request, "scope", {})
    return scope.get(SCOPE)
