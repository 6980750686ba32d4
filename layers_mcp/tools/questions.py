"""The review queue: what the loops ask people, and the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from layers_mcp.client.pages import no_such_page
from layers_mcp.contract import creatives
from layers_mcp.contract.creatives import OverrideCreative
from layers_mcp.contract.errors import Conflict, NotFound
from layers_mcp.contract.scalars import Id
from layers_mcp.store.asked import Option, Question
from layers_mcp.tool.advice import refusal_of
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View
from layers_mcp.tool.paging import Cursor
from layers_mcp.tool.runs import QuestionView, office_of, shown, within

__all__ = ["answer_question", "list_questions"]

_PAGE = 20
_OVERRIDES = ("include", "exclude")


class ListQuestionsArguments(Arguments):
    """Arguments of list_questions."""

    project_id: Id | None = Field(default=None, description="Only of this project.")
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] | None = Field(
        default=None, description="Only of this kind, such as connect, review or spend."
    )
    cursor: Cursor | None = Field(default=None, description="nextCursor of the page before.")


class QuestionsView(View):
    """A page of questions."""

    questions: tuple[QuestionView, ...]
    returned: int
    has_more: bool
    next_cursor: str | None = None


def _cursor(given: str | None) -> tuple[datetime, str] | None:
    """Where a page begins.

    Raises:
        Invalid: it came with no answer.
    """
    if given is None:
        return None
    at, _, name = given.partition("|")
    try:
        return datetime.fromisoformat(at).astimezone(UTC), name
    except ValueError:
        raise no_such_page() from None


@tool(calls=(), effect=Effect.READS)
async def list_questions(request: ListQuestionsArguments, call: Call) -> Outcome[QuestionsView]:
    """List what the loops may not decide and ask people: links to open, posts to review, money to spend. Then answer_question."""
    found = office_of(call).questions(project_id=request.project_id, kind=request.kind, after=_cursor(request.cursor), limit=_PAGE + 1)
    page = found[:_PAGE]
    items = tuple(shown(one) for one in page if within(call, one.project_id))
    more = len(found) > _PAGE
    cursor = f"{page[-1].asked_at.isoformat()}|{page[-1].id}" if more else None
    view = QuestionsView(questions=items, returned=len(items), has_more=more, next_cursor=cursor)
    return Outcome(say=f"Questions on this page: {len(items)}.", result=view)


class AnswerQuestionArguments(Control):
    """Arguments of answer_question."""

    question_id: Id = Field(description="The question.")
    answer: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] = Field(description="The word of one of its options.")


class Answered(View):
    """What was answered."""

    question_id: str
    answer: str
    run_id: str | None = None


def _asked(request: AnswerQuestionArguments, call: Call) -> tuple[Question, Option]:
    """The question and the option that is chosen.

    Raises:
        NotFound: there is no such question for this call.
        Conflict: it wants no answer any more.
        Invalid: it has no such option.
    """
    question = office_of(call).question(request.question_id)
    if question is None or not within(call, question.project_id):
        raise NotFound(f"there is no question {request.question_id}; list_questions shows those that wait")
    chosen = next((one for one in question.options if one.word == request.answer), None)
    if chosen is None:
        known = ", ".join(one.word for one in question.options)
        words = f"must be one of {known}" if known else "is not how this one is answered; its words name the call that does"
        raise refusal_of("answer", words)
    if not question.open and question.answer != request.answer:
        said = f"it was answered with {question.answer}" if question.answer else "it needs no answer any more"
        raise Conflict(f"question {question.id}: {said}", details={"questionId": question.id})
    return question, chosen


async def show_answer(request: AnswerQuestionArguments, call: Call) -> Shown | None:
    """What follows from an answer that spends or lets something out; None for any other."""
    question, chosen = _asked(request, call)
    if not chosen.weighs:
        return None
    facts: dict[str, JsonValue] = {"question": question.words, **question.facts}
    item = ShownItem(id=question.id, before="not answered", after=chosen.means, facts=facts)
    projects: frozenset[str] = frozenset(() if question.project_id is None else (question.project_id,))
    return Shown(question=f"{question.words} Answer {chosen.word}: {chosen.means}", items=(item,), projects=projects)


@tool(
    calls=(creatives.OVERRIDE,),
    effect=Effect.SPEAKS,
    ask=show_answer,
    look=lambda _: Look("list_questions", {}),
)
async def answer_question(request: AnswerQuestionArguments, call: Call) -> Outcome[Answered]:
    """Answer a question of list_questions with one of its options; the loop goes on. What spends or speaks asks for a yes first."""
    question, chosen = _asked(request, call)
    creative = question.facts.get("adsContentId")
    if chosen.weighs and question.kind in _OVERRIDES and question.open and isinstance(creative, str) and question.project_id is not None:
        wanted: dict[str, JsonValue] = {"projectId": question.project_id, "id": creative, "override": question.kind}
        await call.layers.send(creatives.OVERRIDE, OverrideCreative.model_validate(wanted), key=call.key)
    if question.open and not await office_of(call).answer(question, chosen.word, by=call.by):
        _asked(request, call)  # somebody else was faster, and what they said counts
    steps = (Next(tool="get_run", arguments={"runId": question.run_id}, why="See how the run goes on."),) if question.run_id else ()
    view = Answered(question_id=question.id, answer=chosen.word, run_id=question.run_id)
    return Outcome(say=f"Question {question.id} is answered with {chosen.word}.", result=view, next=steps)
