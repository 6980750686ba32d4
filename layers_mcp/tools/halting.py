"""The switch: no writes to a project, or to any, until a person lets them through again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from pydantic import Field, JsonValue

from layers_mcp.contract import projects
from layers_mcp.contract.errors import Conflict, Invalid, LayersError, NotFound
from layers_mcp.contract.projects import GetProject
from layers_mcp.contract.scalars import Id, Utc
from layers_mcp.store.rows import EVERY, Halt
from layers_mcp.tool import canceling, paused, pausing
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paused import stopped
from layers_mcp.tool.pausing import Turned
from layers_mcp.tool.size import fitting

__all__ = ["halt"]

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
    """How writes stand now, and what was canceled, paused and started; of what was canceled the first of each kind are named."""

    halted: bool
    project_id: str | None = None
    since: Utc | None = None
    canceled_posts: tuple[str, ...] = ()
    canceled_jobs: tuple[str, ...] = ()
    not_canceled: tuple[str, ...] = ()
    paused: Turned | None = None
    started: Turned | None = None
    not_known: tuple[str, ...] = Field(default=(), description="May be canceled, or not: the answers were lost.")


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


def _since(held: Halt) -> str:
    return f"{'by a person ' if held.by == 'person' else ''}since {held.at.isoformat(timespec='seconds')}"


def _held_words(request: HaltArguments, call: Call) -> str:
    """How writes to just this stand; the other hold is another matter."""
    held = call.switch.holds(request.project_id)
    return "writes go through" if held is None else f"halted {_since(held)}"


def _all_held(request: HaltArguments, call: Call) -> Halt | None:
    """The hold on all projects, which outlasts the resuming of one."""
    return None if request.project_id is None else call.switch.held(())


def _reduced(shown: Shown) -> Shown:
    """The preview with as many things as fit; the yes is bound to all of them, as what is not shown is stopped too."""
    fit = fitting(shown.items)
    if len(fit) == len(shown.items):
        return shown
    question = f"{shown.question} ({len(shown.items) - len(fit)} more campaigns are paused too, and not shown.)"
    over: dict[str, JsonValue] = {**shown.digest_over, "all": [[one.id, one.before, one.after] for one in shown.items]}
    return replace(shown, question=question, items=fit, digest_over=over)


def _resumes(request: HaltArguments, call: Call) -> ShownItem:
    """The hold itself, and whether anything goes through once it is lifted."""
    over = _all_held(request, call)
    after = "writes go through" if request.project_id else "writes go through, but to projects that are halted one by one"
    if over is not None:
        after = f"writes stay refused: all projects stay halted, {_since(over)}"
    return ShownItem(id=request.project_id or "all", before=_held_words(request, call), after=after, facts={})


async def _shown_resume(request: HaltArguments, call: Call) -> Shown:
    """What is let through, and each campaign that is started; what does not fit is not started, and said to be left."""
    held, over = call.switch.holds(request.project_id), _all_held(request, call)
    by_person = any(one is not None and one.by == "person" for one in (held, over))
    items, question = [_resumes(request, call)], f"Let writes to {_what(request)} through again"
    if request.project_id is None or request.pause_ads:
        return Shown(question=f"{question}?", items=tuple(items), by_person=by_person)
    known = await stopped(request.project_id, call)
    if over is not None:
        stays = f" All projects stay halted, so nothing is started: {len(known)} campaigns stay paused." if known else ""
        return Shown(question=f"{question}?{stays}", items=tuple(items), by_person=by_person)
    fit = fitting([*items, *await pausing.shown_starts(request.project_id, known, call)])
    rest = len(known) - len(fit) + 1
    question += f", and start {len(fit) - 1} of the campaigns that halt paused" if rest else ""
    question += f", and start the {len(known)} campaigns that halt paused" if known and not rest else ""
    left = f" ({rest} more stay paused; the next resume offers them.)" if rest else ""
    return Shown(question=f"{question}?{left}", items=fit, by_person=by_person)


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
    going = await canceling.going(request.project_id, call) if request.cancel else None
    items = [ShownItem(id=request.project_id, before=_held_words(request, call), after="halted", facts=going.facts if going else {})]
    over: dict[str, JsonValue] = {"going": [*going.posts, *going.jobs]} if going else {}
    more = f" and {going.words}" if going else ""
    if request.pause_ads:
        with suppress(LayersError):  # what can't be read holds no pause up
            await stopped(request.project_id, call)  # what somebody started since is none of halt's any more
        known, spent = await pausing.running(request.project_id, call), await pausing.spent_today(request.project_id, call)
        items += await pausing.shown_pauses(request.project_id, known, spent, call)
        more += f" and pause {len(known)} campaigns (all ads spent {spent.words} today)"
    return _reduced(Shown(question=f"Halt {_what(request)}{more}?", items=tuple(items), digest_over=over, unbound=_SPENT))


def _turned_words(turned: Turned | None, done: str) -> str:
    if turned is None:
        return ""
    words = f" Campaigns {done}: {len(turned.done)}."
    words += f" Asked for, and not {done} yet: {len(turned.asked)}; review_pending_action shows them." if turned.asked else ""
    words += f" Not {done}: {len(turned.left)}." if turned.left else ""
    lost = f" Not known of {len(turned.not_known)}, see notKnown: the preview of the same call shows how they stand."
    return words + (lost if turned.not_known else "")


def _halted_words(request: HaltArguments, view: Halted, canceled: str) -> str:
    what = "this project" if request.project_id is not None else "all projects"
    kept = "" if request.cancel else " What is scheduled or runs goes on; cancel=true stops it."
    ads = "" if request.pause_ads else " Ads go on; pauseAds=true pauses them."
    return f"Writes to {what} are refused from now on; reading works.{canceled}{_turned_words(view.paused, 'paused')}{kept}{ads}"


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


def _resumed_words(request: HaltArguments, held: Halt | None, started: Turned | None, rest: int) -> str:
    """How writes stand after a resuming, and which campaigns run."""
    what = "this project" if request.project_id is not None else "all projects"
    if held is None:
        but = "" if request.project_id is not None else ", but to those that are halted one by one"
        left = f" {rest} campaigns that halt paused stay paused: the same call again offers them." if rest else ""
        return f"Writes to {what} go through again{but}.{_turned_words(started, 'started')}{left}"
    left = f" Nothing was started: {rest} campaigns that halt paused stay paused; resume this project again after that." if rest else ""
    if held.project_id != EVERY:
        return f"{what.capitalize()} was halted anew meanwhile, {_since(held)}: writes stay refused.{left}"
    way = (
        "a person lifts that: layers-mcp resume --all"
        if held.by == "person"
        else "halt with resume=true and no projectId asks to lift that"
    )
    return f"The halt of {what} is lifted. All projects are still halted, {_since(held)}, so writes stay refused; {way}.{left}"


def _unpaused(request: HaltArguments, view: Halted, canceled: str, problem: LayersError) -> Outcome[Halted]:
    """The halt stands, and what was canceled is; no campaign was found to pause."""
    words = f"No ads were paused, as the campaigns can't be read now ({problem.wire_code}): they go on spending."
    again = request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"})
    step = Next(tool="halt", arguments=again, why="Pause the ads, with a yes, once they can be read.")
    say = f"Writes to {_what(request)} are refused from now on.{canceled} {words}"
    return Outcome(say=say, status="failed", result=view, next=(step,))


async def _resumed(request: HaltArguments, call: Call) -> Outcome[Halted]:
    """Lift the hold, and start what was shown, unless another hold is on it."""
    project = request.project_id
    known = [] if project is None or request.pause_ads else await stopped(project, call)
    if not call.switch.lift(project, by=call.by):
        raise Conflict(f"{_what(request)}: a person halted it, and only a person's yes lets writes through again")
    held = call.switch.held([project] if project is not None else [])
    offered = [one for one in known if held is None and one.campaign_id in call.shown]
    started = await pausing.start(project, offered, call) if project is not None and offered else None
    view = Halted(halted=held is not None, project_id=project, since=held.at if held else None, started=started)
    rest = len(known) - len(offered)
    again: dict[str, JsonValue] = {"projectId": project, "resume": True}
    step = Next(tool="halt", arguments=again, why="Start the campaigns that halt paused and that still are, with a yes.")
    return Outcome(say=_resumed_words(request, held, started, rest), result=view, next=(step,) if rest and held is None else ())


@tool(
    calls=(projects.GET, *canceling.CALLS, *pausing.CALLS, *paused.CALLS),
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
    canceled = await canceling.cancel(request.project_id, call) if request.cancel and request.project_id is not None else None
    view = view.model_copy(update=canceled.fields if canceled else {})
    if request.pause_ads and request.project_id is not None:
        try:
            known = await pausing.running(request.project_id, call)
        except LayersError as problem:
            return _unpaused(request, view, canceled.words if canceled else "", problem)
        view = view.model_copy(update={"paused": await pausing.pause(request.project_id, known, call)})
    arguments: dict[str, JsonValue] = {"resume": True}
    if request.project_id is not None:
        arguments["projectId"] = request.project_id
    step = Next(tool="halt", arguments=arguments, why="Let writes through again, with a yes.")
    say = _halted_words(request, view, canceled.words if canceled else "")
    return Outcome(say=say + unseen, result=view, next=(step,))
