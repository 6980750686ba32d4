"""What the loops go by, as frozen models: customers, the plans that people confirmed, and the questions that wait for them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from layers_mcp.store.rows import ConfirmedBy

__all__ = ["Customer", "Option", "Plan", "Question", "Stage"]

Stage = Literal["onboarding", "active", "left"]
"""A customer's life with us: being onboarded; in the daily loops; in none any more."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Customer(_Row):
    """One customer of the partner's, by the partner's own id.

    `principal`: whose key its project is reached with; `asked`: what the onboarding was asked for; `zone`: IANA; `since`: of `stage`;
    `priority`: the higher goes first where not all can.
    """

    principal: str
    external_id: str
    name: str
    zone: str
    asked: dict[str, JsonValue]
    since: datetime
    stage: Stage = "onboarding"
    project_id: str | None = None
    priority: int = 0


class Plan(_Row):
    """A standing plan: within it loops schedule approved content of a project by themselves.

    `accounts`: social account ids; `slots`: local times of the day as HH:MM, in the project's `zone`; `a_day`: posts a day at most, over
    all accounts; `until`: the last local day. `confirmed_by`, `confirmation`: whose yes it has, and the key of the act that recorded it.
    """

    id: str
    principal: str
    project_id: str
    accounts: tuple[str, ...] = Field(min_length=1)
    slots: tuple[str, ...] = Field(min_length=1)
    zone: str
    a_day: int = Field(ge=1)
    until: date
    made_at: datetime
    confirmed_by: ConfirmedBy
    confirmation: str
    revoked_at: datetime | None = None

    def stands_on(self, day: date) -> bool:
        """Whether anything may go out by it on a local day."""
        return self.revoked_at is None and day <= self.until


class Option(_Row):
    """One answer to a question. `means`: what follows from it; `weighs`: it spends or lets something out, so it takes a person's yes."""

    word: str
    means: str
    weighs: bool = False


class Question(_Row):
    """One thing that a loop may not decide. Its words are made of codes and ids, never of a stranger's text.

    `id`: follows from what is asked about, so that a thing is asked once. `facts`: what a person needs to judge it; `run_id`: the run
    that waits for the answer, None where none does. `closed_at`: it was answered, or needs no answer any more.
    """

    id: str
    principal: str
    kind: str
    words: str
    options: tuple[Option, ...]
    asked_at: datetime
    project_id: str | None = None
    facts: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    run_id: str | None = None
    closed_at: datetime | None = None
    answer: str | None = None
    answered_by: ConfirmedBy | None = None

    @property
    def open(self) -> bool:
        """Whether it still wants an answer."""
        return self.closed_at is None
