"""Content: containers that a generation fills, and what they show while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import Row, Select, func, insert, select

from layers_mcp.contract import content, errors
from layers_mcp.contract.jobs import Accepted, JobProblem
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import ApprovalStatus, ContainerStatus, ContentFormat, SocialPlatform
from layers_mcp.sandbox import account, app_media, crowd, formats, ids, influencers, jobs, pictures, projects, shelf, tables
from layers_mcp.sandbox.caption_words import words_of
from layers_mcp.sandbox.captions import Message, captions
from layers_mcp.sandbox.clockwork import Script, Seen, Stage
from layers_mcp.sandbox.media.brief import SlideBrief
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit

__all__ = [
    "PLATFORMS", "STAGES", "UPLOADED", "approval_of", "asset", "begin", "generate", "get", "listing", "own", "progress", "said",
    "see", "stages", "status_of", "undecided", "voice",
]  # fmt: skip

STAGES = content.STAGES
UPLOADED: Final = "content_upload"
"""The kind of the job of what was uploaded; it shows on no container."""

_LASTS_S = (5.0, 20.0, 90.0, 20.0)
"""Seconds of each stage at job speed 1; 135 in all (seed 004, step 6: typically 90 to 180)."""
PLATFORMS: tuple[SocialPlatform, ...] = ("tiktok", "instagram")
"""Where content goes whose brief does not say."""
_OF_JOB = ("kind", "stages", "started_at", "gate", "opened_at", "fails_in", "canceled_at", "problem")
_JOB = [tables.jobs.c[name].label(f"job_{name}") for name in _OF_JOB]
_WITH_JOB: Select[Any] = (
    select(tables.containers, *_JOB, tables.projects.c.status.label("project_status"))
    .join(tables.jobs, tables.containers.c.job_id == tables.jobs.c.id)
    .join(tables.projects, tables.containers.c.project_id == tables.projects.c.id)
)


def _seen(visit: Visit, row: Row[Any]) -> Seen:
    script = Script(
        stages=[Stage(*stage) for stage in row.job_stages],
        started_at=row.job_started_at,
        gate=row.job_gate,
        opened_at=row.job_opened_at,
        fails_in=row.job_fails_in,
        canceled_at=row.job_canceled_at,
    )
    return script.at(visit.now)


def status_of(seen: Seen) -> ContainerStatus:
    """A container's status, by its job's (seed 004's `generating`; newer pages: `processing`)."""
    if seen.status != "running":
        return seen.status
    return "queued" if seen.stage == content.STAGES[0] else "generating"


def own(visit: Visit, container_id: str) -> tuple[Row[Any], Seen]:
    """The row of a container of this organization, and how its generation stands.

    Raises:
        errors.NotFound: there is none; another organization's looks the same.
    """
    query = _WITH_JOB.where(tables.containers.c.id == ids.full("cnt", container_id))
    row = visit.connection.execute(query.where(tables.projects.c.organization_id == visit.key.organization_id)).first()
    if row is None:
        raise errors.NotFound(f"there is no content {container_id}")
    return row, _seen(visit, row)


def see(visit: Visit, row: Row[Any], seen: Seen) -> content.Container:
    """A container as it stands; media and captions show once the generation is completed."""
    done = seen.status == "completed"
    shown = content.Container(
        id=row.id,
        project_id=row.project_id,
        status=status_of(seen),
        approval_status=row.approval,
        format=row.format,
        hook=row.hook,
        cta=row.cta,
        influencer_id=row.influencer_id,
        caption_variants=tuple(content.CaptionVariant(**caption) for caption in row.captions) if done else (),
        media_assets=tuple(content.MediaAsset(**shelf.shown(visit.ground, row.id, media)) for media in row.media) if done else (),
        brief=row.brief,
        job_id=row.job_id,
        regenerated_from=row.regenerated_from,
        cloned_from=row.cloned_from,
        last_error=JobProblem(**row.job_problem) if seen.status == "failed" else None,
        created_at=row.created_at,
        completed_at=seen.finished_at if done else None,
        approved_at=row.decided_at if row.approval == "approved" else None,
        rejected_at=row.decided_at if row.approval == "rejected" else None,
    )
    own = {"format": None, "hook": None, "brief": None, "job_id": None, "creative_type": "uploaded"}
    return shown.model_copy(update=own) if row.job_kind == UPLOADED else shown


def approval_of(visit: Visit, project: Row[Any]) -> ApprovalStatus:
    """Whether a new container waits: first-N counts those that left `pending` (layers-api: content-review)."""
    if project.policy == "auto_approve":
        return "not_required"
    row = tables.containers.c
    decided = select(func.count()).where(row.project_id == project.id, row.approval.in_(("approved", "rejected")))
    if project.policy == "review_first_n" and visit.connection.execute(decided).scalar_one() >= project.first_n:
        return "not_required"
    return "pending"


def undecided(visit: Visit, project: Row[Any], row: Row[Any]) -> dict[str, Any]:
    """The columns of a container whose words or media are others now: a yes to the earlier ones lets nothing out any more.

    A schedule that waited for that yes is dropped, as it was asked for with the earlier ones, too.
    """
    anew = approval_of(visit, project) if row.approval == "not_required" else "pending"
    return {"approval": anew, "decided_at": None, "decided_by": None, "note": None, "stash": None}


def stages(visit: Visit) -> list[Stage]:
    """The stages of a generation that starts now."""
    return [Stage(name, visit.ground.lasts_s(lasts_s)) for name, lasts_s in zip(STAGES, _LASTS_S, strict=True)]


def voice(visit: Visit, project_id: str, brief: content.Brief) -> str | None:
    """The influencer that voices a generation."""
    return influencers.choose(visit, project_id, brief.influencer_id)


def said(visit: Visit, project: Row[Any], request: content.GenerateContent, brand: BrandContext) -> tuple[pictures.Said, Message]:
    """What the slides and the captions say, and which field mends each text of the slides."""
    brief, name = request.brief, brand.app_name or project.name
    language = brief.language or brand.primary_language or project.language
    words = words_of(language)
    named = "brandContext.appName" if brand.app_name else "name"
    hooks = [("brief.hook", brief.hook), ("brandContext.tagline", brand.tagline), ("brief.topic", brief.topic)]
    path, hook = next(((path, text) for path, text in hooks if text), (named, words.meet.format(name=name)))
    cta = brief.cta or words.get.format(name=name)
    paths = {"hook": path, "cta": "brief.cta" if brief.cta else named, "appName": named, "tagline": "brandContext.tagline"}
    spoken = SlideBrief(hook=hook, cta=cta, app_name=name, tagline=brand.tagline, description=brand.app_description, language=language)
    found = shelf.logo_id_of(shelf.unaddressed(visit.ground, brand.logo_url))
    logo = app_media.logo(visit, project.id) or (shelf.logo_file(visit.ground.folder, found) if found else None)
    return pictures.Said(spoken, paths, logo), Message(hook, cta, language)


def begin(
    visit: Visit,
    project: Row[Any],
    request: content.GenerateContent,
    *,
    regenerated_from: str | None = None,
    line: crowd.Line | None = None,
) -> tuple[str, tuple[str, ...], ContentFormat]:
    """Start a generation: its job, its containers, and the format that was chosen. `line`: the post that they are clones of.

    Raises:
        errors.Invalid: the format can't be made here.
        errors.InsufficientCredits: fewer credits are available than the variants cost.
    """
    chosen = formats.chosen(request.format)
    brief, brand = request.brief, projects.brand_at(visit, project.id)[0] or BrandContext()
    influencer_id = voice(visit, project.id, brief)
    asked: dict[str, JsonValue] = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    job_id, script = jobs.start(visit, project.id, jobs.Plan("content_generate", stages(visit), pictures.GATE), asked)
    container_ids = line.ids if line else tuple(pictures.container_id(job_id, variant) for variant in range(request.variant_count))
    price = account.PRICES[chosen] * len(container_ids)
    account.reserve(visit, job_id, price, settles_at=script.finishes_at, charged=visit.trouble is None)
    spoken, message = said(visit, project, request, brand)
    row: dict[str, Any] = {"project_id": project.id, "job_id": job_id, "format": chosen, "hook": message.hook, "cta": brief.cta}
    row |= {"influencer_id": influencer_id, "brief": brief.model_dump(mode="json", by_alias=True, exclude_unset=True)}
    row |= {"approval": approval_of(visit, project), "created_at": visit.now, "regenerated_from": regenerated_from, "media": []}
    first = int(line is not None)  # a clone does not look and read just as its source
    for variant, container_id in enumerate(container_ids, first):
        texts = captions(brief.target_platforms or PLATFORMS, message, brand=brand, variant=variant)
        made = {"id": container_id, "captions": [text.model_dump() for text in texts]}
        made |= crowd.born(visit, project.id, hook=message.hook, form=chosen, line=line)
        visit.connection.execute(insert(tables.containers).values(row | made))
    if script.gate is not None:
        pictures.begin(visit, job_id, container_ids, spoken.starting(first), as_video=chosen != "slideshow_remix")
    return job_id, container_ids, chosen


def generate(visit: Visit, request: content.GenerateContent) -> Accepted:
    """Start a generation (seed 004, step 6)."""
    project = projects.living(visit, request.project_id)
    job_id, container_ids, chosen = begin(visit, project, request)
    return jobs.accepted(
        job_id,
        kind="content_generate",
        stage=content.STAGES[0],
        project_id=project.id,
        container_ids=container_ids,
        format=chosen,
        started_at=visit.now,
    )


def get(visit: Visit, request: content.GetContent) -> content.Container:
    """One container."""
    return see(visit, *own(visit, request.container_id))


def _filtered(project_id: str, request: content.ListContent) -> Select[Any]:
    row = tables.containers.c
    query = _WITH_JOB.where(row.project_id == project_id)
    if request.approval_status is not None:
        query = query.where(row.approval.in_(request.approval_status))
    if request.format is not None:
        query = query.where(row.format.in_(request.format), tables.jobs.c.kind != UPLOADED)
    if request.creative_type is not None:
        query = query.where((tables.jobs.c.kind == UPLOADED) == (request.creative_type == "uploaded"))
    if request.since is not None:
        query = query.where(row.created_at >= request.since)
    return query if request.until is None else query.where(row.created_at <= request.until)


def listing(visit: Visit, request: content.ListContent) -> content.ContainerPage:
    """A page of containers, newest first."""
    project = projects.own(visit, request.project_id)

    def shown(row: Row[Any]) -> content.Container | None:
        container = see(visit, row, _seen(visit, row))
        return container if request.status is None or container.status in request.status else None

    keys = Keys("content", tables.containers.c.created_at, tables.containers.c.seq)
    query = _filtered(project.id, request)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=shown)
    return content.ContainerPage(items=items, next_cursor=cursor)


def _left_s(visit: Visit, row: Row[Any], stages: Sequence[Sequence[Any]]) -> int:
    whole_s = sum(float(lasts_s) for _, lasts_s in stages)
    return max(ceil(whole_s - (visit.now - row.job_started_at).total_seconds()), 0)


def progress(visit: Visit, request: content.GetProgress) -> content.ContentProgress:
    """How far a container's generation is."""
    row, seen = own(visit, request.container_id)
    running = seen.status == "running"
    return content.ContentProgress(
        container_id=row.id,
        status=status_of(seen),
        stage=seen.stage,
        stage_progress=round(seen.stage_progress, 2),
        eta_seconds=_left_s(visit, row, row.job_stages) if running and row.job_kind != UPLOADED else None,
        updated_at=seen.finished_at or visit.now,
    )


def asset(visit: Visit, request: content.GetAsset) -> content.Asset:
    """One media file of a completed container."""
    row, seen = own(visit, request.container_id)
    media = next((media for media in row.media if media["id"] == request.asset_id), None) if seen.status == "completed" else None
    if media is None:
        raise errors.NotFound(f"content {row.id} has no asset {request.asset_id}")
    return content.Asset(container_id=row.id, **shelf.details(visit.ground, row.id, media))
