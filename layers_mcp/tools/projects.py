"""Projects: one for each customer, found, made, read and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints
from pydantic.alias_generators import to_camel

from layers_mcp.contract import influencers, projects, social
from layers_mcp.contract.errors import Conflict, Invalid, LayersError
from layers_mcp.contract.influencers import Influencer, ListInfluencers
from layers_mcp.contract.projects import BrandContextChange, ExternalId, GetProject, ListProjects, Name, Project, ProjectStatus, Zone
from layers_mcp.contract.scalars import Id, Language, Utc
from layers_mcp.contract.social import ListAccounts, SocialAccount
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Effect, Look, tool
from layers_mcp.tool.origin import of_project
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.paging import Cursor

__all__ = ["create_project", "get_project", "update_project"]

_ACCOUNTS, _INFLUENCERS = 20, 10
"""Rows of a page of what belongs to a project, which fit beside a long brand context; ours."""


class CreateProjectArguments(Adding):
    """Arguments of create_project."""

    name: Name = Field(description="The customer's name.")
    customer_external_id: ExternalId | None = Field(default=None, description="Your own id of the customer.")
    timezone: Zone = Field(default="UTC", description="The customer's IANA zone, e.g. America/Los_Angeles.")
    primary_language: Language | None = Field(default=None, description="BCP-47, e.g. en.")


class ProjectMade(View):
    """A customer's project, and whether this call made it."""

    project: Project
    created: bool = Field(description="False when the customer had a project already.")


def _after(project: Project) -> tuple[Next, ...]:
    return (Next(tool="get_project", arguments={"projectId": project.id}, why="Read the brand context, influencers and accounts."),)


async def _find(call: Call, external_id: str) -> Project | None:
    page = await call.layers.send(projects.LIST, ListProjects(customer_external_id=external_id, limit=1))
    return await call.layers.send(projects.GET, GetProject(project_id=page.items[0].id)) if page.items else None


async def _read_back(call: Call, external_id: str | None, problem: LayersError) -> Project | None:
    """The customer's project: somebody made it between our look and our call, or our call did and its answer was lost."""
    if external_id is None or not (problem.unsure or isinstance(problem, Conflict)):
        return None
    try:
        known = await _find(call, external_id)
    except LayersError:
        return None
    if known is not None:
        call.sent.seen(call.key)
    return known


async def _itself(made: Project, call: Call) -> Project:
    """The project that was made: the 201 prints an approval policy that is not the one in force (`drift`), so that is read, or left out."""
    try:
        return await call.layers.send(projects.GET, GetProject(project_id=made.id))
    except LayersError:
        return made.model_copy(update={"approval_policy": None})


@tool(
    calls=(projects.LIST, projects.GET, projects.CREATE),
    effect=Effect.ADDS,
    look=lambda request: Look(
        "get_project", {"customerExternalId": request.customer_external_id} if request.customer_external_id else {"search": request.name}
    ),
)
async def create_project(request: CreateProjectArguments, call: Call) -> Outcome[ProjectMade]:
    """Make a customer's project, or find the one with this customerExternalId. Next: ingest_repo."""
    external_id = request.customer_external_id
    known = await _find(call, external_id) if external_id else None
    created = known is None
    if known is None:
        given = request.model_dump(exclude_unset=True, exclude={"idempotency_key"})
        # Newer pages require a time zone: it is sent also when it is the default.
        wanted = projects.CreateProject.model_validate({"timezone": request.timezone, **given})
        try:
            made = await call.layers.send(projects.CREATE, wanted, key=call.key)
            known = await _itself(made, call)
        except LayersError as problem:
            known = await _read_back(call, external_id, problem)
            created = problem.unsure
            if known is None:
                raise
    say = f"Project {known.id} was made." if created else f"The customer has project {known.id} already; nothing was made."
    view = ProjectMade(project=known, created=created)
    return Outcome(say=say, result=view, next=_after(known), found=not created, read_from=of_project(known))


class GetProjectArguments(Arguments):
    """Arguments of get_project."""

    project_id: Id | None = Field(default=None, description="The project.")
    customer_external_id: ExternalId | None = Field(default=None, description="Or your own id of the customer.")
    search: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = Field(
        default=None, description="When listing: part of the name."
    )
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")


class ProjectRow(View):
    """A project in a list; read by its id it has the rest."""

    id: str
    name: str
    status: ProjectStatus
    customer_external_id: str | None = None
    timezone: str
    primary_language: str
    created_at: Utc | None = None


class ProjectView(View):
    """One project with what belongs to it, or a page of projects."""

    project: Project | None = None
    influencers: tuple[Influencer, ...] = ()
    accounts: tuple[SocialAccount, ...] = ()
    projects: tuple[ProjectRow, ...] = ()
    returned: int | None = None
    has_more: bool | None = None
    next_cursor: str | None = None


async def _page(request: GetProjectArguments, call: Call) -> Outcome[ProjectView]:
    wanted = ListProjects.model_validate({**request.model_dump(exclude_unset=True, exclude={"project_id"}), "limit": 25})
    page = await call.layers.send(projects.LIST, wanted)
    rows = tuple(ProjectRow.model_validate(one.model_dump(include=set(ProjectRow.model_fields))) for one in page.items)
    view = ProjectView(projects=rows, returned=len(rows), has_more=page.next_cursor is not None, next_cursor=page.next_cursor)
    first = _after(page.items[0]) if page.items else ()
    return Outcome(say=f"Projects on this page: {len(page.items)}.", result=view, next=first)


async def _whole(project: Project, call: Call, cursor: str | None) -> ProjectView:
    """A project with a page of what belongs to it; its cursor is that of the accounts, `~`, and that of the influencers."""
    accounts_at, _, voices_at = (cursor or "").partition("~")
    accounts, voices = social.SocialAccountPage(items=()), influencers.InfluencerPage(items=())
    if cursor is None or accounts_at:
        wanted = ListAccounts(project_id=project.id, limit=_ACCOUNTS, cursor=accounts_at or None)
        accounts = await call.layers.send(social.ACCOUNTS, wanted)
    if cursor is None or voices_at:
        asked = ListInfluencers(project_id=project.id, limit=_INFLUENCERS, cursor=voices_at or None)
        voices = await call.layers.send(influencers.LIST, asked)
    more = accounts.next_cursor is not None or voices.next_cursor is not None
    restated = {"project_id": None, "created_at": None, "updated_at": None}
    return ProjectView(
        project=project,
        influencers=tuple(one.model_copy(update=restated) for one in voices.items),
        accounts=tuple(one.model_copy(update={"avatar_url": None}) for one in accounts.items),
        has_more=more or None,
        next_cursor=f"{accounts.next_cursor or ''}~{voices.next_cursor or ''}" if more else None,
    )


def _then(view: ProjectView, project: Project) -> tuple[Next, ...]:
    steps: list[Next] = []
    if view.next_cursor is not None:
        rest: dict[str, JsonValue] = {"projectId": project.id, "cursor": view.next_cursor}
        steps.append(Next(tool="get_project", arguments=rest, why="Show more of its accounts and influencers."))
    if project.brand_context is not None:
        steps.append(Next(tool="generate_content", arguments={"projectId": project.id}, why="Make a post from the brand context."))
    return tuple(steps)


@tool(calls=(projects.LIST, projects.GET, influencers.LIST, social.ACCOUNTS), effect=Effect.READS)
async def get_project(request: GetProjectArguments, call: Call) -> Outcome[ProjectView]:
    """Read a project: brand context, approval policy, ingest state, influencers and social accounts with ids and states.

    Without an id: list and search projects.
    """
    if request.project_id is None and request.customer_external_id is None:
        return await _page(request, call)
    if request.project_id is not None:
        project = await call.layers.send(projects.GET, GetProject(project_id=request.project_id))
    else:
        found = await _find(call, request.customer_external_id or "")
        if found is None:
            return Outcome(
                say="No project has this customerExternalId.",
                result=ProjectView(returned=0, has_more=False),
                next=(Next(tool="get_project", arguments={}, why="List all projects."),),
            )
        project = found
    view = await _whole(project, call, request.cursor)
    here = " on this page" if view.has_more or request.cursor else ""
    return Outcome(
        say=f"Project {project.id}; influencers{here}: {len(view.influencers)}, social accounts{here}: {len(view.accounts)}.",
        result=view,
        next=_then(view, project),
        read_from=of_project(project, "influencers"),
    )


class BrandContextArguments(Arguments):
    """The fields of the brand context to change."""

    app_name: Annotated[str, StringConstraints(max_length=60)] | None = Field(default=None, description="Name of the app.")
    app_description: Annotated[str, StringConstraints(max_length=1000)] | None = Field(default=None, description="What it does.")
    tagline: Annotated[str, StringConstraints(max_length=80)] | None = Field(default=None, description="One line.")
    audience: Annotated[str, StringConstraints(max_length=300)] | None = Field(default=None, description="Who it is for.")
    icp: Annotated[str, StringConstraints(max_length=300)] | None = Field(default=None, description="Ideal customers.")
    brand_voice: Annotated[str, StringConstraints(max_length=300)] | None = Field(default=None, description="How the brand speaks.")
    keywords: tuple[Annotated[str, StringConstraints(min_length=1, max_length=60)], ...] | None = Field(
        default=None, max_length=50, description="Replaces all keywords."
    )


class UpdateProjectArguments(Arguments):
    """Arguments of update_project."""

    project_id: Id = Field(description="The project.")
    name: Name | None = Field(default=None, description="New name.")
    timezone: Zone | None = Field(default=None, description="IANA zone.")
    primary_language: Language | None = Field(default=None, description="BCP-47.")
    customer_external_id: ExternalId | None = Field(default=None, description="Your own id of the customer.")
    brand_context: BrandContextArguments | None = Field(default=None, description="Fields to change.")


class ProjectChanged(View):
    """A project after a change."""

    project: Project
    changed: tuple[str, ...] = Field(description="The fields that were sent.")


def _names(fields: Mapping[str, object]) -> set[str]:
    return {to_camel(name) for name in fields}


@tool(
    calls=(projects.UPDATE,),
    effect=Effect.SETS,
    look=lambda request: Look("get_project", {"projectId": request.project_id}),
)
async def update_project(request: UpdateProjectArguments, call: Call) -> Outcome[ProjectChanged]:
    """Change the given fields of a project. Later content is made from its brand context: show that to the customer first."""
    given = request.model_dump(exclude_unset=True, exclude_none=True)
    brand = given.pop("brand_context", {})
    changed = _names(given) - {"projectId"} | {f"brandContext.{name}" for name in _names(brand)}
    if not changed:
        issue = {"path": "projectId", "message": "give at least one field to change beside it; an empty text counts as not given"}
        raise Invalid("update_project got nothing to change", details={"issues": [dict(issue)]})
    if brand:
        given["brand_context"] = BrandContextChange.model_validate(brand)
    project = await call.layers.send(projects.UPDATE, projects.UpdateProject.model_validate(given), key=call.key)
    view = ProjectChanged(project=project, changed=tuple(sorted(changed)))
    return Outcome(say=f"Project {project.id} was changed.", result=view, next=_after(project), read_from=of_project(project))
