"""What a loop is, what it may ask of its run, and what runs it: durable whatever happens to the process, without knowing the engine.

    async def _onboard(run: Run, given: Onboard) -> Onboarded:
        project = await run.step("project", lambda: hands.project(given, key=run.key("project")), came=Project)
        await run.about(project_id=project.id, customer=given.customer_external_id)
        woke = await run.nap("consent", until=project.links_end_at, bell=of_project(project.id))
        ...

    ONBOARDING = Loop("onboarding", Onboard, Onboarded, _onboard)

A loop is run again from its top after each nap and each death of its process, and every step that is on record gives back what came out
of it the first time. So between steps it may only decide: what it reads, writes, or asks the time of belongs inside a step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from layers_mcp.store.rows import Halt, RunRow

__all__ = ["Came", "Given", "Look", "Loop", "Run", "Runner", "Step", "Whose", "key_of"]

_KEYS = UUID("8f0c4a52-6a6f-5d0e-9a53-3a2f6b0b7f10")
T = TypeVar("T")


class Whose(NamedTuple):
    """Whose run it is: the project's whole id, and the customer's by the partner."""

    project_id: str | None = None
    customer: str | None = None


class Given(BaseModel):
    """What a run is started with. What an older version wrote is read, so new fields have defaults."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    def whose(self) -> Whose:
        """Whose run it is, as far as that is known from the start."""
        return Whose()


class Came(BaseModel):
    """What came out of a run."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


G = TypeVar("G", bound=Given)
C = TypeVar("C", bound=Came)


def key_of(run_id: str, step: str, *, born_us: int | None = None) -> str:
    """The Idempotency-Key of a step of a run, the same however often it is tried; Layers keeps it for 24 hours.

    `born_us`: of a run whose id another one may have later; what was sent, or set aside, for that one is none of the other's.
    """
    return str(uuid5(_KEYS, f"{run_id}:{step}" if born_us is None else f"{run_id}:{born_us}:{step}"))


class Run(Protocol):
    """One run, as its loop sees it. Steps are awaited one after the other."""

    @property
    def id(self) -> str:
        """The id it was started under."""
        ...

    @property
    def born_us(self) -> int:
        """When it was begun, by the database's time in microseconds: that tells it from another one under its id, and never changes."""
        ...

    def key(self, step: str) -> str:
        """The Idempotency-Key for what a step sends."""
        ...

    async def step(self, name: str, do: Callable[[], Awaitable[T]], *, came: type[T]) -> T:
        """Do something once and keep what came of it; on record, `do` is not called any more.

        `name`: one of its own in this run, at most 200 letters. `came`: a type that pydantic reads from JSON and writes to it. A process
        that dies in the middle repeats it, so what `do` sends goes out under `key(name)`, and what may be older than 24 hours is looked up
        by its natural key first. Transient errors of Layers, and a locked store, lay the run down and try again, for 16 hours in all;
        where writes to its project are halted it lies until they are let through.

        Raises:
            LayersError: what `do` raised, the same class and code each time; another error comes as OurMistake.
        """
        ...

    async def nap(self, name: str, *, until: datetime | None = None, bell: str | None = None) -> Literal["time", "bell"]:
        """Lie down until an instant of the runner's clock, or until somebody rings a bell, whichever is first; at least one is given.

        Nothing waits in memory meanwhile. `until` counts as it was given the first time. A bell that was rung since the run began, and that
        no nap of this run has heard, wakes it at once: look again at what it tells of.
        """
        ...

    async def about(self, *, project_id: str | None = None, customer: str | None = None) -> None:
        """Say whose run this is, for listings, and whose halt holds it."""
        ...

    async def check(self) -> None:
        """Go no further when the run was cancelled or its project is halted; each step that is not on record asks by itself."""
        ...


@dataclass(frozen=True)
class Loop(Generic[G, C]):
    """A loop: what it is given, what comes of it, and how. `name`: of at most 40 letters, and for good, as runs are kept by it."""

    name: str
    given: type[G]
    came: type[C]
    do: Callable[[Run, G], Awaitable[C]]


@dataclass(frozen=True)
class Step:
    """A step of a run that is on record. `came`: JSON of what came out, or `CODE: words` of what went wrong, at most 300 letters.

    `requests`: how many it sent, by rate class.
    """

    name: str
    began_at: datetime | None
    ended_at: datetime | None
    came: str
    requests: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Look:
    """A run and its steps so far, in order. `held`: what keeps it from going on, where somebody holds it back.

    `credits`: what counts against the budgets of what it had made; `waited_s`: how long it lay, or stood in line, in seconds.
    """

    row: RunRow
    steps: Sequence[Step]
    held: Halt | None = None
    credits: int = 0
    waited_s: float = 0.0

    @property
    def requests(self) -> Counter[str]:
        """How many requests its steps sent that are on record, by rate class."""
        return sum((Counter(one.requests) for one in self.steps), Counter[str]())


class Runner(Protocol):
    """What starts runs and looks after them; they are run by whatever worker has them."""

    async def start(self, loop: Loop[G, C], run_id: str, given: G) -> bool:
        """Start a run of at most 200 letters' id, here or on another worker; False when there is one of that id, whatever it was given."""
        ...

    async def begin_anew(self, loop: Loop[G, C], run_id: str, given: G) -> RunRow | None:
        """Begin a run from its top that failed, was cancelled or was emptied, with nothing on record, and what is given now.

        Its keys are others: each step finds what it made already. What it was before; None where nothing was done, as there is none, or
        somebody is on it still.
        """
        ...

    async def cancel(self, run_id: str) -> bool:
        """Let a run go no further than the step it is in; False when it is over, or nobody knows it."""
        ...

    async def retry(self, run_id: str) -> bool:
        """Have a run that failed or was cancelled go on from there, with what is on record; False when it did not."""
        ...

    async def look(self, run_id: str) -> Look | None:
        """A run, or None."""
        ...

    async def ring(self, bell: str) -> None:
        """Wake whoever lies by a bell, on whatever worker; kept for those who lie down by it later."""
        ...

    async def forget(self, older_than: timedelta) -> int:
        """Forget runs that were over for longer; how many there were."""
        ...
