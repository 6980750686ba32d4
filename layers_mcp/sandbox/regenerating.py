"""Content made anew under its own id: what was let through before is not let through any more."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue
from sqlalchemy import Row, update

from layers_mcp.contract import content_edits as edits
from layers_mcp.contract import errors
from layers_mcp.contract.content import Brief, GenerateContent
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.projects import BrandContext
from layers_mcp.sandbox import account, audit, content, formats, jobs, pictures, projects, tables
from layers_mcp.sandbox.captions import captions
from layers_mcp.sandbox.visit import Visit

__all__ = ["edited", "regenerate"]

_MENDABLE = ("completed", "failed")
_LOOK = 1
"""It does not look and read just as the first variant of the same brief."""


def edited(row: Row[Any], changes: Brief) -> GenerateContent:
    """The brief of `row` with `changes` laid over it: one new variant, in the same format where that can still be made here."""
    brief = {"hook": row.hook, **row.brief} | changes.model_dump(mode="json", by_alias=True, exclude_unset=True)
    wire = {
        "projectId": row.project_id,
        "format": row.format if formats.possible(row.format) else "auto",
        "variantCount": 1,
        "brief": brief,
    }
    return GenerateContent.model_validate(wire)


def _own(visit: Visit, container_id: str) -> Row[Any]:
    row, seen = content.own(visit, container_id)
    if row.job_kind == content.UPLOADED:
        raise errors.Conflict(f"content {row.id} was uploaded", details={"containerId": row.id, "creativeType": "uploaded"})
    if seen.status not in _MENDABLE:
        status = content.status_of(seen)
        raise errors.Conflict(f"content {row.id} is {status}", details={"containerId": row.id, "status": status})
    return row


def _begun(visit: Visit, row: Row[Any], request: edits.RegenerateContent, asked: GenerateContent) -> tuple[str, str]:
    """The job that fills the container anew, its credits reserved, and the format that was chosen."""
    chosen, gate = formats.chosen(asked.format), None if request.preserve_assets else pictures.GATE
    sent: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    job_id, script = jobs.start(visit, row.project_id, jobs.Plan("content_generate", content.stages(visit), gate), sent)
    account.reserve(visit, job_id, account.PRICES[chosen], settles_at=script.finishes_at, charged=visit.trouble is None)
    return job_id, chosen


def regenerate(visit: Visit, request: edits.RegenerateContent) -> Accepted:
    """Fill a container anew; it needs a new decision, and posts that were queued before keep their words (layers-api: regenerate)."""
    row = _own(visit, request.container_id)
    project = projects.living(visit, row.project_id)
    asked, brand = edited(row, request.brief), projects.brand_at(visit, project.id)[0] or BrandContext()
    brief = asked.brief
    job_id, chosen = _begun(visit, row, request, asked)
    said, message = content.said(visit, project, asked, brand)
    texts = captions(brief.target_platforms or content.PLATFORMS, message, brand=brand, variant=_LOOK)
    new: dict[str, Any] = {"job_id": job_id, "hook": message.hook, "cta": brief.cta, "captions": [text.model_dump() for text in texts]}
    new |= {
        "influencer_id": content.voice(visit, project.id, brief),
        "brief": brief.model_dump(mode="json", by_alias=True, exclude_unset=True),
    }
    if not request.preserve_assets:
        new |= {"format": chosen, "media": []}
    new |= content.undecided(visit, project, row)
    visit.connection.execute(update(tables.containers).where(tables.containers.c.id == row.id).values(new))
    if not request.preserve_assets and visit.trouble is None:
        pictures.begin(visit, job_id, (row.id,), said.starting(_LOOK), as_video=chosen != "slideshow_remix")
    audit.log(visit, "content.regenerated", row.project_id, containerId=row.id, jobId=job_id, approvalBefore=row.approval)
    pointers = {"project_id": row.project_id, "container_id": row.id, "container_ids": (row.id,), "format": chosen}
    return jobs.accepted(job_id, kind="content_generate", stage=content.STAGES[0], started_at=visit.now, **pointers)
