"""The switch: no writes to a project, or to any, until a person lets them through again."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress

from pydantic import Field, JsonValue

from layers_mcp.contract import jobs, projects, publishing
from layers_mcp.contract.errors import Conflict, Invalid, LayersError, NotFound
from layers_mcp.contract.jobs import CancelJob, GetJob
from layers_mcp.contract.projects import GetProject
from layers_mcp.contract.publishing import CancelPost, GetPost, ListPosts, ScheduledPost
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.tool import pausing
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Page, every
from layers_mcp.tool.pausing import Turned
from layers_mcp.tool.size import fitting

__all__ = ["halt"]

_PAGE, _PAGES = 100, 10
"""A thousand waiting posts are canceled at most; ours. What is left is said."""
_RECENT = 50
"""So many of the jobs that our calls began last are looked at; ours."""
_REASON = "canceled with halt"
_UNSEEN = "of jobs, those that others than this server began are not seen"
_SPENT = frozenset({"spentTodayCents"})
"""A fact that moves on by itself."""


class HaltArguments(Control):
    """Arguments of halt."""

    project_id: Id | None = Field(default=None, description="Default: all.")
    resume: bool = Field(default=False, description="Let writes through; start what halt paused.")
    cancel: bool = Field(default=False, description="Cancel waiting posts and running jobs.")
    pause_ads: bool = Field(default=False, description="Pause campaigns; with resume: leave them so.")

    @property
    def plain(self) -> bool:
        """Whether it only holds one project back, which takes no yes."""
        return self.project_id is not None and not (self.resume or self.cancel or self.pause_ads)


class Halted(View):
    """How writes stand now, and what was canceled, paused and started."""

    halted: bool
    project_id: str | None = None
    since: Utc | None = None
    canceled_posts: tuple[str, ...] = ()
    canceled_jobs: tuple[str, ...] = ()
    not_canceled: tuple[str, ...] = ()
    paused: Turned | None = None
    started: Turned | None = None
    not_known: tuple[str, ...] = Field(default=(), description="May be canceled, or not: the answers were lost.")


async def _waiting_posts(project_id: str, call: Call) -> list[ScheduledPost]:
    """The project's posts that are not out yet."""

    def ask(cursor: str | None) -> Awaitable[Page[ScheduledPost]]:
        wanted = {"project_id": project_id, "status": ["queued"], "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
        return call.layers.send(publishing.LIST, ListPosts.model_validate(wanted))

    return await every(ask, pages=_PAGES)


async def _running_jobs(project_id: str, call: Call) -> list[str]:
    """The jobs that calls of this principal began for the project and that still run; the API lists no others."""
    running: list[str] = []
    for one in call.switch.recent(project_id=project_id, kind="job", limit=_RECENT):
        with suppress(NotFound):  # a job that is not there does not run
            job = await call.layers.send(jobs.GET, GetJob(job_id=one.id))
            running += [] if job.over else [job.job_id]
    return running


async def _to_cancel(project_id: str, call: Call) -> dict[str, JsonValue]:
    posts, running = await _waiting_posts(project_id, call), await _running_jobs(project_id, call)
    return {"waitingPosts": [post.id for post in posts], "runningJobs": list(running)}


def _check(request: HaltArguments) -> None:
    issues: list[JsonValue] = []
    if request.cancel and request.resume:
        issues.append({"path": "resume", "message": "does not go with cancel"})
    elif request.project_id is None and (request.cancel or request.pause_ads):
        issues.append({"path": "projectId", "message": f"is required with {'cancel' if request.cancel else 'pauseAds'}"})
    if issues:
        raise Invalid("halt got arguments that don't fit together", details={"issues": issues})


def _what(request: HaltArguments) -> str:
    return f"project {request.project_id}" if request.project_id is not None else "all projects"


def _held_words(request: HaltArguments, call: Call) -> str:
    """How writes to just this stand; the other hold is another matter."""
    held = call.switch.holds(request.project_id)
    if held is None:
        return "writes go through"
    return f"halted {'by a person ' if held.by == 'person' else ''}since {held.at.isoformat(timespec='seconds')}"


def _bounded(shown: Shown) -> Shown:
    """The preview with as many things as fit; the yes is bound to all of them, and the question says how many are not shown."""
    fit = fitting(shown.items)
    if len(fit) == len(shown.items):
        return shown
    question = f"{shown.question} ({len(shown.items) - len(fit)} more are not shown.)"
    over: dict[str, JsonValue] = {"all": [[one.id, one.before, one.after] for one in shown.items]}
    return Shown(question=question, items=fit, digest_over=over, unbound=shown.unbound, by_person=shown.by_person)


async def _shown_resume(request: HaltArguments, call: Call) -> Shown:
    held = call.switch.holds(request.project_id)
    items = [ShownItem(id=request.project_id or "all", before=_held_words(request, call), after="writes go through", facts={})]
    question = f"Let writes to {_what(request)} through again"
    if request.project_id is not None and not request.pause_ads:
        known = await pausing.stopped(request.project_id, call)
        items += await pausing.shown_starts(request.project_id, known, call)
        question += f", and start the {len(known)} campaigns that halt paused" if known else ""
    return _bounded(Shown(question=f"{question}?", items=tuple(items), by_person=held is not None and held.by == "person"))


async def show_halt(request: HaltArguments, call: Call) -> Shown | None:
    """What would be let through, canceled, paused, started, or held back everywhere; None when only one project is held back.

    Raises:
        Invalid: `resume` and `cancel` together, or `cancel` or `pauseAds` without a project.
    """
    _check(request)
    if request.plain:
        return None
    if request.project_id is not None:
        await call.layers.send(projects.GET, GetProject(project_id=request.project_id))
    if request.resume:
        return await _shown_resume(request, call)
    if request.project_id is None:
        item = ShownItem(id="all", before=_held_words(request, call), after="halted", facts={})
        return Shown(question="Halt all projects?", items=(item,))
    facts = await _to_cancel(request.project_id, call) if request.cancel else {}
    items = [ShownItem(id=request.project_id, before=_held_words(request, call), after="halted", facts=facts)]
    more = f" and cancel what waits and runs ({_UNSEEN})" if request.cancel else ""
    if request.pause_ads:
        known, spent = await pausing.running(request.project_id, call), await pausing.spent_today(request.project_id, call)
        items += await pausing.shown_pauses(request.project_id, known, spent, call)
        more += f" and pause {len(known)} campaigns (all ads spent {spent.words} today)"
    return _bounded(Shown(question=f"Halt {_what(request)}{more}?", items=tuple(items), unbound=_SPENT))


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


def _turned_words(turned: Turned | None, done: str) -> str:
    if turned is None:
        return ""
    words = f" Campaigns {done}: {len(turned.done)}."
    words += f" Asked for, and not {done} yet: {len(turned.asked)}; review_pending_action shows them." if turned.asked else ""
    words += f" Not {done}: {len(turned.left)}." if turned.left else ""
    lost = f" Not known of {len(turned.not_known)}, see notKnown: the preview of the same call shows how they stand."
    return words + (lost if turned.not_known else "")


def _in_words(request: HaltArguments, view: Halted, *, elsewhere: bool) -> str:
    what = "this project" if request.project_id is not None else "all projects"
    if request.resume:
        also = " All projects are still halted, though." if elsewhere else ""
        return f"Writes to {what} go through again.{also}{_turned_words(view.started, 'started')}"
    canceled = f" Canceled: {len(view.canceled_posts)} posts, {len(view.canceled_jobs)} jobs ({_UNSEEN})." if request.cancel else ""
    lost = f" Not known of {len(view.not_known)}, see notKnown: a yes to the same call goes on." if view.not_known else ""
    left = f" Not canceled: {len(view.not_canceled)}; see notCanceled." if view.not_canceled else ""
    kept = "" if request.cancel else " What is scheduled or runs goes on; cancel=true stops it."
    ads = "" if request.pause_ads else " Ads go on; pauseAds=true pauses them."
    return (
        f"Writes to {what} are refused from now on; reading works.{canceled}{left}{lost}{_turned_words(view.paused, 'paused')}{kept}{ads}"
    )


async def _look_up(project_id: str, call: Call, *, was_held: bool) -> str:
    """Whether there is such a project, once it is held back: the brake waits for no answer.

    Raises:
        NotFound: there is none; nothing is held back for it.
    """
    try:
        await call.layers.send(projects.GET, GetProject(project_id=project_id))
    except (NotFound, Invalid):
        if not was_held:
            call.switch.lift(project_id, by=call.by)
        raise
    except LayersError as problem:
        return f" Layers did not say whether there is such a project ({problem.wire_code}); it is held back here all the same."
    return ""


async def _resumed(request: HaltArguments, call: Call) -> Outcome[Halted]:
    known = [] if request.project_id is None or request.pause_ads else await pausing.stopped(request.project_id, call)
    if not call.switch.lift(request.project_id, by=call.by):
        raise Conflict(f"{_what(request)}: a person halted it, and only a person's yes lets writes through again")
    held = call.switch.held([request.project_id] if request.project_id is not None else [])
    started = await pausing.start(request.project_id, known, call) if request.project_id is not None and known else None
    view = Halted(halted=held is not None, project_id=request.project_id, since=held.at if held else None, started=started)
    return Outcome(say=_in_words(request, view, elsewhere=held is not None), result=view)


@tool(
    calls=(projects.GET, publishing.LIST, publishing.GET, publishing.CANCEL, jobs.GET, jobs.CANCEL, *pausing.CALLS),
    effect=Effect.REMOVES,
    ask=show_halt,
    halts=True,
    sets=lambda _: True,
    look=lambda request: Look("halt", request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})),
)
async def halt(request: HaltArguments, call: Call) -> Outcome[Halted]:
    """Stop: refuse every write to a project until resumed. That works at once; all else takes a yes."""
    if request.resume:
        return await _resumed(request, call)
    before = call.switch.holds(request.project_id)
    call.switch.hold(request.project_id, by=call.by)
    unseen = await _look_up(request.project_id, call, was_held=before is not None) if request.plain and request.project_id else ""
    held = call.switch.held([request.project_id] if request.project_id is not None else [])
    view = Halted(halted=True, project_id=request.project_id, since=held.at if held else None)
    if request.cancel and request.project_id is not None:
        view = view.model_copy(update=await _canceled(request.project_id, call))
    if request.pause_ads and request.project_id is not None:
        known = await pausing.running(request.project_id, call)
        view = view.model_copy(update={"paused": await pausing.pause(request.project_id, known, call)})
    arguments: dict[str, JsonValue] = {"resume": True}
    if request.project_id is not None:
        arguments["projectId"] = request.project_id
    step = Next(tool="halt", arguments=arguments, why="Let writes through again, with a yes.")
    return Outcome(say=_in_words(request, view, elsewhere=False) + unseen, result=view, next=(step,))
