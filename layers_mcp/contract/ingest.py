"""Reading what a customer has: a repository (brand context out, SDK instrumentation in), a website, an app-store listing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id, Platform

__all__ = [
    "APPSTORE",
    "GITHUB",
    "READING_STAGES",
    "STAGES",
    "WEBSITE",
    "AppId",
    "Branch",
    "IngestAppstore",
    "IngestGithub",
    "IngestWebsite",
    "Repo",
    "SdkConfig",
]

STAGES = ("cloning", "analyzing", "generating_sdk_patch", "opening_pr", "finalizing")
"""The stages of a GitHub ingest, in order (layers-api: concepts/jobs)."""
READING_STAGES = ("fetching", "analyzing", "finalizing")
"""The stages of the other two; layers-api: POST …/ingest/website names the first, the rest are ours (`drift`)."""

Repo = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+$")]
Branch = Annotated[str, StringConstraints(min_length=1, max_length=200)]
AppId = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-]*$")]
"""A bundle id or a package name, such as `com.acme.coffee`."""


class SdkConfig(Request):
    """How the SDK is written in; without `include_platforms` every platform that is found."""

    app_name: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    include_platforms: tuple[Platform, ...] = Field(default=(), max_length=6)
    event_allowlist: tuple[Annotated[str, StringConstraints(min_length=1, max_length=80)], ...] = Field(default=(), max_length=100)


class IngestGithub(Request):
    """One repository, `owner/name`, read into one project.

    `platforms` is short for `sdk_config.include_platforms`; `open_pr` false stops after the patch; `installation_id` names the
    installation to read it through (seed 000, loop 1), else that of its owner.
    """

    project_id: Id
    repo_full_name: Repo
    branch: Branch | None = None
    installation_id: int | None = Field(default=None, ge=1)
    open_pr: bool = Field(default=True, validation_alias="openPR", serialization_alias="openPR")
    platforms: tuple[Platform, ...] | None = Field(default=None, max_length=6)
    sdk_config: SdkConfig | None = None
    pr_title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    pr_body: Annotated[str, StringConstraints(max_length=10_000)] | None = None


class IngestWebsite(Request):
    """One website: the page at `url`, an absolute http(s) URL, and with `follow_links` up to `max_pages` of its host, 1 to 25."""

    project_id: Id
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    follow_links: bool = False
    max_pages: int = Field(default=1, ge=1, le=25)


class IngestAppstore(Request):
    """One app by its listings: at least one of bundle id, package and store URL; `country_code`: ISO 3166-1 alpha-2, of the store."""

    project_id: Id
    ios_bundle_id: AppId | None = None
    android_package: AppId | None = None
    app_store_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    country_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$")] = "us"


GITHUB: Endpoint[IngestGithub, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/ingest/github",
    request=IngestGithub,
    reply=Accepted,
    scope="ingest:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("PLATFORM_ERROR",),
    source="seed 004, step 3",
)
WEBSITE: Endpoint[IngestWebsite, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/ingest/website",
    request=IngestWebsite,
    reply=Accepted,
    scope="ingest:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    source="layers-api: POST …/ingest/website",
)
APPSTORE: Endpoint[IngestAppstore, Accepted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/ingest/appstore",
    request=IngestAppstore,
    reply=Accepted,
    scope="ingest:write",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    source="layers-api: POST …/ingest/appstore; seed 000, loop 1, step 2",
)
