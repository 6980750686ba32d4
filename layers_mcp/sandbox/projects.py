"""Projects: one for each customer; the brand context is folded from time-stamped facts."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import JsonValue
from sqlalchemy import Row, bindparam, func, insert, select, update

from layers_mcp.contract import errors, projects
from layers_mcp.sandbox import awaiting, ids, jobs, posts, shelf, tables
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["archive", "brand_at", "create", "get", "layers_of", "listing", "living", "own", "pending_count", "remember", "update_project"]

_FIRST_N = 3
"""A new project lets nothing out before this many decisions (seed 004, step 7)."""
_METADATA_BYTES = 8 * 1024
"""layers-api: POST /v1/projects, `metadata`."""
_LAYERS = (("content", None), ("distribution", "tiktok"), ("distribution", "instagram"))
_COLUMNS = {
    "name": "name",
    "owner_email": "owner_email",
    "timezone": "timezone",
    "primary_language": "language",
    "customer_external_id": "external_id",
    "metadata": "metadata",
}
"""The columns that a request sets, by the names of its fields."""
_OWN = select(tables.projects).where(tables.projects.c.id == bindparam("project"), tables.projects.c.organization_id == bindparam("mine"))
_NEVER_EMPTY = {"name": "name", "timezone": "timezone", "primary_language": "primaryLanguage", "status": "status"}
_KNOWN = (
    select(tables.brand_facts.c.fields, tables.brand_facts.c.at)
    .where(tables.brand_facts.c.project_id == bindparam("project"), tables.brand_facts.c.at <= bindparam("now"))
    .order_by(tables.brand_facts.c.at, tables.brand_facts.c.seq)
)
_LAST_INGEST = (
    select(tables.jobs)
    .where(tables.jobs.c.project_id == bindparam("project"), tables.jobs.c.kind == bindparam("kind"))
    .order_by(tables.jobs.c.seq.desc())
    .limit(1)
)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def own(visit: Visit, project_id: str) -> Row[Any]:
    """The row of a project of this organization.

    Raises:
        errors.NotFound: there is none; another organization's looks the same.
    """
    found = visit.connection.execute(_OWN, {"mine": visit.key.organization_id, "project": ids.full("prj", project_id)}).first()
    if found is None:
        raise errors.NotFound(f"there is no project {project_id}")
    return found


def living(visit: Visit, project_id: str) -> Row[Any]:
    """The row of a project that was not archived.

    Raises:
        errors.Conflict: it was.
    """
    row = own(visit, project_id)
    if row.status == "archived":
        raise errors.Conflict(f"project {row.id} is archived", details={"projectId": row.id, "status": "archived"})
    return row


def remember(visit: Visit, project_id: str, fields: dict[str, Any], *, at: datetime, job_id: str | None = None) -> None:
    """State a fact about the brand, true from the instant `at` on; fields by their names inside."""
    if fields:
        row = {"project_id": project_id, "job_id": job_id, "at": at, "fields": fields}
        visit.connection.execute(insert(tables.brand_facts).values(row))


def brand_at(visit: Visit, project_id: str) -> tuple[projects.BrandContext | None, datetime | None]:
    """What is known of the brand now and since when; None before anybody said anything."""
    known: dict[str, Any] = dict.fromkeys(projects.BrandContext.model_fields)
    since: datetime | None = None
    for fields, since in visit.connection.execute(_KNOWN, {"project": project_id, "now": visit.now}):  # noqa: B007  the last one counts
        known |= fields
    known["keywords"] = tuple(known["keywords"] or ())
    known["logo_url"] = shelf.address(visit.ground, known["logo_url"])
    return (projects.BrandContext(**known), since) if since is not None else (None, None)


def _ingest_run(visit: Visit, project_id: str, kind: str) -> projects.IngestRun | None:
    last = visit.connection.execute(_LAST_INGEST, {"project": project_id, "kind": kind}).first()
    if last is None:
        return None
    seen = jobs.script_of(last).at(visit.now)
    done = seen.finished_at if seen.status == "completed" else None
    return projects.IngestRun(status=seen.status, job_id=last.id, completed_at=done)


def _ingest_state(visit: Visit, project_id: str) -> projects.IngestState:
    runs = {name: _ingest_run(visit, project_id, f"project_ingest_{name}") for name in projects.IngestState.model_fields}
    return projects.IngestState(**runs)


def pending_count(visit: Visit, project_id: str) -> int:
    """How many containers wait for a decision; those that failed or were canceled don't."""
    row = tables.containers.c
    query = select(tables.jobs, func.count().label("waiting")).join(tables.containers, row.job_id == tables.jobs.c.id)
    query = query.where(row.project_id == project_id, row.approval == "pending").group_by(tables.jobs.c.seq)
    waiting = visit.connection.execute(query)
    return sum(job.waiting for job in waiting if jobs.script_of(job).at(visit.now).status in ("running", "completed"))


def layers_of(project_id: str) -> tuple[projects.ProjectLayer, ...]:
    """The layers of a project: one that makes content, one that distributes it on each platform."""
    return tuple(
        projects.ProjectLayer.model_validate(
            {"projectLayerId": ids.derived("pl", project_id, kind, platform or ""), "kind": kind}
            | ({"platform": platform} if platform else {"templateName": "Social Content"})
        )
        for kind, platform in _LAYERS
    )


def _short(row: Row[Any], updated_at: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "organizationId": row.organization_id,
        "name": row.name,
        "status": row.status,
        "customerExternalId": row.external_id,
        "timezone": row.timezone,
        "primaryLanguage": row.language,
        "ownerEmail": row.owner_email,
        "createdAt": row.created_at,
        "updatedAt": updated_at,
    }


def _whole(visit: Visit, row: Row[Any]) -> projects.Project:
    brand, since = brand_at(visit, row.id)
    policy = {
        "requiresApproval": row.policy != "auto_approve",
        "firstNPostsBlocked": row.first_n,
        "currentBlockedCount": pending_count(visit, row.id),
    }
    whole = _short(row, max(row.updated_at, since or row.updated_at))
    whole |= {"brand": None, "brandContext": brand, "ingestState": _ingest_state(visit, row.id), "metadata": row.metadata}
    return projects.Project.model_validate(whole | policy | {"approvalPolicy": policy, "layers": layers_of(row.id)})


def get(visit: Visit, request: projects.GetProject) -> projects.Project:
    """One project with its brand context, policy and layers."""
    return _whole(visit, own(visit, request.project_id))


def _check(given: projects.CreateProject | projects.UpdateProject) -> None:
    for name, wire in _NEVER_EMPTY.items():
        if name in given.model_fields_set and getattr(given, name) is None and isinstance(given, projects.UpdateProject):
            raise invalid(wire, "can't be emptied")
    if given.timezone is not None and given.timezone not in _zones():
        raise invalid("timezone", "is not an IANA time zone")
    if given.metadata is not None and len(json.dumps(given.metadata, separators=(",", ":")).encode()) > _METADATA_BYTES:
        raise invalid("metadata", "is longer than 8 KB")


def _check_free(visit: Visit, external_id: str | None, *, but: str | None = None) -> None:
    row = tables.projects.c
    query = select(row.id).where(row.organization_id == visit.key.organization_id, row.external_id == external_id, row.id != (but or ""))
    taken = visit.connection.execute(query).scalar()
    if external_id is not None and taken is not None:
        details: dict[str, JsonValue] = {"field": "customerExternalId", "projectId": taken}
        raise errors.Conflict(f"project {taken} has this customerExternalId", details=details)


def _facts(visit: Visit, change: projects.BrandContextChange | None) -> dict[str, Any]:
    if change is None:
        return dict.fromkeys(projects.BrandContextChange.model_fields)
    fields = change.model_dump(mode="json", exclude_unset=True)
    if "logo_url" in fields:  # a caller may send back the address it was shown
        fields["logo_url"] = shelf.unaddressed(visit.ground, fields["logo_url"])
    return fields


def create(visit: Visit, request: projects.CreateProject) -> projects.Project:
    """A new project; the reply prints the approval fields as seed 004, step 1 does, before the policy shows."""
    _check(request)
    _check_free(visit, request.customer_external_id)
    project_id = ids.mint("prj")
    row = {column: getattr(request, name) for name, column in _COLUMNS.items()}
    row |= {
        "id": project_id,
        "organization_id": visit.key.organization_id,
        "status": "active",
        "language": request.primary_language or "en",
    }
    row |= {"policy": "review_first_n", "first_n": _FIRST_N, "created_at": visit.now, "updated_at": visit.now}
    visit.connection.execute(insert(tables.projects).values(row))
    awaiting.expect(visit.connection, "project", project_id, project_id=project_id, due_at=None)
    if request.brand_context is not None:
        remember(visit, project_id, _facts(visit, request.brand_context), at=visit.now)
    made = own(visit, project_id)
    printed = {"requiresApproval": False, "firstNPostsBlocked": None, "currentBlockedCount": 0, "metadata": made.metadata}
    state = projects.IngestState(github=None, website=None, appstore=None)
    whole = _short(made, made.updated_at) | {"brand": None, "brandContext": brand_at(visit, project_id)[0], "ingestState": state}
    return projects.Project.model_validate(whole | printed)


def listing(visit: Visit, request: projects.ListProjects) -> projects.ProjectPage:
    """A page of projects, newest first."""
    row = tables.projects.c
    query = select(tables.projects).where(row.organization_id == visit.key.organization_id)
    if request.status is not None:
        query = query.where(row.status == request.status)
    if request.customer_external_id is not None:
        query = query.where(row.external_id == request.customer_external_id)
    words = (request.search or "").casefold()
    if words.isascii():
        query = query.where(row.name.icontains(words, autoescape=True))

    def see(found: Row[Any]) -> projects.Project | None:
        return projects.Project.model_validate(_short(found, found.updated_at)) if words in found.name.casefold() else None

    keys = Keys("projects", row.created_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return projects.ProjectPage(items=items, next_cursor=cursor)


def _stop(visit: Visit, project_id: str) -> int:
    """Cancel what an archived project has under way: generations, waiting schedules, queued posts; how many posts."""
    row = tables.jobs.c
    running = select(tables.jobs).where(row.project_id == project_id, row.kind == "content_generate", row.canceled_at.is_(None))
    for job in visit.connection.execute(running).all():
        if jobs.script_of(job).at(visit.now).status == "running":
            jobs.stop(visit, job.id, visit.now)
    visit.connection.execute(update(tables.containers).where(tables.containers.c.project_id == project_id).values(stash=None))
    return posts.cancel_queued(visit, project_id)


def update_project(visit: Visit, request: projects.UpdateProject) -> projects.Project:
    """Change only the fields that were given; `status` archives and restores."""
    row = own(visit, request.project_id)
    _check(request)
    given = request.model_fields_set
    if "customer_external_id" in given:
        _check_free(visit, request.customer_external_id, but=row.id)
    changes = {column: getattr(request, name) for name, column in _COLUMNS.items() if name in given}
    if "brand_context" in given:
        remember(visit, row.id, _facts(visit, request.brand_context), at=visit.now)
    if request.status is not None:
        changes["status"] = request.status
        if request.status == "archived" and row.status != "archived":
            _stop(visit, row.id)
    visit.connection.execute(update(tables.projects).where(tables.projects.c.id == row.id).values(**changes, updated_at=visit.now))
    return _whole(visit, own(visit, row.id))


def close(visit: Visit, project_id: str) -> int:
    """Let a project be archived, with what it has under way; how many posts were canceled."""
    canceled = _stop(visit, project_id)
    changes = {"status": "archived", "updated_at": visit.now}
    visit.connection.execute(update(tables.projects).where(tables.projects.c.id == project_id).values(changes))
    return canceled


def archive(visit: Visit, request: projects.ArchiveProject) -> projects.ArchivedProject:
    """Archive a project; doing it again only renews `archivedAt` (layers-api: DELETE /v1/projects/:id)."""
    row = own(visit, request.project_id)
    canceled = close(visit, row.id)
    return projects.ArchivedProject(id=row.id, status="archived", archived_at=visit.now, canceled_scheduled_posts=canceled)
