"""Auto-pilot engagement: what somebody set is kept and shown; nobody comments here, so nothing is answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from layers_mcp.contract import engagement
from layers_mcp.sandbox import audit, ids, projects
from layers_mcp.sandbox.lease_tables import engagements
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["change", "get"]

_BLOCKS = ("firstComment", "replyToComments")


def _layer(project_id: str) -> str:
    return ids.derived("pl", project_id, "engagement", "")


def _said(visit: Visit, project_id: str) -> dict[str, Any]:
    found = visit.connection.execute(select(engagements.c.said).where(engagements.c.project_id == project_id)).scalar()
    return dict(found or {})


def _see(project_id: str, said: dict[str, Any]) -> engagement.Engagement:
    """What was set over the defaults, which show, too (layers-api: reference/engagement)."""
    first: dict[str, Any] = {"targets": [], "commentTemplate": ""} | said.get("firstComment", {})
    answers: dict[str, Any] = {"targets": [], "autoReplyDelay": engagement.DELAY} | said.get("replyToComments", {})
    whole = {"projectLayerId": _layer(project_id), "enabled": said.get("enabled", False), "firstComment": first, "replyToComments": answers}
    return engagement.Engagement.model_validate(whole)


def get(visit: Visit, request: engagement.GetEngagement) -> engagement.Engagement:
    """How engagement is set in a project."""
    project_id = projects.own(visit, request.project_id).id
    return _see(project_id, _said(visit, project_id))


def change(visit: Visit, request: engagement.UpdateEngagement) -> engagement.Engagement:
    """Change the given fields, block by block.

    Raises:
        errors.Conflict: the project is archived.
        errors.Invalid: the project has no such layer.
    """
    project_id = projects.living(visit, request.project_id).id
    if request.project_layer_id is not None and ids.full("pl", request.project_layer_id) != _layer(project_id):
        raise invalid("projectLayerId", "is not an engagement layer of this project; there is one, so it can be left out")
    was = _said(visit, project_id)
    given: dict[str, Any] = request.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"project_id", "project_layer_id"})
    now = was | {name: {**was.get(name, {}), **value} if name in _BLOCKS else value for name, value in given.items()}
    new = insert(engagements).values(project_id=project_id, said=now, updated_at=visit.now)
    visit.connection.execute(
        new.on_conflict_do_update(index_elements=["project_id"], set_={"said": new.excluded.said, "updated_at": visit.now})
    )
    audit.log(visit, "engagement.updated", project_id, fields=", ".join(sorted(given)))
    return _see(project_id, now)
