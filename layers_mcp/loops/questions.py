"""The review queue: what a loop may not decide is asked there once, and waits for its answer however long that takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final, Literal

from pydantic import JsonValue

from layers_mcp.gate.handle import digest
from layers_mcp.loops.bells import of_question
from layers_mcp.loops.hands import LONGEST, Hands
from layers_mcp.loops.run import Run
from layers_mcp.store.asked import Option, Question

__all__ = [
    "AGAIN",
    "LASTING",
    "LINK",
    "NO",
    "RAN_OUT",
    "RENEWALS",
    "SKIP",
    "YES",
    "Kind",
    "answered",
    "ask",
    "ended",
    "question_id",
    "withdraw",
]

Kind = Literal[
    "connect", "install", "ingest", "generate", "spend", "credits", "review", "plan", "exclude", "include", "creative", "overrides"
]
"""What is asked: to open a link (`connect`, `install`); what to do after a failure (`ingest`, `generate`); whether to spend; to top up
credits; to decide on posts; for a standing plan; to take a creative out of the ads or in; for fresh creative; why so much is overridden.
"""
LASTING: Final[tuple[Kind, ...]] = ("connect", "plan", "exclude", "include", "overrides")
"""What is asked about a thing that outlasts a run and its day: what was said to it once holds for as long as the thing is there."""
RENEWALS: Final = 3
"""How often a link that ran out is made anew by itself; then by an answer, as people who were away want one that opens. Ours."""
YES: Final = "yes"
NO: Final = "no"
AGAIN: Final = Option(word="again", means="It is tried once more.")
SKIP: Final = Option(word="skip", means="The run goes on without it.")
RAN_OUT: Final = "ran_out"
"""Stands for the answer to what ran out before anybody gave one; no option."""
LINK: Final = Option(word="link", means="A new link is made, as this one opens no more.")


def question_id(owner: str, kind: Kind, subject: JsonValue) -> str:
    """The id of the question about a subject: the same at every asking, so that a thing is asked once."""
    return "q_" + digest([owner, kind, subject])[:24]


async def ask(  # noqa: PLR0913  what a question is, each by name
    run: Run,
    hands: Hands,
    name: str,
    *,
    kind: Kind,
    subject: JsonValue,
    words: str,
    options: tuple[Option, ...] = (),
    facts: Mapping[str, JsonValue] | None = None,
    project_id: str | None = None,
) -> Question:
    """Put a question into the queue, in a step of this name; the same subject again is the same question, answered or not.

    `words`: made of codes and ids only, as an agent reads them.
    """
    questions = hands.house.store.questions

    async def put() -> Question:
        return questions.ask(
            Question(
                id=question_id(hands.owner, kind, subject),
                principal=hands.owner,
                kind=kind,
                words=words,
                options=options,
                asked_at=hands.clock.now(),
                project_id=project_id,
                facts=dict(facts or {}),
                run_id=run.id,
            )
        )

    return await run.step(name, put, came=Question)


async def _read(hands: Hands, asked: Question) -> Question:
    found = hands.house.store.questions.find(hands.owner, asked.id)
    return found if found is not None else asked.model_copy(update={"closed_at": hands.clock.now()})


async def withdraw(run: Run, hands: Hands, name: str, asked: Question) -> None:
    """Close a question that needs no answer any more, in a step of this name."""

    async def close() -> None:
        hands.house.store.questions.withdraw(asked.id, hands.clock.now())

    await run.step(name, close, came=type(None))


async def ended(run: Run, hands: Hands, name: str, asked: Question) -> str | None:
    """Close a question, in steps of this name, and give back what somebody answered to it at the last moment."""
    await withdraw(run, hands, f"{name} over", asked)
    return (await run.step(f"{name} last", partial(_read, hands, asked), came=Question)).answer


async def answered(run: Run, hands: Hands, name: str, asked: Question, *, lasts: timedelta | None = None) -> str | None:
    """The answer to a question once there is one, None where it was withdrawn; the run lies until then, or for as long as it `lasts`.

    What ran out is withdrawn, and its answer is `RAN_OUT`.
    """
    times = 0
    while True:
        now = await run.step(f"{name} {times}", partial(_read, hands, asked), came=Question)
        if not now.open:
            return now.answer
        until = hands.clock.now() + (LONGEST if lasts is None else lasts)
        if await run.nap(f"{name} {times} nap", until=until, bell=of_question(asked.id)) == "time" and lasts is not None:
            break
        times += 1
    return await ended(run, hands, name, asked) or RAN_OUT
