"""The optimizer by hand: a run of it, and the actions that it asks about."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.contract import ads_authority, ads_optimizer, ads_pending, jobs
from layers_mcp.contract.ads import PATH_OF, AdPlatform, PathPlatform
from layers_mcp.contract.ads_authority import GetDefaults
from layers_mcp.contract.ads_optimizer import Decision, GetRun, StartRun
from layers_mcp.contract.ads_pending import ApprovePending, ListPending, PendingAction, RejectPending, Reviewed
from layers_mcp.contract.errors import Invalid, NotFound
from layers_mcp.contract.scalars import Id, wire_time
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.size import fitting
from layers_mcp.tool.waiting import resume, wait_job

__all__ = ["review_pending_action", "run_optimizer"]

_PLATFORMS: tuple[PathPlatform, ...] = ("meta", "tiktok", "apple")
Words = Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class RunOptimizerArguments(Control):
    """Arguments of run_optimizer."""

    project_id: Id = Field(description="The project.")
    platform: AdPlatform = Field(description="The platform whose ads to look at.")
    dry_run: bool = Field(default=True, description="false acts, as far as the authority lets it.")
    wait_seconds: int | None = Field(default=None, ge=0, le=900, description="Wait no longer than this.")


class RunView(View):
    """A run and what it decided; `proposals` leaves out the holds."""

    run_id: str
    status: str
    dry_run: bool
    summary: dict[str, int]
    proposals: tuple[Decision, ...] = ()


async def show_run(request: RunOptimizerArguments, call: Call) -> Shown | None:
    """What a real run may do, by the authority of the layer; a dry run needs no yes."""
    if request.dry_run:
        return None
    asked = GetDefaults(project_id=request.project_id, platform=PATH_OF[request.platform])
    layer = await call.layers.send(ads_authority.GET_DEFAULTS, asked)
    buckets: dict[str, JsonValue] = {**layer.defaults.model_dump()}
    facts: dict[str, JsonValue] = {"defaults": buckets, "killSwitchActive": layer.kill_switch_active}
    item = ShownItem(
        id=layer.layer_id,
        before="the next run comes by itself within 6 hours",
        after="a run now: on axes that are auto it pauses ads and changes budgets at once; on draft it asks; approved actions go out",
        facts=facts,
    )
    return Shown(question=f"Run the optimizer on {request.platform} of project {request.project_id} now, for real?", items=(item,))


@tool(
    calls=(ads_authority.GET_DEFAULTS, ads_optimizer.RUN, ads_optimizer.GET_RUN, jobs.GET),
    effect=Effect.SPEAKS,
    ask=show_run,
)
async def run_optimizer(request: RunOptimizerArguments, call: Call) -> Outcome[RunView]:
    """Let the ads optimizer look now; takes minutes. A dry run (the default) only says what it would do; a real one asks first."""
    asked = GetDefaults(project_id=request.project_id, platform=PATH_OF[request.platform])
    layer = await call.layers.send(ads_authority.GET_DEFAULTS, asked)
    start = StartRun(project_id=request.project_id, layer_id=layer.layer_id, platform=request.platform, dry_run=request.dry_run)
    started = await call.layers.send(ads_optimizer.RUN, start, key=call.key)
    call.begun("job", started.job_id, request.project_id)
    job = await wait_job(call, started.job_id, request.wait_seconds)
    run = await call.layers.send(ads_optimizer.GET_RUN, GetRun(project_id=request.project_id, run_id=started.run_id))
    made = fitting([one for one in run.decisions if one.action != "hold"])
    view = RunView(run_id=run.run_id, status=run.status, dry_run=request.dry_run, summary=run.summary, proposals=made)
    if not job.over:
        return Outcome(
            say=f"Run {run.run_id} is still going on.",
            status="running",
            result=view,
            next=(resume(request.wait_seconds, jobId=job.job_id),),
        )
    if job.status != "completed":
        return Outcome(say=f"Run {run.run_id} is {job.status}.", status="failed", result=view)
    words = "would do" if request.dry_run else "decided on"
    return Outcome(say=f"Run {run.run_id} {words} {len(made)} things beside holds.", result=view)


class ReviewPendingActionArguments(Control):
    """Arguments of review_pending_action."""

    project_id: Id = Field(description="The project.")
    pending_id: Id = Field(description="The action (pa_…).")
    decision: Literal["approve", "reject"] = Field(default="approve", description="reject turns it down.")
    comment: Words | None = Field(default=None, description="Kept with an approval.")
    reason: Words | None = Field(default=None, description="Why; required with reject.")


class ReviewedView(View):
    """The action after its decision."""

    action: Reviewed


async def _find(request: ReviewPendingActionArguments, call: Call) -> tuple[PathPlatform, PendingAction]:
    """The action that waits, and the platform whose queue it is in."""
    for platform in _PLATFORMS:
        cursor: str | None = None
        while True:
            wanted = {"project_id": request.project_id, "platform": platform, "limit": 200} | ({"cursor": cursor} if cursor else {})
            page = await call.layers.send(ads_pending.LIST, ListPending.model_validate(wanted))
            found = next((one for one in page.items if one.pending_id == request.pending_id), None)
            if found is not None:
                return platform, found
            cursor = page.next_cursor
            if cursor is None:
                break
    raise NotFound(f"no action {request.pending_id} waits for a decision in project {request.project_id}")


def _check(request: ReviewPendingActionArguments) -> None:
    issues: list[JsonValue] = []
    if request.decision == "reject" and request.reason is None:
        issues.append({"path": "reason", "message": "is required with decision=reject"})
    if request.decision == "approve" and request.reason is not None:
        issues.append({"path": "reason", "message": "goes with decision=reject; an approval takes comment"})
    if request.decision == "reject" and request.comment is not None:
        issues.append({"path": "comment", "message": "goes with an approval; a rejection takes reason"})
    if issues:
        raise Invalid("review_pending_action got arguments that don't fit together", details={"issues": issues})


async def show_action(request: ReviewPendingActionArguments, call: Call) -> Shown:
    """The action with its reason and both values, as the queue has it.

    Raises:
        Invalid: comment and reason don't fit the decision.
        NotFound: nothing of this id waits.
    """
    _check(request)
    platform, one = await _find(request, call)
    facts: dict[str, JsonValue] = {"action": one.action_type, "on": one.entity_type, "entityId": one.entity_id, "name": one.entity_name}
    facts |= {"from": one.current_value, "to": one.new_value, "rationale": one.rationale, "platform": platform}
    facts |= {"expiresAt": wire_time(one.expires_at)} if one.expires_at else {}
    after = "approved: carried out at the optimizer's next tick" if request.decision == "approve" else "rejected for good"
    item = ShownItem(id=one.pending_id, before="waits for a decision", after=after, facts=facts)
    return Shown(question=f"{request.decision.capitalize()} action {one.pending_id} on {platform} ads?", items=(item,))


@tool(calls=(ads_pending.LIST, ads_pending.APPROVE, ads_pending.REJECT), effect=Effect.SPEAKS, ask=show_action)
async def review_pending_action(request: ReviewPendingActionArguments, call: Call) -> Outcome[ReviewedView]:
    """Approve or reject one action that the ads optimizer asks about. Without confirm it only shows the action and a handle.

    An approval spends or stops money at the next tick; use it only after the user has seen the preview.
    """
    platform, _ = await _find(request, call)
    named = {"project_id": request.project_id, "platform": platform, "pending_id": request.pending_id}
    if request.decision == "approve":
        words = {"comment": request.comment} if request.comment else {}
        done = await call.layers.send(ads_pending.APPROVE, ApprovePending.model_validate(named | words), key=call.key)
    else:
        rejected = RejectPending.model_validate(named | {"reason": request.reason})
        done = await call.layers.send(ads_pending.REJECT, rejected, key=call.key)
    step = Next(
        tool="explain_decision",
        arguments={"projectId": request.project_id, "decisionId": request.pending_id},
        why="See what became of it, after the next tick.",
    )
    return Outcome(say=f"Action {done.pending_id} is {done.status}.", result=ReviewedView(action=done), next=(step,))
