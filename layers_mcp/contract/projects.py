"""Projects: one for each end customer, with the brand context that every generation is made from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Language, ProjectStatus, SocialPlatform, Utc

__all__ = [
    "ARCHIVE",
    "CREATE",
    "GET",
    "LIST",
    "UPDATE",
    "ApprovalPolicy",
    "ArchiveProject",
    "ArchivedProject",
    "BrandContext",
    "BrandContextChange",
    "CreateProject",
    "ExternalId",
    "GetProject",
    "IngestRun",
    "IngestState",
    "ListProjects",
    "Name",
    "Project",
    "ProjectLayer",
    "ProjectPage",
    "UpdateProject",
    "Zone",
]

Name = Annotated[str, StringConstraints(min_length=1, max_length=128)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Metadata = dict[str, JsonValue]


class BrandContext(Reply):
    """What Layers knows of the brand; fields nobody found are None (seed 004, "Trigger the repo ingest")."""

    app_name: str | None = None
    app_description: str | None = None
    tagline: str | None = None
    audience: str | None = None
    icp: str | None = None
    brand_voice: str | None = None
    keywords: tuple[str, ...] = ()
    primary_language: str | None = None
    logo_url: str | None = None


class BrandContextChange(Request):
    """The fields of the brand context to change; what is not given stays."""

    app_name: Annotated[str, StringConstraints(max_length=60)] | None = None
    app_description: Annotated[str, StringConstraints(max_length=1000)] | None = None
    tagline: Annotated[str, StringConstraints(max_length=80)] | None = None
    audience: Annotated[str, StringConstraints(max_length=300)] | None = None
    icp: Annotated[str, StringConstraints(max_length=300)] | None = None
    brand_voice: Annotated[str, StringConstraints(max_length=300)] | None = None
    keywords: tuple[Annotated[str, StringConstraints(min_length=1, max_length=60)], ...] | None = Field(default=None, max_length=50)
    primary_language: Language | None = None
    logo_url: Annotated[str, StringConstraints(max_length=2000)] | None = None


class IngestRun(Reply):
    """The last ingest of one kind."""

    status: Literal["running", "completed", "failed", "canceled"]
    job_id: str | None = None
    completed_at: Utc | None = None


class IngestState(Reply):
    """The last ingest of each kind; None where there was none."""

    github: IngestRun | None = None
    website: IngestRun | None = None
    appstore: IngestRun | None = None


class ApprovalPolicy(Reply):
    """Which content waits for a decision (seed 004, "Review the brand context")."""

    requires_approval: bool
    first_n_posts_blocked: int | None
    current_blocked_count: int


class ProjectLayer(Reply):
    """One installed capability of a project."""

    project_layer_id: str
    kind: Literal["content", "distribution"]
    template_name: str | None = None
    platform: SocialPlatform | None = None


class Project(Reply):
    """One end customer (seed 004, steps 1 and 4; the flat approval fields are those of step 1's 201)."""

    id: str
    organization_id: str | None = None
    name: str
    status: ProjectStatus = "active"
    customer_external_id: str | None = None
    timezone: str = "UTC"
    primary_language: str = "en"
    owner_email: str | None = None
    brand: None = None
    brand_context: BrandContext | None = None
    ingest_state: IngestState | None = None
    requires_approval: bool | None = None
    first_n_posts_blocked: int | None = None
    current_blocked_count: int | None = None
    approval_policy: ApprovalPolicy | None = None
    layers: tuple[ProjectLayer, ...] = ()
    metadata: Metadata | None = None
    created_at: Utc | None = None
    updated_at: Utc | None = None


class CreateProject(Request):
    """A project for one customer; `customer_external_id` is the caller's own handle, unique in the organization."""

    name: Name
    timezone: Zone = "UTC"
    customer_external_id: ExternalId | None = None
    primary_language: Language | None = None
    owner_email: Annotated[str, StringConstraints(max_length=254)] | None = None
    brand_context: BrandContextChange | None = None
    metadata: Metadata | None = None


class ListProjects(Request):
    """A page of projects, newest first; `limit` 1 to 200."""

    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=200)
    status: ProjectStatus | None = None
    search: str | None = None
    customer_external_id: ExternalId | None = None


class ProjectPage(Reply):
    """A page of projects without their brand context."""

    items: tuple[Project, ...]
    next_cursor: str | None = None


class GetProject(Request):
    """One project."""

    project_id: Id


class UpdateProject(Request):
    """The fields to change; `brand_context` is merged field by field, `metadata` replaced whole."""

    project_id: Id
    name: Name | None = None
    status: ProjectStatus | None = None
    owner_email: Annotated[str, StringConstraints(max_length=254)] | None = None
    timezone: Zone | None = None
    primary_language: Language | None = None
    customer_external_id: ExternalId | None = None
    brand_context: BrandContextChange | None = None
    metadata: Metadata | None = None


class ArchiveProject(Request):
    """The project to archive."""

    project_id: Id
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class ArchivedProject(Reply):
    """An archived project and how many queued posts were canceled with it."""

    id: str
    status: ProjectStatus
    archived_at: Utc
    canceled_scheduled_posts: int


CREATE: Endpoint[CreateProject, Project] = Endpoint(
    method="POST",
    path="/v1/projects",
    request=CreateProject,
    reply=Project,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    statuses=(201,),
    codes=("CONFLICT",),
    source="seed 004, step 1",
)
LIST: Endpoint[ListProjects, ProjectPage] = Endpoint(
    method="GET",
    path="/v1/projects",
    request=ListProjects,
    reply=ProjectPage,
    scope="projects:read",
    rate="read-light",
    source="seed 004, step 1; layers-api: list-projects",
)
GET: Endpoint[GetProject, Project] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}",
    request=GetProject,
    reply=Project,
    scope="projects:read",
    rate="read-light",
    source="seed 004, step 4",
)
UPDATE: Endpoint[UpdateProject, Project] = Endpoint(
    method="PATCH",
    path="/v1/projects/{projectId}",
    request=UpdateProject,
    reply=Project,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source="seed 004, step 4",
)
ARCHIVE: Endpoint[ArchiveProject, ArchivedProject] = Endpoint(
    method="DELETE",
    path="/v1/projects/{projectId}",
    request=ArchiveProject,
    reply=ArchivedProject,
    scope="projects:write",
    rate="write-light",
    keyed=True,
    source="layers-api: DELETE /v1/projects/:id",
)
