"""What every daily loop is given, the id of a day's run, and how a day goes on: what it asks, and what stops nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from layers_mcp.client.thing import job
from layers_mcp.clock import zone_of
from layers_mcp.contract.errors import LayersError
from layers_mcp.gate.handle import digest
from layers_mcp.loops import questions
from layers_mcp.loops.hands import Hands, Making
from layers_mcp.loops.judgement import ASKED_AT_ONCE
from layers_mcp.loops.questions import NO, YES, Kind
from layers_mcp.loops.run import Given, Run, Whose
from layers_mcp.store.asked import Option, Question

__all__ = ["LASTS", "SHORTS", "Agreed", "Daily", "Day", "daily_id", "zone_named"]

T = TypeVar("T")
SHORTS: Final = {"publish_to_learn": "p2l", "optimization": "opt"}
"""The daily loops by name, and what the ids of their runs begin with; for good, as a day is run once by its id."""
LASTS: Final = timedelta(hours=20)
"""How long a day's run waits for a yes, so that it is over before the next day's; ours."""


class Daily(Given):
    """One day of one customer: its external id, its project by its whole id, and the day in its own zone.

    `early`: an event asks for what can't wait of it; the day's own run comes all the same, and misses nothing.
    """

    customer: str
    project_id: str
    day: date
    early: bool = False

    def whose(self) -> Whose:
        """The customer's, and its project's."""
        return Whose(self.project_id, self.customer)


def daily_id(short: str, owner: str, customer: str, day: date) -> str:
    """The id of a day's run: `p2l:<digest of whose customer it is>:<local day>`, the same whoever starts it."""
    return f"{short}:{digest([owner, customer])[:32]}:{day.isoformat()}"


def zone_named(name: str) -> ZoneInfo:
    """The zone by which a customer's days begin; UTC where nobody knows its name."""
    return zone_of(name) or ZoneInfo("UTC")


class Agreed(NamedTuple):
    """The credits that a person said yes to, and the id of the question."""

    credits: int
    question_id: str


@dataclass
class Day:
    """One day of a loop. `asked`: open questions, by id; `failed`: codes of what was turned down."""

    run: Run
    hands: Hands
    given: Daily
    asked: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])

    async def tried(self, name: str, do: Callable[[], Awaitable[T]], *, came: type[T]) -> T | None:
        """A step whose refusal is noted, and stops nothing else."""
        try:
            return await self.run.step(name, do, came=came)
        except LayersError as problem:
            self.failed.append(problem.wire_code)
            return None

    async def ask(self, kind: Kind, subject: str, words: str, *, options: tuple[Option, ...], facts: dict[str, JsonValue]) -> Question:
        """Leave a question about a thing of this project; the same thing again is the same question, answered or not."""
        project = self.given.project_id
        name, named = f"{kind} {subject} asked".replace("  ", " "), [project, subject]
        made = await questions.ask(
            self.run, self.hands, name, kind=kind, subject=[*named], words=words, options=options, facts=facts, project_id=project
        )
        self.asked += [made.id] if made.open else []
        return made

    async def ask_each(self, kind: Kind, things: tuple[str, ...], words: str, *, options: tuple[Option, ...], fact: str) -> None:
        """Ask about some things, a few at a time, and each once. `words`: with `{}` where the thing is named."""

        async def next_ones() -> list[str]:
            owner, project, known = self.hands.owner, self.given.project_id, self.hands.house.store.questions
            asked = {one: known.find(owner, questions.question_id(owner, kind, [project, one])) for one in things}
            room = ASKED_AT_ONCE - len(known.waiting(owner, project_id=project, kind=kind, limit=ASKED_AT_ONCE))
            fresh = [one for one in things if asked[one] is None][: max(room, 0)]
            return [one for one in things if one in fresh or ((was := asked[one]) is not None and was.open)]

        if things:
            for one in await self.run.step(f"{kind} next", next_ones, came=list[str]):
                await self.ask(kind, one, words.format(one), options=options, facts={fact: one})

    async def made(self, name: str, making: Making) -> tuple[str, ...]:
        """The containers of a job that was begun, once it is over; none where it failed or was canceled."""
        if making.begun is None:
            return ()
        ended = await self.hands.wait(self.run, name, job(making.begun.job_id))
        if ended.status != "completed":
            self.failed.append(ended.status.upper())
            return ()
        return making.begun.container_ids

    async def agreed(self, what: str, making: Making) -> Agreed | None:
        """What a person says yes to until shortly before the next day's run; None: nothing.

        `what` would be made, in words, past a limit. It is asked anew each day, with what it costs then.
        """
        lacks = "wallet" in making.over
        past = "the wallet does not have them" if lacks else f"that is over a limit ({', '.join(making.over)})"
        words = f"{what} for project {self.given.project_id} would cost at most {making.credits} credits; {past}."
        yes = Option(word=YES, means=f"At most {making.credits} credits are spent; nothing is published.", weighs=True)
        facts: dict[str, JsonValue] = {"creditsAtMost": making.credits, "over": list(making.over)}
        subject = f"{what} {self.given.day}"
        options = (yes, Option(word=NO, means="Nothing is made today."))
        question = await self.ask("credits" if lacks else "spend", subject, words, options=options, facts=facts)
        said = await questions.answered(self.run, self.hands, f"{what} answer", question, lasts=LASTS)
        return Agreed(making.credits, question.id) if said == YES else None
