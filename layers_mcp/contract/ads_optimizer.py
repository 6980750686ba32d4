"""Runs of the optimizer: started by hand or by its own clock, each with what it decided and on which inputs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from layers_mcp.contract.ads import AdPlatform
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, JobStatus, Utc

__all__ = ["GET_RUN", "KIND", "RUN", "Decision", "GetRun", "Run", "RunStarted", "StartRun", "State"]

KIND = "ads_optimizer_run"
"""The kind of a run's job (layers-api: ads/optimizer/run)."""
State = Literal["TOO_YOUNG", "LEARNING_PHASE", "TOP_PERFORMER", "HEALTHY", "UNDERPERFORMING", "FATIGUED", "CRITICAL"]
"""What the optimizer takes an ad for (layers-api: concepts/optimizer)."""


class StartRun(Request):
    """The layer to look at; `dry_run`: say what would be done and do nothing."""

    project_id: Id
    layer_id: Id
    platform: AdPlatform
    dry_run: bool = False


class RunStarted(Reply):
    """The 202 of a run."""

    job_id: str
    run_id: str
    kind: str | None = None
    status: JobStatus = "running"
    location_url: str | None = None


class GetRun(Request):
    """One run."""

    project_id: Id
    run_id: Id


class Decision(Reply):
    """One decision with what it rests on; the body of a run stands on no page, so all but the id may be missing.

    `inputs` names each window by its days; money is cents. `guardrails`: those it passed; `blocked_by`: the one it did not.
    """

    decision_id: str
    at: Utc | None = None
    action: str | None = None
    entity_type: str | None = None
    entity_id: str | None = None
    entity_name: str | None = None
    ad_id: str | None = None
    adset_id: str | None = None
    campaign_id: str | None = None
    ads_content_id: str | None = None
    state: str | None = None
    inputs: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    reason: str | None = None
    guardrails: tuple[str, ...] = ()
    blocked_by: str | None = None
    replacement: dict[str, JsonValue] | None = None
    current_value: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    new_value: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    outcome: str | None = None
    pending_id: str | None = None


class Run(Reply):
    """A run as it stands."""

    run_id: str
    status: str
    job_id: str | None = None
    layer_id: str | None = None
    platform: str | None = None
    dry_run: bool | None = None
    trigger: str | None = None
    started_at: Utc | None = None
    completed_at: Utc | None = None
    currency: str | None = None
    summary: dict[str, int] = Field(default_factory=dict[str, int])
    decisions: tuple[Decision, ...] = ()


RUN: Endpoint[StartRun, RunStarted] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/ads/optimizer/run",
    request=StartRun,
    reply=RunStarted,
    scope="ads:write:optimizer_trigger",
    rate="long-running",
    keyed=True,
    statuses=(202,),
    codes=("AUTHORITY_DENIED",),
    source="layers-api: ads/optimizer/run",
)
GET_RUN: Endpoint[GetRun, Run] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/ads/optimizer/runs/{runId}",
    request=GetRun,
    reply=Run,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/optimizer/run names the route",
)
