"""Repositories: a customer's code read for its brand, and the SDK written into it."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field, StringConstraints

from layers_mcp.contract import github, ingest, jobs
from layers_mcp.contract.errors import Invalid, PlatformError
from layers_mcp.contract.github import GetInstallUrl, Installation, OfferedInstallation, RegisterInstallation
from layers_mcp.contract.ingest import Branch, IngestGithub, SdkConfig
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.scalars import Id, Platform
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Effect, Look, Waiting, tool
from layers_mcp.tool.origin import of_job
from layers_mcp.tool.outcome import Next, Outcome, View
from layers_mcp.tool.waiting import ended_code, resume, status_of, wait_job

__all__ = ["ingest_repo"]

NO_PLATFORM = "SDK_PATCH_GENERATION_FAILED"
"""Job code of a repository in which no supported platform was found (same place)."""


class IngestRepoArguments(Adding, Waiting):
    """Arguments of ingest_repo."""

    project_id: Id = Field(description="The project.")
    repo_full_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]+/[A-Za-z0-9_.\-]+$", max_length=200)] = Field(
        description="owner/name on GitHub."
    )
    branch: Branch | None = Field(default=None, description="Else the default branch.")
    platforms: tuple[Platform, ...] | None = Field(default=None, max_length=6, description="For the SDK; else all found.")
    installation_id: int | None = Field(default=None, ge=1, description="What GitHub handed back; goes with state.")
    state: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")] | None = Field(
        default=None, description="Of the opened install URL."
    )


class IngestReport(View):
    """What an ingest did, how far it is, or what it needs first."""

    job: Job | None = None
    installation: Installation | None = None
    authorize_url: str | None = Field(default=None, description="Page for the customer to open, to install the GitHub App.")
    state: str | None = None
    sandbox_installations: tuple[OfferedInstallation, ...] = Field(
        default=(), description="Sandbox only: what its GitHub would hand back after the install."
    )


async def _ask_to_install(request: IngestRepoArguments, call: Call) -> Outcome[IngestReport]:
    page = await call.layers.send(github.INSTALL_URL, GetInstallUrl())
    owner = request.repo_full_name.partition("/")[0]
    offered = tuple(entry for entry in page.sandbox_installations if entry.org_login == owner)
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"wait_seconds", "idempotency_key"})
    steps = [
        Next(
            tool="ingest_repo",
            arguments={**again, "state": page.state, "installationId": entry.installation_id},
            why="Sandbox: nobody has to open the page; register what its GitHub would hand back, and ingest.",
        )
        for entry in offered
    ]
    return Outcome(
        say="The Layers GitHub App is not installed for the repository's owner. Have the customer open authorizeUrl; then call ingest_repo"
        " again with this state and the installation_id that GitHub hands back as installationId.",
        status="needs_action",
        result=IngestReport(authorize_url=page.authorize_url, state=page.state, sandbox_installations=offered),
        next=tuple(steps),
    )


async def _register(request: IngestRepoArguments, call: Call) -> Installation | None:
    if request.installation_id is None:
        return None
    if request.state is None:
        issue = {"path": "state", "message": "goes with installationId; it came with the install URL"}
        raise Invalid("ingest_repo: state is missing beside installationId", details={"issues": [dict(issue)]})
    wanted = RegisterInstallation(installation_id=request.installation_id, state=request.state)
    return await call.layers.send(github.REGISTER, wanted, key=call.key_for("installation"))


def _report(job: Job, installation: Installation | None, request: IngestRepoArguments) -> Outcome[IngestReport]:
    view = IngestReport(job=job, installation=installation)
    if job.status == "completed":
        read = Next(tool="get_project", arguments={"projectId": request.project_id}, why="Show the brand context to the customer.")
        say = f"Job {job.job_id} is completed: the repository was read."
        if job.result is not None and job.result.read_in_part:
            say = f"Job {job.job_id} is completed, but the repository was read in part only: it has more files than are read."
            say += " If the app is not in that part, connect a repository, or name a branch, with only the app in it."
        return Outcome(say=say, result=view, next=(read,), read_from=of_job(job, name=request.repo_full_name))
    if job.status == "running":
        say = f"Job {job.job_id} is still running."
        return Outcome(say=say, status="running", result=view, next=(resume(request.wait_seconds, jobId=job.job_id),))
    say = f"Job {job.job_id} ended as {job.status}{ended_code(job)}; no pull request was opened."
    if job.error is not None and job.error.code == NO_PLATFORM:
        say += f" If its stack is one of {', '.join(get_args(Platform))}, call ingest_repo again and name it in platforms."
    return Outcome(say=say, status=status_of(job.status), result=view)


@tool(
    calls=(github.INSTALL_URL, github.REGISTER, ingest.GITHUB, jobs.GET),
    effect=Effect.ADDS,
    look=lambda request: Look("get_project", {"projectId": request.project_id}),
)
async def ingest_repo(request: IngestRepoArguments, call: Call) -> Outcome[IngestReport]:
    """Read a GitHub repository into the brand context and open a pull request that adds the Layers SDK; waits with progress.

    Without the GitHub App on its owner it answers needs_action with the URL the customer opens.
    """
    installation = await _register(request, call)
    wanted: dict[str, object] = {"project_id": request.project_id, "repo_full_name": request.repo_full_name}
    if request.branch is not None:
        wanted["branch"] = request.branch
    if request.platforms is not None:
        wanted["sdk_config"] = SdkConfig(include_platforms=request.platforms)
    try:
        accepted = await call.layers.send(ingest.GITHUB, IngestGithub.model_validate(wanted), key=call.key)
    except PlatformError as problem:
        if problem.details.get("platformCode") != github.NOT_INSTALLED or installation is not None:
            raise
        return await _ask_to_install(request, call)
    call.begun("job", accepted.job_id, request.project_id)
    job = await wait_job(call, accepted.job_id, request.wait_seconds)
    return _report(job, installation, request)
