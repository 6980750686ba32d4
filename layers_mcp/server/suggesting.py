"""Completions: ids of projects, content, jobs and runs that a caller could list, or that calls of this server began."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from layers_mcp.client.fence import Fence
from layers_mcp.client.partner import Partner
from layers_mcp.contract import content, projects
from layers_mcp.contract.content import ListContent
from layers_mcp.contract.errors import LayersError
from layers_mcp.contract.projects import ListProjects, Project
from layers_mcp.tool.fenced import FencedSwitch
from layers_mcp.tool.visit import House

__all__ = ["AT_MOST", "suggested"]

AT_MOST: Final = 100
"""Values in one completion at most (MCP, completion/complete)."""
_SOON_S: Final = 5.0
"""A person is typing: what takes longer is not worth having."""
_LOOKED_INTO: Final = 5
"""Of so many projects the content is looked through, where none was chosen; ours."""


async def _projects(layers: Partner, begins: str) -> tuple[Project, ...]:
    """Projects whose id or name begins so, in any case."""
    start = begins.casefold()
    search = {} if not begins or start.startswith(("prj_"[: len(start)], "prj_")) else {"search": begins[:128]}
    page = await layers.send(projects.LIST, ListProjects.model_validate({**search, "limit": AT_MOST}))
    return tuple(one for one in page.items if one.id.casefold().startswith(start) or one.name.casefold().startswith(start))


async def _project_ids(house: House, layers: Partner, begins: str, known: Mapping[str, str]) -> list[str]:
    del house, known
    return [one.id for one in await _projects(layers, begins)]


async def _container_ids(house: House, layers: Partner, begins: str, known: Mapping[str, str]) -> list[str]:
    """The newest of the chosen project, else of some projects."""
    del house
    chosen = known.get("projectId")
    places = [chosen] if chosen else [one.id for one in (await _projects(layers, ""))[:_LOOKED_INTO]]
    pages = [await layers.send(content.LIST, ListContent(project_id=one, limit=AT_MOST)) for one in places]
    return [one.id for page in pages for one in page.items if one.id.startswith(begins)]


async def _job_ids(house: House, layers: Partner, begins: str, known: Mapping[str, str]) -> list[str]:
    """What this server's calls began, of the chosen project where there is one."""
    switch = FencedSwitch(house.gate, layers) if isinstance(layers, Fence) else house.gate
    found = switch.recent(project_id=known.get("projectId") or None, kind="job", limit=AT_MOST)
    return [one.id for one in found if one.id.startswith(begins)]


async def _run_ids(house: House, layers: Partner, begins: str, known: Mapping[str, str]) -> list[str]:
    del layers, known
    return [] if house.office is None else house.office.recent(begins, projects=house.projects, limit=AT_MOST)


_OF: Final[Mapping[str, Callable[[House, Partner, str, Mapping[str, str]], Awaitable[list[str]]]]] = {
    "projectId": _project_ids,
    "containerId": _container_ids,
    "jobId": _job_ids,
    "runId": _run_ids,
}


async def suggested(house: House, argument: str, begins: str, known: Mapping[str, str]) -> list[str]:
    """Values for an argument that begin so, as a URI spells them; none where that takes long, or Layers refuses to say."""
    layers = house.layers if house.projects is None else Fence(house.layers, house.projects)
    try:
        async with asyncio.timeout(_SOON_S):
            found = await _OF[argument](house, layers, unquote(begins), known)
    except (LayersError, ValueError, TimeoutError):  # ValueError: what was typed is no id, and no name
        return []
    return [quote(one, safe=":") for one in found[:AT_MOST]]
