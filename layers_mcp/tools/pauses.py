"""Pausing loops: what runs lies down at its next step and nothing new begins, until a person lets it go on."""

from __future__ import annotations

from pydantic import Field, JsonValue

from layers_mcp.contract.errors import Conflict, NotFound
from layers_mcp.contract.projects import ExternalId
from layers_mcp.contract.scalars import Id, Utc, full_project
from layers_mcp.loops.holding import NAMES, Loop, holding, name_of, pauses_at, way_out, words
from layers_mcp.store.rows import LOOPS, ConfirmedBy, Halt
from layers_mcp.tool.advice import refusal_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.runs import office_of, within

__all__ = ["pause_loops", "resume_loops"]

_COUNTED = frozenset({"customers", "runsUnderWay"})
"""Facts that move on by themselves."""
_RESTS = "nothing of it begins, and runs under way lie down at their next step; questions stay open, what is queued at Layers goes out"


class PausingArguments(Control):
    """Arguments of pause_loops and resume_loops."""

    loop: Loop | None = Field(default=None, description="Default: all three.")
    project_id: Id | None = Field(default=None, description="Default: all projects.")
    customer_external_id: ExternalId | None = Field(default=None, description="Or the customer.")


class PauseView(View):
    """One pause that stands: of which loop (loops: all), which project (none: all), by whom and since when."""

    loop: str
    project_id: str | None = None
    by: ConfirmedBy
    since: Utc


class PausesView(View):
    """The pauses that stand for what was asked about."""

    pauses: tuple[PauseView, ...] = ()


def _place(request: PausingArguments, call: Call) -> str | None:
    """The project that is meant, by its whole id, or None for all.

    Raises:
        Invalid: both a project and a customer were given.
        NotFound: there is no such customer, or it has no project yet.
    """
    if request.customer_external_id is None:
        return None if request.project_id is None else full_project(request.project_id)
    if request.project_id is not None:
        raise refusal_of("customerExternalId", "does not go with projectId; give one of them")
    known = office_of(call).customer(request.customer_external_id)
    if known is None or known.project_id is None or not within(call, known.project_id):
        said = "names no customer of the loops with a project; onboard_customer takes one on, and makes that in its first step"
        raise NotFound(f"customerExternalId {said}", details={"issues": [{"path": "customerExternalId", "message": said}]})
    return known.project_id


def _whose(place: str | None) -> str:
    return "all projects" if place is None else f"project {place}"


def _facts(place: str | None, loops: tuple[str, ...], call: Call) -> dict[str, JsonValue]:
    office = office_of(call)
    facts: dict[str, JsonValue] = {"loops": list(loops), "runsUnderWay": office.under_way(loops, place)}
    if place is None:
        return facts | {"customers": office.number()}
    known = office.customer_of(place)
    return facts if known is None else facts | {"customerExternalId": known.external_id}


async def show_pause(request: PausingArguments, call: Call) -> Shown:
    """What will rest, of whom, and what goes on all the same.

    Raises:
        Invalid, NotFound: by name, what does not fit.
    """
    place, what = _place(request, call), request.loop or LOOPS
    held = call.switch.holds(place, what=what) or holding(office_of(call).held(), what, place)
    loops = NAMES if request.loop is None else (request.loop,)
    item = ShownItem(
        id=name_of(place, what),
        before="runs" if held is None else f"rests: {words(held)}",
        after=f"paused: {_RESTS}",
        facts=_facts(place, loops, call),
    )
    touched: frozenset[str] = frozenset(() if place is None else (place,))
    return Shown(question=f"Pause {', '.join(loops)} of {_whose(place)}?", items=(item,), projects=touched, unbound=_COUNTED)


def _still(place: str | None, loop: str, lifted: tuple[Halt, ...], call: Call) -> Halt | None:
    """What keeps a loop from running once these pauses are lifted."""
    return holding([one for one in office_of(call).held() if one not in lifted], loop, place)


def _there(request: PausingArguments, place: str | None, call: Call) -> tuple[Halt, ...]:
    """The pauses that a resuming lifts: those that were made for just this.

    Raises:
        Conflict: there is none; where another holds it, which.
    """
    held = office_of(call).held()
    found = pauses_at(held, request.loop, place)
    if found:
        return found
    other = holding(held, request.loop or LOOPS, place)
    but = "" if other is None else f"; {words(other)}, and {way_out(other)}"
    which = f"{request.loop} of {_whose(place)} is" if request.loop else f"the loops of {_whose(place)} are"
    raise Conflict(f"{which} not paused by that name{but}", details={"state": "not paused"})


async def show_resume(request: PausingArguments, call: Call) -> Shown:
    """Each pause that would be lifted, and whether anything runs then.

    Raises:
        Invalid, NotFound, Conflict: by name, what does not fit.
    """
    place = _place(request, call)
    found = _there(request, place, call)
    items: list[ShownItem] = []
    for one in found:
        loops = NAMES if one.what == LOOPS else (one.what,)
        rests = {loop: still for loop in loops if (still := _still(place, loop, found, call)) is not None}
        runs = "what lies goes on within minutes, and what is due begins, once"
        after = "; ".join(sorted({f"rests all the same: {words(still)}" for still in rests.values()})) if rests else runs
        items.append(ShownItem(id=name_of(place, one.what), before=words(one), after=after, facts=_facts(place, loops, call)))
    which = ", ".join("all loops" if one.what == LOOPS else one.what for one in found)
    return Shown(
        question=f"Let {which} of {_whose(place)} run again?",
        items=tuple(items),
        projects=frozenset(() if place is None else (place,)),
        unbound=_COUNTED,
        by_person=any(one.by == "person" for one in found),
    )


def _view(place: str | None, loop: str | None, call: Call) -> PausesView:
    stand = pauses_at(office_of(call).held(), loop, place)
    return PausesView(pauses=tuple(PauseView(loop=one.what, project_id=place, by=one.by, since=one.at) for one in stand))


def _look(name: str, request: PausingArguments) -> Look:
    return Look(name, request.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"confirm"}))


@tool(
    calls=(),
    effect=Effect.REMOVES,
    ask=show_pause,
    halts=True,
    sets=lambda _: True,
    look=lambda request: _look("pause_loops", request),
)
async def pause_loops(request: PausingArguments, call: Call) -> Outcome[PausesView]:
    """Let loops rest, after a yes: one or all, of one project or all. Nothing new begins, and runs lie down at their next step.

    Your own calls go on; to refuse every write: halt.
    """
    place = _place(request, call)
    call.switch.hold(place, by=call.by, what=request.loop or LOOPS)
    arguments: dict[str, JsonValue] = {} if request.loop is None else {"loop": request.loop}
    arguments |= {} if place is None else {"projectId": place}
    step = Next(tool="resume_loops", arguments=arguments, why="Let them run again, with a yes.")
    say = f"Paused: {request.loop or 'all loops'} of {_whose(place)}. Runs under way end their step and then lie."
    return Outcome(say=say, result=_view(place, request.loop, call), next=(step,))


@tool(
    calls=(),
    effect=Effect.REMOVES,
    ask=show_resume,
    halts=True,
    sets=lambda _: True,
    look=lambda request: _look("resume_loops", request),
)
async def resume_loops(request: PausingArguments, call: Call) -> Outcome[PausesView]:
    """Let loops that pause_loops paused run again, after a yes; what a person paused takes a person's own."""
    place = _place(request, call)
    for one in _there(request, place, call):
        if name_of(place, one.what) in call.shown and not call.switch.lift(place, by=call.by, what=one.what):
            raise Conflict(f"{words(one)}: only a person's yes lets it run again")
    left = holding(office_of(call).held(), request.loop or LOOPS, place)
    say = f"{request.loop or 'All loops'} of {_whose(place)} may run again; what lies goes on within minutes."
    if left is not None:
        say = f"The pause is lifted. Still: {words(left)}; {way_out(left)}."
    return Outcome(say=say, result=_view(place, request.loop, call))
