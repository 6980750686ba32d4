"""The optimizer by hand: a run of it, and the actions that it asks about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.client.pages import asking, every
from layers_mcp.contract import ad_accounts, ads, ads_authority, ads_optimizer, ads_pending, jobs
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads import PATH_OF, AdPlatform, Campaign
from layers_mcp.contract.ads_authority import CampaignAuthority, Defaults, GetAuthority, GetDefaults
from layers_mcp.contract.ads_optimizer import Decision, GetRun, Run, RunStarted, StartRun
from layers_mcp.contract.ads_pending import ApprovePending, PendingAction, PendingStatus, RejectPending, Reviewed
from layers_mcp.contract.errors import Invalid, LayersError, NotFound
from layers_mcp.contract.jobs import Job
from layers_mcp.contract.scalars import Id, wire_time
from layers_mcp.loops.decided import named
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.size import fitting
from layers_mcp.tool.waiting import resume, wait_job

__all__ = ["review_pending_action", "run_optimizer"]

_MOST_CAMPAIGNS, _AT_ONCE = 50, 6
"""Campaigns whose own authority is read before a run; ours."""
SKEW = timedelta(seconds=30)
"""A run that began no longer than this before it was asked for is the one that was asked for; ours."""
_PAGE, _PAGES = 200, 25
"""At most five thousand actions of each status and platform are looked through; ours."""
_OVER: tuple[PendingStatus, ...] = ("approved", "rejected", "dispatched", "dispatch_failed")
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
    returned: int = 0
    left_out: int = 0


async def _own_authorities(call: Call, request: RunOptimizerArguments, layer: Defaults) -> tuple[list[JsonValue], int]:
    """Campaigns whose authority is not the layer's, with it; and how many more there are that were not looked at."""
    status = ("active", "paused", "in_review")
    ask = asking(call.layers, ads.CAMPAIGNS, project_id=request.project_id, platforms=(request.platform,), status=status, limit=_PAGE)
    found = await every(ask, pages=_PAGES)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def authority(one: Campaign) -> CampaignAuthority:
        asked = GetAuthority(project_id=request.project_id, platform=PATH_OF[request.platform], campaign_id=one.campaign_id)
        async with gate:
            return await call.layers.send(ads_authority.GET, asked)

    looked = found[:_MOST_CAMPAIGNS]
    known = await asyncio.gather(*(authority(one) for one in looked))
    differ: list[JsonValue] = [
        {"campaignId": one.campaign_id, "name": one.name, **its.authority.model_dump()}
        for one, its in zip(looked, known, strict=True)
        if its.authority != layer.defaults
    ]
    return differ, len(found) - len(looked)


async def show_run(request: RunOptimizerArguments, call: Call) -> Shown | None:
    """What a real run may do, by the authority of the layer and of campaigns that have their own; a dry run needs no yes."""
    if request.dry_run:
        return None
    asked = GetDefaults(project_id=request.project_id, platform=PATH_OF[request.platform])
    layer = await call.layers.send(ads_authority.GET_DEFAULTS, asked)
    differ, more = await _own_authorities(call, request, layer)
    buckets: dict[str, JsonValue] = {**layer.defaults.model_dump()}
    facts: dict[str, JsonValue] = {"defaults": buckets, "killSwitchActive": layer.kill_switch_active, "campaignsWithTheirOwn": differ}
    facts |= {"campaignsNotLookedAt": more} if more else {}
    before = "the next run comes by itself within 6 hours"
    after = "a run now: on axes that are auto it pauses ads and changes budgets at once; on draft it asks; approved actions go out"
    after += f"; campaigns that go by an authority of their own instead of the defaults: {len(differ)}" if differ else ""
    after += f"; campaigns that were not looked at and may have their own: {more}" if more else ""
    if layer.kill_switch_active:
        before = "the customer's kill switch is on: nothing of this layer is changed"
        after = "Layers denies a real run while the kill switch is on, which only the customer turns off; a dry run still tells"
    item = ShownItem(id=layer.layer_id, before=before, after=after, facts=facts)
    return Shown(question=f"Run the optimizer on {request.platform} of project {request.project_id} now, for real?", items=(item,))


def _after_run(request: RunOptimizerArguments, decided: Iterable[Decision]) -> tuple[Next, ...]:
    """How a real run goes on: its reasons, and the first of the questions it asked."""
    if request.dry_run:
        return ()
    of_it: dict[str, JsonValue] = {"projectId": request.project_id}
    steps = (Next(tool="explain_decision", arguments=of_it, why="See what the optimizer decided and why."),)
    asked = next((one.pending_id for one in decided if one.pending_id and one.outcome == "pending"), None)
    if asked is None:
        return steps
    why = "Preview the approval of the first thing it asks, if the user wants it."
    return (*steps, Next(tool="review_pending_action", arguments=of_it | {"pendingId": asked}, why=why))


async def _ran(request: RunOptimizerArguments, started: RunStarted, call: Call) -> tuple[Job, Run]:
    """The run when it is over, or as it stands when the wait ends; what can't be read of one that was perhaps started before is unknown."""
    try:
        job = await wait_job(call, started.job_id, request.wait_seconds)
        return job, await call.layers.send(ads_optimizer.GET_RUN, GetRun(project_id=request.project_id, run_id=started.run_id))
    except LayersError as problem:
        problem.unsure = call.again and not request.dry_run
        raise


def _earlier(request: RunOptimizerArguments, view: RunView) -> Outcome[RunView]:
    """The end of an act that went on with one of before: Layers gave the run of then back (layers-api: operational/idempotency)."""
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})
    step = Next(tool="run_optimizer", arguments=again, why="Ask the person anew, if it shall run once more.")
    say = f"An earlier yes had started run {view.run_id}, which is {view.status}. Nothing was started now: that takes a new yes."
    return Outcome(say=say, status="needs_action", result=view, next=(step,))


@tool(
    calls=(ads_authority.GET_DEFAULTS, ads_authority.GET, ads.CAMPAIGNS, ads_optimizer.RUN, ads_optimizer.GET_RUN, jobs.GET),
    effect=Effect.SPEAKS,
    ask=show_run,
    look=lambda request: Look("explain_decision", {"projectId": request.project_id}),
)
async def run_optimizer(request: RunOptimizerArguments, call: Call) -> Outcome[RunView]:
    """Let the ads optimizer look now; takes minutes. A dry run (the default) only says what it would do; a real one asks first."""
    asked = GetDefaults(project_id=request.project_id, platform=PATH_OF[request.platform])
    layer = await call.layers.send(ads_authority.GET_DEFAULTS, asked)
    start = StartRun(project_id=request.project_id, layer_id=layer.layer_id, platform=request.platform, dry_run=request.dry_run)
    now = call.now()
    started = await call.layers.send(ads_optimizer.RUN, start, key=call.key)
    call.begun("job", started.job_id, request.project_id)
    job, run = await _ran(request, started, call)
    decided = [one for one in run.decisions if one.action != "hold"]
    made = fitting(decided)
    counts = {"returned": len(made), "left_out": len(decided) - len(made)}
    view = RunView(run_id=run.run_id, status=run.status, dry_run=request.dry_run, summary=run.summary, proposals=made, **counts)
    if not job.over:
        step = resume(request.wait_seconds, jobId=job.job_id)
        return Outcome(say=f"Run {run.run_id} is still going on.", status="running", result=view, next=(step,))
    if call.again and not request.dry_run and (run.started_at is None or run.started_at < now - SKEW):
        return _earlier(request, view)
    if job.status != "completed":
        return Outcome(say=f"Run {run.run_id} is {job.status}.", status="failed", result=view)
    words = "would do" if request.dry_run else "decided on"
    things = f"{len(decided)} thing{'' if len(decided) == 1 else 's'}"
    return Outcome(say=f"Run {run.run_id} {words} {things} beside holds.", result=view, next=_after_run(request, decided))


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


async def _queued(request: ReviewPendingActionArguments, call: Call, status: PendingStatus) -> tuple[AdPlatform, PendingAction] | None:
    """The action of this id among those of a status, and the platform whose queue it is in."""
    for platform, path in PATH_OF.items():
        ask = asking(call.layers, ads_pending.LIST, project_id=request.project_id, platform=path, status=status, limit=_PAGE)
        found = next((one for one in await every(ask, pages=_PAGES) if named(request.pending_id, one.pending_id)), None)
        if found is not None:
            return platform, found
    return None


def _why_not(one: PendingAction | None, call: Call) -> str:
    """Why an action waits for nobody."""
    if one is None:
        return "is no action of this project; explain_decision lists those that wait"
    if one.status == "rejected" and one.expires_at is not None and one.expires_at <= call.now():
        return f"was turned down, or lapsed unanswered at {wire_time(one.expires_at)}; explain_decision tells what is on record"
    how = {"approved": "is approved already and goes out at the next tick", "rejected": "is turned down already"}
    how |= {"dispatched": "is carried out already", "dispatch_failed": "was approved and could not be carried out"}
    return f"{how[one.status]}; explain_decision tells what became of it"


async def _find(request: ReviewPendingActionArguments, call: Call) -> tuple[AdPlatform, PendingAction]:
    """The action that waits, and the platform whose queue it is in.

    Raises:
        NotFound: nothing of this id waits; it says whether it was answered or is unknown, as far as the queue tells.
    """
    if (waits := await _queued(request, call, "pending")) is not None:
        return waits
    over: PendingAction | None = None
    for status in _OVER:
        if (seen := await _queued(request, call, status)) is not None:
            over = seen[1]
            break
    why = _why_not(over, call)
    issue: JsonValue = {"path": "pendingId", "message": why}
    details: dict[str, JsonValue] = {"issues": [issue]}
    if over is not None:
        details["status"] = over.status
    raise NotFound(f"pendingId {request.pending_id} {why}", details=details)


async def _currency(call: Call, project_id: str, platform: AdPlatform) -> str:
    """The currency of the platform's accounts; in words where they have several."""
    page = await call.layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id, platforms=(platform,)))
    known = {one.currency for one in page.items}
    return next(iter(known)) if len(known) == 1 else "that of its ad account"


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
    currency = await _currency(call, request.project_id, platform)
    facts: dict[str, JsonValue] = {"action": one.action_type, "on": one.entity_type, "entityId": one.entity_id, "name": one.entity_name}
    facts |= {"from": one.current_value, "to": one.new_value, "currency": currency, "rationale": one.rationale}
    facts["platform"] = PATH_OF[platform]
    facts |= {"expiresAt": wire_time(one.expires_at)} if one.expires_at else {}
    facts |= {name: given for name, given in (("comment", request.comment), ("reason", request.reason)) if given}
    after = "approved: carried out at the optimizer's next tick" if request.decision == "approve" else "rejected for good"
    item = ShownItem(id=one.pending_id, before="waits for a decision", after=after, facts=facts)
    return Shown(question=f"{request.decision.capitalize()} action {one.pending_id} on {PATH_OF[platform]} ads?", items=(item,))


@tool(
    calls=(ads_pending.LIST, ads_pending.APPROVE, ads_pending.REJECT, ad_accounts.ACCOUNTS),
    effect=Effect.SPEAKS,
    ask=show_action,
    look=lambda request: Look("explain_decision", {"projectId": request.project_id, "decisionId": request.pending_id}),
)
async def review_pending_action(request: ReviewPendingActionArguments, call: Call) -> Outcome[ReviewedView]:
    """Approve or reject one action that the ads optimizer asks about. Without confirm it only shows the action and a handle.

    An approval spends or stops money at the next tick; use it only after the user has seen the preview.
    """
    platform, one = await _find(request, call)
    action = {"project_id": request.project_id, "platform": PATH_OF[platform], "pending_id": one.pending_id}
    if request.decision == "approve":
        words = {"comment": request.comment} if request.comment else {}
        done = await call.layers.send(ads_pending.APPROVE, ApprovePending.model_validate(action | words), key=call.key)
    else:
        rejected = RejectPending.model_validate(action | {"reason": request.reason})
        done = await call.layers.send(ads_pending.REJECT, rejected, key=call.key)
    step = Next(
        tool="explain_decision",
        arguments={"projectId": request.project_id, "decisionId": one.pending_id},
        why="See what became of it, after the next tick.",
    )
    return Outcome(say=f"Action {done.pending_id} is {done.status}.", result=ReviewedView(action=done), next=(step,))
