"""Clones: a generation after a published post; the caller's id names the first clone, and names the job at every repeat."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Row, select, update

from layers_mcp.contract import errors
from layers_mcp.contract.clones import CloneFromPost
from layers_mcp.contract.content import STAGES, Brief, GenerateContent
from layers_mcp.contract.jobs import Accepted
from layers_mcp.sandbox import audit, content, ids, jobs, projects, tables
from layers_mcp.sandbox.crowd import Line
from layers_mcp.sandbox.performance import published
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["clone"]


def _target(given: str) -> str:
    try:
        return f"cnt_{uuid.UUID(given.removeprefix('cnt_'))}"
    except ValueError as error:
        raise invalid("containerId", "must be a new UUID of yours; it names the clone, and a repeat with it is the same job") from error


def _begun(visit: Visit, target: str, project_id: str) -> Accepted | None:
    """The answer for a target that is there already, None for a new one.

    Raises:
        errors.Conflict: the id names other content.
    """
    row = tables.containers.c
    found = visit.connection.execute(select(row.job_id, row.project_id, row.source_post_id).where(row.id == target)).first()
    if found is None:
        return None
    if found.project_id != project_id or found.source_post_id is None:
        raise errors.Conflict("containerId names other content; a clone takes a new UUID", details={"field": "containerId"})
    return _accepted(visit, found.job_id, project_id)


def _accepted(visit: Visit, job_id: str, project_id: str) -> Accepted:
    row = tables.containers.c
    made = visit.connection.execute(select(row.id, row.format).where(row.job_id == job_id).order_by(row.seq)).all()
    job = visit.connection.execute(select(tables.jobs).where(tables.jobs.c.id == job_id)).one()
    seen = jobs.script_of(job).at(visit.now)
    return Accepted(
        job_id=job_id,
        kind=job.kind,
        status=seen.status,
        stage=seen.stage if seen.status == "running" else STAGES[-1],
        location_url=f"/v1/jobs/{job_id}",
        project_id=project_id,
        container_id=made[0].id,
        container_ids=tuple(one.id for one in made),
        format=made[0].format,
        started_at=job.started_at,
    )


def _source(visit: Visit, project_id: str, given: str) -> tuple[Row[Any], str]:
    """The container of the post that is cloned, and the post's id."""
    wanted = (given, ids.full("sp", given))
    post = next((post for post in published(visit, project_id) if post.id in wanted or post.external_id == given), None)
    if post is None:
        raise invalid("sourcePlatformPostId", "is not a published post of this project; top-performers lists them")
    source = content.own(visit, post.container_id)[0]
    if source.job_kind == content.UPLOADED:
        raise invalid("sourcePlatformPostId", "is a post of an upload; only what was generated can be cloned")
    return source, post.id


def _asked(request: CloneFromPost, source: Row[Any]) -> GenerateContent:
    """The brief of the clones: a fork says what its source says, a reimagined one is told only what it is about."""
    brief = Brief.model_validate(source.brief).model_dump(exclude_unset=True)
    said = request.overrides.model_dump(exclude_unset=True, exclude_none=True, include={"cta"}) if request.overrides else {}
    if request.mode == "fork":
        brief |= {"hook": source.hook, "cta": source.cta, "influencer_id": source.influencer_id}
    else:
        brief = {name: value for name, value in brief.items() if name != "hook"} | {"topic": brief.get("topic") or source.hook[:1000]}
    return GenerateContent.model_validate({"project_id": request.project_id, "format": source.format, "brief": brief | said})


def clone(visit: Visit, request: CloneFromPost) -> Accepted:
    """Start a generation of clones; the same target id again is answered with the job it started (layers-api: clone-from-post)."""
    project, target = projects.living(visit, request.project_id), _target(request.container_id)
    if (again := _begun(visit, target, project.id)) is not None:
        return again
    layers = [layer.project_layer_id for layer in projects.layers_of(project.id) if layer.kind == "content"]
    if request.project_layer_id is not None and ids.full("pl", request.project_layer_id) not in layers:
        raise invalid("projectLayerId", "is not a content layer of this project")
    source, post_id = _source(visit, project.id, request.source_platform_post_id)
    line = Line(source, post_id, request.mode, (target, *(ids.mint("cnt") for _ in range(request.variations - 1))))
    job_id, _, _ = content.begin(visit, project, _asked(request, source), line=line)
    audit.log(visit, "content.cloned", project.id, scheduledPostId=post_id, jobId=job_id, variations=request.variations)
    sent = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    visit.connection.execute(update(tables.jobs).where(tables.jobs.c.id == job_id).values(request=sent))
    if request.overrides is not None and request.overrides.caption is not None:
        row = tables.containers.c
        for made in visit.connection.execute(select(row.id, row.captions).where(row.job_id == job_id)).all():
            captions = [caption | {"text": request.overrides.caption} for caption in made.captions]
            visit.connection.execute(update(tables.containers).where(row.id == made.id).values(captions=captions))
    return _accepted(visit, job_id, project.id)
