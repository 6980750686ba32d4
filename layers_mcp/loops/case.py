"""One customer's onboarding on its way, as its parts hand it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from layers_mcp.loops import questions
from layers_mcp.loops.customer import Onboard
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.questions import Kind
from layers_mcp.loops.run import Run
from layers_mcp.store.asked import Option, Question

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """The run, what it may do, what it was given, and the customer's project."""

    run: Run
    hands: Hands
    given: Onboard
    project_id: str

    async def ask(  # noqa: PLR0913  what a question is, each by name
        self,
        name: str,
        *,
        kind: Kind,
        number: int,
        words: str,
        options: tuple[Option, ...] = (),
        facts: Mapping[str, JsonValue] | None = None,
    ) -> Question:
        """Put a question about this project into the queue; `number`: the how manieth of the same it is."""
        subject: list[JsonValue] = [self.project_id, name.partition(" ")[0], number]
        return await questions.ask(
            self.run,
            self.hands,
            f"{name} {number} asked",
            kind=kind,
            subject=subject,
            words=words,
            options=options,
            facts=facts,
            project_id=self.project_id,
        )

    async def answer(self, name: str, number: int, asked: Question, *, lasts: timedelta | None = None) -> str | None:
        """What is said to it, as `questions.answered` has it."""
        return await questions.answered(self.run, self.hands, f"{name} {number} answer", asked, lasts=lasts)
