"""Runs and questions of the loops as a tool shows them: codes and ids, and what a step gave only to who asks for that."""

from __future__ import annotations

from pydantic import Field, JsonValue, TypeAdapter

from layers_mcp.client.fence import Fence
from layers_mcp.client.thing import Progress
from layers_mcp.contract.errors import NotFound, OurMistake
from layers_mcp.contract.scalars import Utc
from layers_mcp.loops.bells import by_people
from layers_mcp.loops.customer import Onboarded
from layers_mcp.loops.holding import way_out, words
from layers_mcp.loops.office import Office
from layers_mcp.loops.onboarding import NAME as ONBOARDING
from layers_mcp.loops.run import Look, Step
from layers_mcp.store.asked import Question
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import Next, Outcome, Status, View
from layers_mcp.tool.words import visible

__all__ = ["OptionView", "QuestionView", "RunCost", "RunView", "StepView", "office_of", "seen", "shown", "wait_run", "within"]

_LOOKS_S = 1.0
_STAGES = {
    "project": 0.05,
    "ingest": 0.1,
    "install": 0.1,
    "sdk": 0.4,
    "accounts": 0.45,
    "batch": 0.5,
    "people": 0.75,
    "plan": 0.95,
    "active": 1.0,
}
"""How far an onboarding is that has come to a step whose name begins so; ours."""
_HALFWAY = 8
"""Of a day's run, which has a dozen steps or a few dozen, so many are taken for half; ours."""
_LIES, _OVER = ("sleeping", "waiting"), ("completed", "failed", "cancelled")
_STATUS: dict[str, Status] = {"completed": "done", "failed": "failed", "cancelled": "canceled"}
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


class OptionView(View):
    """An answer that can be given."""

    word: str = Field(description="Pass it as answer.")
    means: str
    weighs: bool = Field(description="Whether it takes a yes first, as it spends or lets something out.")


class QuestionView(View):
    """What a loop may not decide."""

    question_id: str
    kind: str
    words: str
    project_id: str | None = None
    asked_at: Utc
    options: tuple[OptionView, ...] = Field(description="None: another call answers it, which words names.")
    facts: dict[str, JsonValue]


class StepView(View):
    """One step that is on record."""

    name: str
    ended_at: Utc | None = None
    requests: dict[str, int] = Field(default_factory=dict[str, int], description="Sent to Layers, by rate class.")
    gave: str | None = Field(default=None, description="What came out of it, as JSON, cut to 300 letters.")


class RunCost(View):
    """What the steps on record used, retries included; attempts that laid the run down or died are not counted."""

    requests: dict[str, int] = Field(default_factory=dict[str, int], description="Sent to Layers, by rate class.")
    credits: int = Field(default=0, description="Set aside or charged for what it had made.")
    waited_seconds: float = Field(default=0.0, description="Not in a step: asleep, or in line.")


class RunView(View):
    """A run: what it is, where it stands, and what waits for a person."""

    run_id: str
    loop: str
    state: str
    project_id: str | None = None
    customer_external_id: str | None = None
    began_at: Utc
    ended_at: Utc | None = None
    lies_until: Utc | None = Field(default=None, description="When it looks again by itself.")
    code: str | None = Field(default=None, description="Why it failed, or is held up.")
    held: str | None = Field(default=None, description="Who paused it, or halted writes, since when, and what lets it go on.")
    came: JsonValue = Field(default=None, description="What came of it.")
    steps: tuple[StepView, ...] = ()
    cost: RunCost = RunCost()
    questions: tuple[QuestionView, ...] = ()


def office_of(call: Call) -> Office:
    """The loops' office of this server."""
    if call.office is None:
        raise OurMistake("this server has no loops, and shows a tool for them")
    return call.office


def within(call: Call, project_id: str | None) -> bool:
    """Whether the call may touch a project; what has none yet it may where it may touch all."""
    return not isinstance(call.layers, Fence) or call.layers.holds(project_id)


def shown(question: Question) -> QuestionView:
    """A question."""
    return QuestionView(
        question_id=question.id,
        kind=question.kind,
        words=question.words,
        project_id=question.project_id,
        asked_at=question.asked_at,
        options=tuple(OptionView.model_validate(one.model_dump()) for one in question.options),
        facts=question.facts,
    )


def _step(step: Step, *, full: bool) -> StepView:
    gave = visible(step.came) if full and step.came else None
    return StepView(name=step.name, ended_at=step.ended_at, requests=dict(step.requests), gave=gave)


def _view(look: Look, open_: tuple[Question, ...], *, full: bool) -> RunView:
    row = look.row
    return RunView(
        run_id=row.id,
        loop=row.loop,
        state=row.state,
        project_id=row.project_id,
        customer_external_id=row.customer,
        began_at=row.began_at,
        ended_at=row.ended_at,
        lies_until=row.until,
        code=row.code,
        held=None if look.held is None else f"{words(look.held)}; {way_out(look.held)}",
        came=None if row.came is None else _JSON.validate_json(row.came),
        steps=tuple(_step(one, full=full) for one in look.steps[-50:]),
        cost=RunCost(requests=dict(look.requests), credits=look.credits, waited_seconds=round(look.waited_s, 1)),
        questions=tuple(shown(one) for one in open_),
    )


def _open(office: Office, look: Look) -> tuple[Question, ...]:
    """The questions of a run that lies."""
    if look.row.project_id is None or look.row.state not in _LIES:
        return ()
    found = office.questions(project_id=look.row.project_id, kind=None, after=None, limit=50)
    return tuple(one for one in found if one.run_id == look.row.id)


def _needs_people(look: Look, open_: tuple[Question, ...]) -> bool:
    """Whether nothing goes on before people have answered or acted; a run may have asked, and go on with what it can do meanwhile."""
    return bool(open_) and by_people(look.row.bell) and look.row.woken is None


def _key_of(look: Look) -> tuple[Next, ...]:
    """How to get at the key of an SDK app that an onboarding made: nobody uses it yet, so nothing breaks when it is made anew."""
    came = Onboarded.model_validate_json(look.row.came) if look.row.loop == ONBOARDING and look.row.came is not None else None
    if came is None or not came.sdk_key_unseen:
        return ()
    arguments: dict[str, JsonValue] = {"projectId": look.row.project_id, "appId": came.sdk_app_id, "rotateKey": True}
    return (
        Next(tool="update_sdk_app", arguments=arguments, why="The SDK app was made, its key kept nowhere: this shows a new one, once."),
    )


def _next(look: Look, open_: tuple[Question, ...]) -> tuple[Next, ...]:
    again = Next(tool="get_run", arguments={"runId": look.row.id}, why="See how it goes on; it does so by itself.")
    if look.row.state in _OVER:
        arguments: dict[str, JsonValue] = {"projectId": look.row.project_id}
        return (*_key_of(look), Next(tool="get_project", arguments=arguments, why="Read the project.")) if look.row.project_id else ()
    steps = [again]
    for one in open_[:2]:
        if one.kind == "review":
            arguments = {"projectId": one.project_id, "approvalStatus": "pending"}
            steps.append(Next(tool="list_content", arguments=arguments, why="Show the first posts; then approve_content."))
    return tuple(steps)


def seen(office: Office, look: Look, *, full: bool = False) -> Outcome[RunView]:
    """How a run stands, and what a person has to do. `full`: with what came out of each step."""
    row, open_ = look.row, _open(office, look)
    needs_people = _needs_people(look, open_)
    status = _STATUS.get(row.state, "needs_action" if needs_people else "running")
    held = f" ({row.code})" if row.code else ""
    waits = "it waits for people" if needs_people else "it goes on, and asks people"
    asks = f"; {waits}: {', '.join(sorted({one.kind for one in open_}))}" if open_ else ""
    again = " onboard_customer begins it anew." if row.loop == ONBOARDING and row.begins_anew else ""
    rests = "" if look.held is None else f" It rests: {words(look.held)}; {way_out(look.held)}."
    return Outcome(
        say=f"Run {row.id} is {row.state}{held}{asks}.{rests}{again}",
        status=status,
        result=_view(look, open_, full=full),
        next=_next(look, open_),
    )


def _progress(look: Look) -> Progress:
    names = [step.name.partition(" ")[0] for step in look.steps]
    done = max((_STAGES.get(name, 0.0) for name in names), default=0.0)
    if look.row.loop != "onboarding":
        done = len(names) / (len(names) + _HALFWAY)
    return Progress(done=done, stage=names[-1] if names else "queued")


async def wait_run(call: Call, run_id: str, wait_seconds: int | None) -> Look:
    """The run when it is over or nothing goes on without people, or as it stands when the wait ends.

    Raises:
        NotFound: nobody knows it here.
    """
    office = office_of(call)
    until_s = call.began_s + (call.wait_s if wait_seconds is None else wait_seconds)
    while True:
        look = await office.look(run_id)
        if look is None or not within(call, look.row.project_id):
            raise NotFound("there is no such run; onboard_customer starts a customer's, run_loop a day's")
        await call.report(_progress(look))
        rests = look.held is not None and look.row.state in _LIES
        if look.row.state in _OVER or rests or _needs_people(look, _open(office, look)) or call.clock.elapsed_s() >= until_s:
            return look
        await call.clock.sleep(_LOOKS_S)
