"""What a tool function is handed: the API, the time, a way to report progress, and the key of this operation."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from layers_mcp.client.desk import Desk, Report
from layers_mcp.client.partner import Partner
from layers_mcp.client.sent import Sent
from layers_mcp.client.thing import Thing
from layers_mcp.clock import Clock
from layers_mcp.contract.endpoint import Reply
from layers_mcp.loops.judgement import Verdict
from layers_mcp.loops.office import Office
from layers_mcp.store.rows import WRITES, Began, ConfirmedBy, Halt, Kind, Link, Paused
from layers_mcp.tool.reach import Reach

__all__ = ["Begun", "Books", "Call", "Switch"]

R = TypeVar("R", bound=Reply)


class Begun(Protocol):
    """Records a job, post or consent that this call started; `part`: the one of its parts that did, as in `Call.key_for`."""

    def __call__(self, kind: Literal["job", "post", "oauth"], known_as: str, project_id: str | None, *, part: str = "") -> None:
        """Record it."""
        ...


class Books(Protocol):
    """Keeps account of what was set aside for jobs."""

    def job_over(self, job_id: str, *, charged: bool) -> None:
        """Note that a job was completed and is charged, or ended without it and costs nothing."""
        ...


class Switch(Protocol):
    """Holds writes back, or `what` else (`store/rows.Halt`), for whoever shares our store; None: those to all projects."""

    def hold(self, project_id: str | None, *, by: ConfirmedBy, what: str = WRITES) -> None:
        """Hold back, for good measure by a person where one said so: only a person then lifts it."""
        ...

    def lift(self, project_id: str | None, *, by: ConfirmedBy, what: str = WRITES) -> bool:
        """Let go; False where a person holds back and `by` is none."""
        ...

    def held(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None."""
        ...

    def halted(self) -> frozenset[str]:
        """The projects to which writes are held back, each by its name; `EVERY` among them for all."""
        ...

    def holds(self, project_id: str | None, *, what: str = WRITES) -> Halt | None:
        """The hold of exactly this name, or None."""
        ...

    def pausing(self, row: Paused) -> None:
        """Remember that a campaign is paused by this switch, before it is; what is known of it already is replaced."""
        ...

    def unpaused(self, project_id: str, campaign_id: str) -> None:
        """Forget that again: it runs, or never was paused."""
        ...

    def paused(self, project_id: str) -> tuple[Paused, ...]:
        """The campaigns that this switch paused, oldest first."""
        ...

    def recent(self, *, project_id: str | None = None, kind: Kind | None = None, limit: int = 20) -> tuple[Began, ...]:
        """What calls began, whoever's of our store, newest first; of one project or kind where it is given."""
        ...

    def trail(self, *, before: int | None = None, limit: int) -> tuple[Link, ...]:
        """What this principal called, newest first, below the number `before` where it is given."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one tool.

    `began_s`: when its work began, in seconds of the clock. `wait_s`: how long a long tool waits when the call does not say.
    `return_url`: where people come back to after a consent when the call does not say (setting LAYERS_RETURN_URL). `again`: an
    earlier attempt at this operation is on record, so what it starts may stand already. `by`: whose yes it acts on, the agent's where
    none was needed; `shown`: the ids of all that was shown for that yes. `sent`: what its writes came to so far; `books`: told how a job
    ended; `verdicts`: those on cloning that it went by, so that what it makes is what was priced; `office`: of the loops, where this
    server shows tools for them; `reach`: all that can be called, for the tools that search it; `sandbox`: nothing
    that it sends reaches anyone.
    """

    layers: Partner
    desk: Desk
    clock: Clock
    began_s: float
    report: Report
    begun: Begun
    switch: Switch
    books: Books
    key: str
    wait_s: int
    sent: Sent = field(default_factory=Sent)
    return_url: str | None = None
    again: bool = False
    by: ConfirmedBy = "agent"
    verdicts: dict[str, Verdict] = field(default_factory=dict[str, Verdict])
    shown: frozenset[str] = frozenset()
    office: Office | None = None
    reach: Reach | None = None
    sandbox: bool = False

    def now(self) -> datetime:
        """The API's time: in the sandbox its world may run apart from ours."""
        return self.layers.now()

    async def wait(self, thing: Thing[R], wait_seconds: int | None) -> R:
        """The thing when it is over, or as it stands after so many seconds (None: the default) since the tool's work began."""
        at_most_s = self.wait_s if wait_seconds is None else wait_seconds
        left_s = max(at_most_s - (self.clock.elapsed_s() - self.began_s), 0.0)
        return await self.desk.wait(thing, by=self.layers, report=self.report, at_most_s=left_s)

    def key_for(self, part: str) -> str:
        """The idempotency key of one part of this operation, the same at every attempt; of all of it for no part."""
        return str(uuid.uuid5(uuid.UUID(self.key), part)) if part else self.key
