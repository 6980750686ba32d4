"""The switch: no writes to a project, or to any, until a person lets them through again."""

from __future__ import annotations

from collections.abc import Awaitable

from pydantic import Field, JsonValue

from layers_mcp.contract import jobs, projects, publishing
from layers_mcp.contract.errors import Invalid, LayersError
from layers_mcp.contract.jobs import CancelJob, GetJob
from layers_mcp.contract.projects import GetProject
from layers_mcp.contract.publishing import CancelPost, GetPost, ListPosts, ScheduledPost
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Page, every

__all__ = ["halt"]

_PAGE, _PAGES = 100, 10
"""A thousand waiting posts are canceled at most; ours. What is left is said."""
_RECENT = 50
"""Of what our calls began, so much is looked through for running jobs; ours."""
_REASON = "canceled with halt"


class HaltArguments(Control):
    """Arguments of halt."""

    project_id: Id | None = Field(default=None, description="Without it: all projects, which needs a yes.")
    resume: bool = Field(default=False, description="Let writes through again; needs a yes.")
    cancel: bool = Field(default=False, description="Also cancel waiting posts and running jobs; needs a yes.")


class Halted(View):
    """How writes stand now, and what was canceled."""

    halted: bool
    project_id: str | None = None
    since: Utc | None = None
    canceled_posts: tuple[str, ...] = ()
    canceled_jobs: tuple[str, ...] = ()
    not_canceled: tuple[str, ...] = ()
    not_known: tuple[str, ...] = Field(default=(), description="May be canceled, or not: the answers were lost.")


async def _waiting_posts(project_id: str, call: Call) -> list[ScheduledPost]:
    """The project's posts that are not out yet."""

    def ask(cursor: str | None) -> Awaitable[Page[ScheduledPost]]:
        wanted = {"project_id": project_id, "status": ["queued"], "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(publishing.LIST, ListPosts.model_validate(wanted))

    return await every(ask, pages=_PAGES)


async def _running_jobs(project_id: str, call: Call) -> list[str]:
    """The jobs that our own calls began for the project and that still run; the API lists no others."""
    begun = [one.id for one in call.switch.recent(project_id=project_id, limit=_RECENT) if one.kind == "job"]
    found = [await call.layers.send(jobs.GET, GetJob(job_id=one)) for one in begun]
    return [job.job_id for job in found if not job.over]


async def _to_cancel(project_id: str, call: Call) -> dict[str, JsonValue]:
    posts, running = await _waiting_posts(project_id, call), await _running_jobs(project_id, call)
    return {"waitingPosts": [post.id for post in posts], "runningJobs": list(running)}


async def show_halt(request: HaltArguments, call: Call) -> Shown | None:
    """What would be let through, canceled, or held back everywhere; None when only one project is held back.

    Raises:
        Invalid: `resume` and `cancel` together, or `cancel` without a project.
    """
    if request.cancel and (request.resume or request.project_id is None):
        path, message = ("resume", "does not go with cancel") if request.resume else ("projectId", "is required with cancel")
        raise Invalid("halt got arguments that don't fit together", details={"issues": [{"path": path, "message": message}]})
    if request.project_id is not None:
        await call.layers.send(projects.GET, GetProject(project_id=request.project_id))
    what = f"project {request.project_id}" if request.project_id is not None else "all projects"
    held = call.switch.held([request.project_id] if request.project_id is not None else [])
    before = "writes go through" if held is None else f"halted since {held.at.isoformat(timespec='seconds')}"
    if request.resume:
        item = ShownItem(id=request.project_id or "all", before=before, after="writes go through", facts={})
        return Shown(question=f"Let writes to {what} through again?", items=(item,))
    if request.project_id is not None and not request.cancel:
        return None
    facts = await _to_cancel(request.project_id, call) if request.cancel and request.project_id is not None else {}
    item = ShownItem(id=request.project_id or "all", before=before, after="halted", facts=facts)
    more = " and cancel what waits and runs" if request.cancel else ""
    return Shown(question=f"Halt {what}{more}?", items=(item,))


async def _post_gone(post_id: str, call: Call) -> bool:
    """Whether a post whose cancellation was not answered shows as canceled."""
    try:
        seen = await call.layers.send(publishing.GET, GetPost(scheduled_post_id=post_id))
    except LayersError:
        return False
    if seen.status == "canceled":
        call.sent.seen(call.key_for(post_id))
    return seen.status == "canceled"


async def _canceled(project_id: str, call: Call) -> dict[str, tuple[str, ...]]:
    """Cancel what waits and runs; what can't be canceled any more is named."""
    posts: list[str] = []
    stopped: list[str] = []
    left: list[str] = []
    lost: list[str] = []
    for post in await _waiting_posts(project_id, call):
        try:
            await call.layers.send(publishing.CANCEL, CancelPost(scheduled_post_id=post.id, reason=_REASON), key=call.key_for(post.id))
            posts.append(post.id)
        except LayersError as problem:
            if problem.unsure and await _post_gone(post.id, call):
                posts.append(post.id)
            else:
                (lost if problem.unsure else left).append(post.id)
    for job_id in await _running_jobs(project_id, call):
        try:
            answer = await call.layers.send(jobs.CANCEL, CancelJob(job_id=job_id), key=call.key_for(job_id))
            (stopped if answer.accepted else left).append(job_id)
        except LayersError as problem:
            (lost if problem.unsure else left).append(job_id)
    return {"canceled_posts": tuple(posts), "canceled_jobs": tuple(stopped), "not_canceled": tuple(left), "not_known": tuple(lost)}


def _in_words(request: HaltArguments, view: Halted, *, elsewhere: bool) -> str:
    what = "this project" if request.project_id is not None else "all projects"
    if request.resume:
        also = " All projects are still halted, though." if elsewhere else ""
        return f"Writes to {what} go through again.{also}"
    canceled = f" Canceled: {len(view.canceled_posts)} posts, {len(view.canceled_jobs)} jobs." if request.cancel else ""
    lost = f" Not known of {len(view.not_known)}, see notKnown: a yes to the same call goes on." if view.not_known else ""
    left = f" Not canceled: {len(view.not_canceled)}; see notCanceled." if view.not_canceled else ""
    kept = "" if request.cancel else " What is scheduled or runs goes on; cancel=true stops it."
    return f"Writes to {what} are refused from now on; reading works.{canceled}{left}{lost}{kept}"


@tool(
    calls=(projects.GET, publishing.LIST, publishing.GET, publishing.CANCEL, jobs.GET, jobs.CANCEL),
    effect=Effect.REMOVES,
    ask=show_halt,
    halts=True,
    look=lambda request: Look("halt", request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})),
)
async def halt(request: HaltArguments, call: Call) -> Outcome[Halted]:
    """Stop: refuse every write to a project until it is resumed. For one project it works at once, without a yes."""
    mine = [request.project_id] if request.project_id is not None else []
    if request.resume:
        call.switch.lift(request.project_id)
        held = call.switch.held(mine)
        view = Halted(halted=held is not None, project_id=request.project_id, since=held.at if held else None)
        return Outcome(say=_in_words(request, view, elsewhere=held is not None), result=view)
    call.switch.hold(request.project_id)
    held = call.switch.held(mine)
    view = Halted(halted=True, project_id=request.project_id, since=held.at if held else None)
    if request.cancel and request.project_id is not None:
        view = view.model_copy(update=await _canceled(request.project_id, call))
    arguments: dict[str, JsonValue] = {"resume": True}
    if request.project_id is not None:
        arguments["projectId"] = request.project_id
    step = Next(tool="halt", arguments=arguments, why="Let writes through again, with a yes.")
    return Outcome(say=_in_words(request, view, elsewhere=False), result=view, next=(step,))
