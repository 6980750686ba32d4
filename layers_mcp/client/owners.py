"""Whose each request is: how it is known of every endpoint which project it reads or changes.

A request that has the field `project_id` names its project. All others stand here, each in one of the tables; a test goes through the whole
table of endpoints and finds none undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from layers_mcp.contract import (
    account,
    api_keys,
    billing,
    content,
    content_edits,
    content_formats,
    github,
    influencers,
    jobs,
    leases,
    measurement,
    organizations,
    posting_extras,
    projects,
    publishing,
    review,
    social,
    uploads,
    webhooks,
)
from layers_mcp.contract.endpoint import Endpoint, Request

__all__ = [
    "CLOSED",
    "LISTS",
    "MENTIONS",
    "ORGANIZATION_READS",
    "ORGANIZATION_WRITES",
    "OWNED",
    "SOMEBODYS",
    "TELLING",
    "Kind",
    "closed",
    "names_project",
    "of_organization",
]

Kind = Literal["container", "job", "influencer", "post", "consent"]
"""What has an owner that can be looked up by its id."""

ORGANIZATION_READS: Final = (
    account.WHOAMI,
    account.CREDITS,
    github.INSTALL_URL,
    github.GET_INSTALLATION,
    github.REPOS,
    posting_extras.MUSIC,
)
"""What tells of the organization and of none of its projects."""
ORGANIZATION_WRITES: Final = (projects.CREATE, github.REGISTER)
"""What changes the organization: a new project is none of those that were named, and an installation serves all of them."""
CLOSED: Final = (
    webhooks.UPDATE, webhooks.DELETE, webhooks.ROTATE, webhooks.TEST, webhooks.DELIVERIES, webhooks.REPLAY, leases.RELEASE,
    social.DISCONNECT, social.HEALTH, organizations.CREATE, organizations.LIST, organizations.MIGRATE, organizations.GET,
    organizations.UPDATE,
    organizations.ARCHIVE, organizations.SUSPEND, organizations.RESUME, api_keys.KILL, api_keys.DELETE, api_keys.ROTATE,
    api_keys.MINT_CHILD, api_keys.LIST_CHILD, api_keys.DELETE_CHILD, api_keys.ROTATE_CHILD, billing.CHILD_CREDITS, billing.ALLOCATE,
    billing.GET_CONFIG, billing.CONFIGURE,
)  # fmt: skip
"""What names one thing that may be any project's, or all projects': an endpoint that is told of them, an account, a key."""
SOMEBODYS: Final = (social.DISCONNECT, leases.RELEASE, webhooks.UPDATE, webhooks.DELETE, webhooks.ROTATE, webhooks.TEST, webhooks.REPLAY)
"""Those of them that change what may be one project's: while any is halted it may be that one's."""
LISTS: Final = (projects.LIST,)
"""What lists the organization's projects; the rest of its answer is left out."""
OWNED: Final[Mapping[str, tuple[str, Kind]]] = {
    jobs.GET.name: ("job_id", "job"),
    jobs.CANCEL.name: ("job_id", "job"),
    influencers.GET.name: ("influencer_id", "influencer"),
    influencers.UPDATE.name: ("influencer_id", "influencer"),
    influencers.CLONE.name: ("influencer_id", "influencer"),
    influencers.DELETE.name: ("influencer_id", "influencer"),
    content.GET.name: ("container_id", "container"),
    content.PROGRESS.name: ("container_id", "container"),
    content.ASSET.name: ("container_id", "container"),
    content_edits.REGENERATE.name: ("container_id", "container"),
    uploads.FINALIZE.name: ("container_id", "container"),
    uploads.UPDATE.name: ("container_id", "container"),
    review.APPROVE.name: ("container_id", "container"),
    review.REJECT.name: ("container_id", "container"),
    posting_extras.NOTIFY.name: ("container_id", "container"),
    publishing.SCHEDULE.name: ("container_id", "container"),
    publishing.PUBLISH.name: ("container_id", "container"),
    publishing.GET.name: ("scheduled_post_id", "post"),
    publishing.RESCHEDULE.name: ("scheduled_post_id", "post"),
    publishing.CANCEL.name: ("scheduled_post_id", "post"),
    social.OAUTH_STATUS.name: ("state", "consent"),
}
"""What names one thing by its id and no project: the field of the request, and what it names."""
TELLING: Final = (jobs.GET, influencers.GET, content.GET, publishing.GET)
"""Those whose answer says whose the thing is, or, a post's, by which container that can be told."""
MENTIONS: Final[Mapping[str, tuple[tuple[str, Kind], ...]]] = {
    content.GENERATE.name: (("brief.influencer_id", "influencer"),),
    content_formats.BUILD_SLIDESHOW.name: (("influencer_id", "influencer"),),
    content_formats.REMIX_SLIDESHOW.name: (("influencer_id", "influencer"),),
    content_formats.REMIX_VIDEO.name: (("influencer_id", "influencer"),),
    content_formats.REMIX_UGC.name: (("influencer_id", "influencer"),),
    content_edits.REGENERATE.name: (("brief.influencer_id", "influencer"),),
}
"""What else a request names that could be of another project, where it is not the path that keeps it apart."""


def names_project(endpoint: Endpoint[Any, Any]) -> bool:
    """Whether its requests name the project themselves."""
    return "project_id" in endpoint.request.model_fields


def closed(endpoint: Endpoint[Any, Any]) -> bool:
    """Whether none of its requests passes a fence: nothing says whose what it names is."""
    return not (names_project(endpoint) or endpoint.name in OWNED or endpoint in (*ORGANIZATION_READS, *LISTS))


def of_organization(request: Request) -> str | None:
    """The field by which a request that names a project asks for more than that project; None where it does not.

    An organization's metrics are those of all projects; who has a `customerExternalId` already can be told from whether it can be taken.
    """
    if isinstance(request, measurement.GetMetrics) and request.scope == "organization":
        return "scope"
    if isinstance(request, projects.UpdateProject) and request.customer_external_id is not None:
        return "customerExternalId"
    return None
