"""Jobs: what every long operation returns, and how it goes on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.projects import BrandContext
from layers_mcp.contract.scalars import ContentFormat, Id, JobStatus, Utc

__all__ = ["CANCEL", "GET", "Accepted", "CancelAnswer", "CancelJob", "GetJob", "Job", "JobProblem", "JobResult", "ResultAsset"]


class Accepted(Reply):
    """The 202 of every long operation, with the pointers of its kind (seed 004, steps 3 and 6)."""

    job_id: str
    kind: str | None = None
    status: JobStatus = "running"
    stage: str | None = None
    location_url: str | None = None
    project_id: str | None = None
    container_id: str | None = None
    container_ids: tuple[str, ...] = ()
    influencer_id: str | None = None
    format: ContentFormat | None = None
    started_at: Utc | None = None


class ResultAsset(Reply):
    """A media file that a job made."""

    id: str
    kind: str
    url: str
    duration_ms: int | None = None


class JobResult(Reply):
    """What a completed job made; the fields that are set depend on its kind.

    GitHub ingest: `pr_url`, `pr_number`, `sdk_app_id`, `brand_context` (seed 004), and what the sandbox really wrote:
    `branch`, `commit`, `diffstat`, `patch_path`, `pushed`; `read_in_part`: it has more files than are read (ours, see `drift`).
    Content: `container_id`, `container_ids`, `assets`. The ads optimizer: `run_id`.
    """

    pr_url: str | None = None
    pr_number: int | None = None
    sdk_app_id: str | None = None
    brand_context: BrandContext | None = None
    platforms: tuple[str, ...] = ()
    branch: str | None = None
    commit: str | None = None
    diffstat: str | None = None
    patch_path: str | None = None
    pushed: bool | None = None
    read_in_part: bool | None = None
    container_id: str | None = None
    container_ids: tuple[str, ...] = ()
    assets: tuple[ResultAsset, ...] = ()
    run_id: str | None = None


class JobProblem(Reply):
    """Why a job failed; `message` may quote a platform and is shown as such."""

    code: str
    message: str
    details: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class Job(Reply):
    """A job as it stands: `running` until it is completed, failed or canceled for good; `progress` 0 to 1, never back.

    `container_id`: the first of `container_ids`, as seed 000, loop 2 reads it.
    """

    job_id: str
    kind: str | None = None
    status: JobStatus
    stage: str | None = None
    progress: Annotated[float, Field(ge=0, le=1)] = 0.0
    project_id: str | None = None
    container_id: str | None = None
    container_ids: tuple[str, ...] = ()
    started_at: Utc | None = None
    finished_at: Utc | None = None
    result: JobResult | None = None
    error: JobProblem | None = None

    @property
    def over(self) -> bool:
        """Whether it will never change again."""
        return self.status != "running"


class GetJob(Request):
    """One job."""

    job_id: Id


class CancelJob(Request):
    """The job to cancel, at its next stage boundary."""

    job_id: Id


class CancelAnswer(Reply):
    """Whether the cancel was taken: 202 accepted, or 200 with the reason why there is nothing to cancel."""

    job_id: str
    accepted: bool
    reason: str | None = None


GET: Endpoint[GetJob, Job] = Endpoint(
    method="GET",
    path="/v1/jobs/{jobId}",
    request=GetJob,
    reply=Job,
    scope="jobs:read",
    rate="read-light",
    statuses=(200, 304),
    source="seed 004, step 3; ETag: layers-api: concepts/jobs",
)
CANCEL: Endpoint[CancelJob, CancelAnswer] = Endpoint(
    method="POST",
    path="/v1/jobs/{jobId}/cancel",
    request=CancelJob,
    reply=CancelAnswer,
    scope="jobs:cancel",
    rate="write-light",
    keyed=True,
    statuses=(202, 200),
    codes=("CONFLICT",),
    source="layers-api: concepts/jobs",
)
