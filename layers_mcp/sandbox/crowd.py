"""The world's audience, and where each post gets its chance from: names of the story, never ids that are drawn anew in each world."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from layers_mcp.contract.clones import CloneMode
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.audience import quality
from layers_mcp.sandbox.audience.parameters import LASTING, NULL, Audience
from layers_mcp.sandbox.visit import Visit

__all__ = ["Line", "audience_of", "born", "brand_of"]

_MODELS = {"lasting": LASTING, "null": NULL}
_WORLD = select(tables.world.c.seed, tables.world.c.audience)


class Line(NamedTuple):
    """Where clones come from: the container and the post of it that is cloned, and how. `ids`: what the clones will be called."""

    source: Row[Any]
    post_id: str
    mode: CloneMode
    ids: tuple[str, ...]


def audience_of(connection: Connection) -> Audience:
    """Who is on the other side in this world."""
    row = connection.execute(_WORLD).one()
    return Audience(row.seed, _MODELS[row.audience])


def brand_of(connection: Connection, project_id: str) -> str:
    """What a project is called in matters of chance: the customer's own handle or its name, and the how-manieth of that name it is."""
    row, older = tables.projects.c, tables.projects.alias("older").c
    same = (older.organization_id == row.organization_id) & (older.name == row.name) & (older.seq < row.seq)
    before = select(func.count()).where(same).scalar_subquery()
    found = connection.execute(select(row.external_id, row.name, before.label("before")).where(row.id == project_id)).one()
    return str(found.external_id) if found.external_id else f"{found.name}#{found.before}"


def _clones_of(connection: Connection, container_id: str) -> int:
    """How many clones of a container's posts were made, but for those that failed or were canceled."""
    row, job = tables.containers.c, tables.jobs.c
    query = select(func.count()).select_from(tables.containers).join(tables.jobs, row.job_id == job.id)
    query = query.where(row.cloned_from == container_id, job.canceled_at.is_(None), job.problem.is_(None))
    return int(connection.execute(query).scalar_one())


def born(visit: Visit, project_id: str, *, hook: str, form: str, line: Line | None) -> dict[str, Any]:
    """The columns of a new container that say how good it is, by its place in the story of its project."""
    connection, row = visit.connection, tables.containers.c
    audience, brand = audience_of(connection), brand_of(connection, project_id)
    luck = f"{brand}/{connection.execute(select(func.count()).where(row.project_id == project_id)).scalar_one()}"
    if line is None:
        good = quality.fresh(audience, luck, brand=brand, hook=hook, form=form)
        return {"luck": luck, "quality": good}
    earlier = _clones_of(connection, line.source.id)
    good = quality.cloned(audience, luck, source=line.source.quality, mode=line.mode, earlier=earlier)
    return {"luck": luck, "quality": good, "source_post_id": line.post_id, "cloned_from": line.source.id}
