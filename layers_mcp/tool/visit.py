"""One call on its way through the house: what it shares with all others, and what it is bound to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, JsonValue
from pydantic.alias_generators import to_camel

from layers_mcp.client.desk import Desk, Progress, Report
from layers_mcp.client.fence import Fence
from layers_mcp.client.guard import Guard
from layers_mcp.client.layers import Layers
from layers_mcp.client.manner import FOREMOST, Manner
from layers_mcp.client.owners import Kind as Thing
from layers_mcp.client.retry import LONGEST_S
from layers_mcp.client.sent import Sent
from layers_mcp.clock import Clock
from layers_mcp.contract.errors import Halted
from layers_mcp.contract.scalars import full_project
from layers_mcp.contract.secret import SHOWS
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.policy import Policy, Tier
from layers_mcp.loops.hands import House as Grounds
from layers_mcp.loops.office import Office
from layers_mcp.store.rows import EVERY, ConfirmedBy, How, Kind, Operation
from layers_mcp.tool.asking import Asker
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Arguments, Effect, Tool
from layers_mcp.tool.fenced import FencedSwitch
from layers_mcp.tool.origin import of_record
from layers_mcp.tool.outcome import Cost, Envelope, Outcome
from layers_mcp.tool.reach import Reach

if TYPE_CHECKING:
    from layers_mcp.store.store import Store

__all__ = ["House", "Notes", "Visit"]


_AWAITED: dict[Kind, str] = {"job": "jobId", "post": "scheduledPostId", "oauth": "state"}
"""The argument of wait_for_job that names each."""
_ACTED_ON: dict[str, Thing] = {"container_id": "container", "container_ids": "container", "scheduled_post_id": "post"}
"""The arguments that name what a yes acts on, besides a project."""


@dataclass(frozen=True, kw_only=True)
class House:
    """What every call of one process shares.

    `desk`: where every wait is kept; `wait_s`: the default wait; `sandbox`: nothing here reaches anyone; `return_url`: the default page
    that people come back to after a consent; `policy`: whose yes each control action needs; `page`: where a person answers in a
    browser, when this process serves it. `projects`: only these; None: all. `sites`: hosts that need not be public, as the sandbox
    answers for them itself (setting LAYERS_SANDBOX_SITES). `office`: of the loops, where tools for them are shown.
    `reach`: all that this caller can call.
    """

    layers: Layers
    desk: Desk
    gate: Gate
    clock: Clock
    wait_s: int
    sandbox: bool
    policy: Policy
    return_url: str | None = None
    page: str | None = None
    projects: frozenset[str] | None = None
    sites: frozenset[str] = frozenset()
    office: Office | None = None
    reach: Reach | None = None

    def grounds(self, store: Store) -> Grounds:
        """What the loops of this house stand on; `store`: its gate's own."""
        return Grounds(
            layers=self.layers,
            desk=self.desk,
            gate=self.gate,
            store=store,
            clock=self.clock,
            policy=self.policy,
            return_url=self.return_url,
            projects=self.projects,
        )


_HAIR = 0.001
"""A report that only says what is waited for goes on by this: a client hears rising numbers only."""


def _record(result: BaseModel | None) -> JsonValue:
    """The record as the caller gets it, with the secrets that are shown once."""
    return None if result is None else cast("JsonValue", result.model_dump(mode="json", by_alias=True, exclude_none=True, context=SHOWS))


@dataclass(kw_only=True)
class Notes:
    """What becomes known of a call on its way, beside its answer.

    `shown`: the digest of what was shown; `how`: how a person answered; `projects`: those that are written to; `tier`: whose yes it
    takes; `too_long`: more than a client can be asked, which is why; `by`: whose yes it has; `cost`: what was set aside; `operation`: what
    it holds now; `places`: the project of each part that costs credits; `agreed`: the credits that a yes is asked for; `items`: the ids
    of all that was shown; `acting`: the projects that a yes is acted on for, None where it names none; nothing before there is a yes;
    `begun`: what the call began, each as the argument of wait_for_job; `limited`: which rate limit was waited for, in words; `done`: how
    far the client was told that it is.
    """

    shown: str | None = None
    projects: frozenset[str] = frozenset()
    tier: Tier = "ask"
    too_long: bool = False
    by: ConfirmedBy = "agent"
    how: How | None = None
    cost: Cost | None = None
    operation: Operation | None = None
    agreed: int = 0
    items: frozenset[str] = frozenset()
    acting: tuple[str | None, ...] = ()
    begun: list[dict[str, JsonValue]] = field(default_factory=list[dict[str, JsonValue]])
    places: dict[str, str | None] = field(default_factory=dict[str, str | None])
    limited: str | None = None
    done: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One call on its way through: who is called with what, the digest of what it is bound to, and a client that can ask, if it can.

    `sent`: what its writes came to.
    """

    house: House
    tool: Tool[Any]
    request: Arguments
    arguments: str
    report: Report
    asker: Asker | None = None
    notes: Notes = field(default_factory=Notes)
    sent: Sent = field(default_factory=Sent)

    @property
    def tier(self) -> Tier:
        """Whose yes this call needs."""
        return self.house.policy.tier(self.tool.name)

    @property
    def named_tier(self) -> Tier | None:
        """Whose yes the policy says of this very tool, not by its default; None where it does not name it."""
        return self.house.policy.actions.get(self.tool.name)

    @property
    def project_id(self) -> str | None:
        """The project that the call names."""
        return getattr(self.request, "project_id", None)

    @property
    def place(self) -> str | None:
        """The project that the call is about: the one it names, else the only one that it writes to."""
        known = {full_project(one) for one in self.notes.projects}
        return self.project_id or (known.pop() if len(known) == 1 else None)

    @cached_property
    def guarded(self) -> Guard:
        """The client, each of whose writes passes the halts once more, at every attempt."""
        return Guard(self.house.layers, self.pass_halt)

    @cached_property
    def fence(self) -> Fence | None:
        """What keeps this call to the projects that it may touch; None where that is all."""
        return None if self.house.projects is None else Fence(self.guarded, self.house.projects)

    async def pass_fence(self) -> None:
        """Let a call through that names nothing of a project it may not touch; what a yes would act on, or did, is looked up.

        Raises:
            OutsideProjects: it names a project that it may not touch, or something of one.
        """
        if self.fence is None:
            return
        if self.project_id is not None or self.tool.halts:
            FencedSwitch(self.house.gate, self.fence).check(self.project_id)
        if self.tool.ask is not None:
            for name, kind in _ACTED_ON.items():
                given: str | Sequence[str] = getattr(self.request, name, ())
                for one in (given,) if isinstance(given, str) else given:
                    await self.fence.own(kind, one, to_camel(name))

    def pass_halt(self, projects: Collection[str] = ()) -> None:
        """Let a call through that writes to the project it names and to `projects`, which are remembered for its later writes.

        Raises:
            Halted: writes to one of them, or all writes, are held back.
        """
        self.notes.projects |= frozenset([*projects, *([self.project_id] if self.project_id is not None else [])])
        if self.tool.effect is Effect.READS or self.tool.halts:
            return
        held = self.house.gate.held(self.notes.projects)
        if held is not None:
            what = "all projects are" if held.project_id == EVERY else f"project {held.project_id} is"
            by = "by a person " if held.by == "person" else ""
            stands = "" if self.sent.left_nothing(again=False) else "; what this call wrote before then stands"
            raise Halted(f"{what} halted {by}since {held.at.isoformat(timespec='seconds')}{stands}")

    def call(self, key: str, *, again: bool = False) -> Call:
        """What the tool is handed, for the operation `key`; each attempt at one of its writes passes the halts once more."""
        house, gate = self.house, self.house.gate

        def begun(kind: Kind, known_as: str, project_id: str | None, *, part: str = "") -> None:
            self.notes.begun.append({_AWAITED[kind]: known_as})
            place = project_id or self.notes.places.get(part) or self.place
            gate.began(kind, known_as, tool=self.tool.name, arguments=self.arguments, project_id=place, key=made.key_for(part))
            if self.notes.operation is not None:
                gate.let_go(self.notes.operation)  # from here on the same call joins what was begun

        fence = self.fence
        made = Call(
            layers=fence or self.guarded,
            desk=house.desk,
            clock=house.clock,
            began_s=house.clock.elapsed_s(),
            report=self.told,
            begun=begun,
            key=key,
            switch=FencedSwitch(gate, fence) if fence else gate,
            books=gate.purse,
            sent=self.sent,
            wait_s=house.wait_s,
            return_url=house.return_url,
            again=again,
            by=self.notes.by,
            shown=self.notes.items,
            office=house.office,
            reach=house.reach,
            sandbox=house.sandbox,
        )
        return made

    def acts(self) -> None:
        """Write into the trail, before anything is sent, that a yes is being acted on: for each project that it writes to."""
        self.notes.acting = tuple(sorted({full_project(one) for one in self.notes.projects})) or (None,)
        self.record("acting")

    def record(self, outcome: str, request_id: str | None = None, confirmed_by: ConfirmedBy | None = None) -> None:
        """Write the call into the trail; `outcome`: a code or a word. An act is recorded for each of its projects, with its yes."""
        for place in self.notes.acting or (self.place,):
            self.house.gate.record(
                self.tool.name,
                effect=self.tool.effect.value,
                outcome=outcome,
                arguments=self.arguments,
                request_id=request_id,
                confirmed_by=self.notes.by if self.notes.acting else confirmed_by,
                project_id=place,
                shown=self.notes.shown,
                how=self.notes.how,
            )

    @property
    def manner(self) -> Manner:
        """How its requests wait for their turn: the client hears what for. The brake stands before everything else."""

        async def tell(words: str) -> None:
            self.notes.limited = words
            await self.told(Progress(done=min(self.notes.done + _HAIR, 1.0), stage=words))

        return Manner(rank=FOREMOST, patience_s=LONGEST_S, brake=True, tell=tell) if self.tool.halts else Manner(tell=tell)

    async def told(self, progress: Progress) -> None:
        """Tell the client how far it is."""
        self.notes.done = max(self.notes.done, progress.done)
        await self.report(progress)

    def envelope(self, outcome: Outcome[Any], **more: Any) -> Envelope:
        """The outcome as it goes out; what it cost is said while that may be charged."""
        more.setdefault("cost", self.notes.cost if outcome.status in ("done", "running") else None)
        result = _record(outcome.result)
        record = Envelope(
            status=outcome.status,
            summary=outcome.say if self.notes.limited is None else f"{outcome.say} This call had to wait: {self.notes.limited}.",
            result=result,
            read_from=() if outcome.ours else of_record(result, outcome.read_from),
            next=outcome.next[:3],
            as_of=self.house.layers.now(),
            request_id=self.house.layers.request_id,
            sandbox=self.house.sandbox,
            **more,
        )
        return record.with_pictures(outcome.pictures)
