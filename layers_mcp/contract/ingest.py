"""Reading a customer's repository: brand context out, SDK instrumentation in."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Request
from layers_mcp.contract.jobs import Accepted
from layers_mcp.contract.scalars import Id, Platform

__all__ = ["GITHUB", "STAGES", "IngestGithub", "SdkConfig"]

STAGES = ("cloning", "analyzing", "generating_sdk_patch", "opening_pr", "finalizing")
"""The stages of a GitHub ingest, in order (layers-api: concepts/jobs)."""

Repo = Annotated[str, StringConstraints(min_length=3, max_length=200, pattern=r"^[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+$")]
Branch = Annotated[str, StringConstraints(min_length=1, max_length=200)]


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
