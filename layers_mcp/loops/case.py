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
from layers_mcp.loops.run import Run, key_of
from layers_mcp.store.asked import Option, Question

__all__ = ["Case", "key_for"]


def key_for(run: Run, step: str) -> str:
    """The Idempotency-Key for what a step of an onboarding sends: of this one, as the customer may be onboarded again some day."""
    return key_of(run.id, step, born_us=run.born_us)


@dataclass(frozen=True)
class Case:
    """The run, what it may do, what it was given, and the customer's project."""

    run: Run
    hands: Hands
    given: Onboard
    project_id: str

    def key(self, step: str) -> str:
        """The Idempotency-Key for what a step sends."""
        return key_for(self.run, step)

    async def ask(  # noqa: PLR0913  what a question is, each by name
        self,
        name: str,
        *,
        kind: Kind,
        number: int,
        words: str,
        options: tuple[Option, ...] = (),
        facts: Mapping[str, JsonValue] | None = None,
        credits_: int | None = None,
    ) -> Question:
        """Put a question of this run into the queue; `number`: the how manieth of the same it is; `credits_`: what a yes to it would spend.

        An answer to another run's, or to another price, is none to it.
        """
        subject: list[JsonValue] = [self.project_id, name.partition(" ")[0], number, self.run.born_us, credits_]
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
