"""The gate: what may act, once, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic import JsonValue

from layers_mcp.clock import Clock
from layers_mcp.contract.scalars import any_project, full_project
from layers_mcp.gate.budget import Budget
from layers_mcp.gate.display import Display, Minted
from layers_mcp.gate.handle import LIFE, canonical, digest, fingerprint, new_handle
from layers_mcp.gate.person import Person, name_of
from layers_mcp.gate.purse import Purse
from layers_mcp.gate.tasks import Tasks
from layers_mcp.gate.verdict import Act, Go, Refused, Replay, Verdict, refusal
from layers_mcp.store.rows import (
    EVERY,
    WRITES,
    Began,
    Claim,
    Confirmation,
    ConfirmedBy,
    Entry,
    Halt,
    How,
    Kind,
    Link,
    Operation,
    Paused,
)  # fmt: skip

if TYPE_CHECKING:
    from layers_mcp.store.store import Store

__all__ = ["LEASE", "Gate"]

GIVEN_LIFE = timedelta(hours=24)
"""How long Layers remembers an Idempotency-Key (layers-api: operational/idempotency)."""
LEASE = timedelta(seconds=15)
"""How long an operation is held by an attempt that no longer says that it runs; one that was killed is continued after that."""


def _named(project_id: str | None) -> str:
    """A project as a hold names it, however the call spelt its id."""
    return EVERY if project_id is None else any_project(project_id)


class Gate:
    """The gate of one principal. Everything it decides stands in the database, nothing in memory.

    `store` gives the opened store; it is first called when something has to be kept, so that listing tools opens no database.
    Digests are `handle.digest`'s; handles live by the wall's clock, never by the API's.
    """

    def __init__(self, store: Callable[[], Store], clock: Clock, principal: str, *, budget: Budget | None = None) -> None:
        self._store = store
        self._clock = clock
        self.principal = principal
        self.purse, self.tasks = Purse(store, budget or Budget()), Tasks(store, clock, principal)

    @property
    def person(self) -> Person:
        """The previews as a person sees them, who answers outside the conversation; not of this principal only."""
        return Person(self._store, self._clock)

    def of(self, principal: str) -> Gate:
        """The gate of another principal on the same store and clock."""
        return Gate(self._store, self._clock, principal, budget=self.purse.budget)

    def preview(self, tool: str, *, arguments: str, shown: str, display: Display | None = None, life: timedelta = LIFE) -> Minted:
        """Mint a handle bound to this principal, the tool, and the digests of its arguments and of what was shown.

        What passes by itself ("in 3 h 12 m") belongs to the words of a preview, not to what `shown` digests. `display`: what a person
        who answers outside the conversation is shown; `life`: how long the handle is good.
        """
        display = display or Display()
        now, handle = self._clock.now(), new_handle()
        kept = fingerprint(handle)
        assert kept is not None
        row = Confirmation(
            handle=kept,
            principal=self.principal,
            tool=tool,
            arguments=arguments,
            shown=shown,
            key=str(uuid4()),
            minted_at=now,
            expires_at=now + life,
            project_id=display.project_id,
            projects=display.projects,
            question=display.question,
            items=display.items,
            media=display.media,
            due_at=display.due_at,
            zone=display.zone,
            sandbox=display.sandbox,
        )
        self._store().confirmations.mint(row)
        return Minted(handle, row.expires_at, name_of(row))

    def check(self, handle: object, tool: str, *, arguments: str, shown: str) -> Confirmation | Refused | Replay:
        """What `handle` is worth for this call, spending nothing: its row when it could let the call act, or why it can't."""
        kept = fingerprint(handle)
        row = None if kept is None else self._store().confirmations.find(kept)
        act = Act(principal=self.principal, tool=tool, arguments=arguments, shown=shown)
        why = refusal(row, act, self._clock.now())
        if why is not None:
            return why
        assert row is not None, "what is not there is refused"
        return row

    def judge(  # noqa: PLR0913  what is said yes to, each by name
        self, handle: object, tool: str, *, arguments: str, shown: str, by: ConfirmedBy = "agent", anew: bool = False
    ) -> Verdict:
        """Whether `handle` lets this call act. A `Go` has already spent it, so act; whatever happens then, it never acts again.

        `handle` is what the client sent, of any type; what is no handle is unknown. `by`: whose yes it acts on; `person` is only
        let through with that person's recorded yes, `agent` only within ten minutes of the minting. `anew`: it acts under a key of its
        own; else it goes on with the same act whose end is not known, under that one's key.
        """
        kept, now = fingerprint(handle), self._clock.now()
        if kept is None:
            return Refused("unknown")
        act = Act(principal=self.principal, tool=tool, arguments=arguments, shown=shown, by=by)
        minted = self._store().confirmations.find(kept)
        spent = self._store().confirmations.spend(
            kept, now=now, since=None if anew else now - GIVEN_LIFE, confirmed_by=by, refuse=lambda row: refusal(row, act, now)
        )
        if not isinstance(spent, Confirmation):
            return spent
        return Go(spent, continued=minted is not None and minted.key != spent.key)

    def ask(self, row: Confirmation) -> str:
        """Record that the person is being asked about `row`; the token that their client's answer must come with, good for one answer."""
        token = new_handle()
        self._store().confirmations.ask(row.handle, token=fingerprint(token) or "")
        return token

    def hear(self, row: Confirmation, token: str, *, yes: bool) -> bool:
        """Record what the person told their client; False when it answers another question than the last, and so counts for nothing."""
        kept = fingerprint(token)
        if kept is None:
            return False
        return self._store().confirmations.answer(row.handle, yes=yes, how="client", now=self._clock.now(), token=kept)

    def recall(self, handle: object, tool: str, *, arguments: str) -> Replay | None:
        """What `handle` did when it acted for this very call within ten minutes; None when it may still have to be judged."""
        kept, now = fingerprint(handle), self._clock.now()
        row = None if kept is None else self._store().confirmations.find(kept)
        if row is None:
            return None
        act = Act(principal=self.principal, tool=tool, arguments=arguments, shown=row.shown)
        known = refusal(row, act, now)
        return known if isinstance(known, Replay) else None

    def finish(self, go: Go, outcome: JsonValue, *, failed: bool = False) -> None:
        """Record how the act ended; the same call with the same handle is given this outcome back for ten minutes."""
        self._store().confirmations.finish(go.row.handle, now=self._clock.now(), outcome=outcome, failed=failed)

    def acting(self, tool: str, *, arguments: str) -> bool:
        """Whether an act with these arguments was begun in the last 24 hours, and how it ended is not known."""
        since = self._clock.now() - GIVEN_LIFE
        return self._store().confirmations.acting(self.principal, tool, arguments=arguments, since=since)

    def claim(self, tool: str, *, arguments: str, given: str | None = None, sets: str | None = None) -> Claim:
        """Take on the operation this call is an attempt at, on record before it goes out; send with its `key`, and let it go after.

        The same arguments within ten minutes are the same operation, and so is the same `given` (the caller's idempotencyKey), of one
        tool with one set of arguments, for as long as Layers remembers it. `sets`: what the call sets; a later one with other arguments
        takes the place of an earlier one whose end is not known, and what ended is no operation any more.
        """
        now = self._clock.now()
        fresh = Operation(
            principal=self.principal,
            tool=tool,
            name=arguments if sets is None else f"sets:{digest(sets)}",
            arguments=arguments,
            key=str(uuid4()),
            made_at=now,
            holder=uuid4().hex,
            held_until=now + LEASE,
        )
        life = LIFE
        if given is not None:
            key = str(uuid5(NAMESPACE_URL, canonical([self.principal, tool, given]).decode("ascii")))
            named = {"tool": "", "name": f"given:{digest(given)}", "key": key, "arguments": digest([tool, arguments])}
            fresh, life = fresh.model_copy(update=named), GIVEN_LIFE
        return self._store().replies.claim(fresh, since=now - life, supersede=sets is not None)

    def still_holds(self, operation: Operation) -> bool:
        """Say that this attempt still runs; False when the operation is not its own any more."""
        return self._store().replies.hold(operation, self._clock.now() + LEASE)

    def let_go(self, operation: Operation) -> None:
        """Let other attempts go on with the operation; what is known of its end stays."""
        self._store().replies.let_go(operation)

    def forget(self, operation: Operation) -> None:
        """Record that an attempt left nothing a repeat should be given back; the next call is a new operation."""
        self._store().replies.forget(operation)

    def began(  # noqa: PLR0913  one row, each of its columns by name
        self, kind: Kind, known_as: str, *, tool: str, arguments: str, project_id: str | None = None, key: str | None = None
    ) -> None:
        """Keep the id of something a call has begun, so that it can be found again."""
        self._store().begun.add(
            Began(
                kind=kind,
                id=known_as,
                principal=self.principal,
                tool=tool,
                project_id=None if project_id is None else full_project(project_id),
                started_at=self._clock.now(),
                arguments=arguments,
                key=key,
            )
        )

    def recent(self, *, project_id: str | None = None, kind: Kind | None = None, limit: int = 20) -> tuple[Began, ...]:
        """The latest things that calls through this store began, any principal's as holds are, newest first."""
        project = None if project_id is None else full_project(project_id)
        return self._store().begun.recent(project_id=project, kind=kind, limit=limit)

    def trail(self, *, before: int | None = None, limit: int) -> tuple[Link, ...]:
        """What this principal called, newest first, below the number `before` where it is given."""
        return self._store().trail.page(self.principal, before=before, limit=limit)

    def hold(self, project_id: str | None, *, by: ConfirmedBy = "agent", what: str = WRITES) -> None:
        """Hold back every write to a project, or with None to any, or `what` else, for whoever shares this store. `by`: who wants it."""
        self._store().halts.hold(Halt(project_id=_named(project_id), what=what, at=self._clock.now(), principal=self.principal, by=by))

    def lift(self, project_id: str | None, *, by: ConfirmedBy = "agent", what: str = WRITES) -> bool:
        """Let what is held of a project go on, or with None end the hold on all; a hold on the other stays.

        False, and nothing done, where a person holds them and `by` is none.
        """
        return self._store().halts.lift(_named(project_id), by=by, what=what)

    def holds(self, project_id: str | None, *, what: str = WRITES) -> Halt | None:
        """The hold on this project, or with None on all; None when there is none."""
        return next((one for one in self._store().halts.all() if (one.project_id, one.what) == (_named(project_id), what)), None)

    def pausing(self, row: Paused) -> None:
        """Remember that a campaign is paused with the halt of its project, before it is."""
        self._store().halts.pausing(row.model_copy(update={"project_id": _named(row.project_id)}))

    def unpaused(self, project_id: str, campaign_id: str) -> None:
        """Forget that again: the campaign runs, or never was paused."""
        self._store().halts.unpaused(_named(project_id), campaign_id)

    def paused(self, project_id: str) -> tuple[Paused, ...]:
        """The campaigns of a project that were paused with its halt."""
        return self._store().halts.paused(_named(project_id))

    def held(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None."""
        return self._store().halts.of([_named(one) for one in projects])

    def halted(self) -> frozenset[str]:
        """The projects to which writes are held back, each by its name; `EVERY` among them for all."""
        return frozenset(one.project_id for one in self._store().halts.all() if one.what == WRITES)

    def record(  # noqa: PLR0913  one row, each of its columns by name
        self,
        tool: str,
        *,
        effect: str,
        outcome: str,
        arguments: str,
        request_id: str | None = None,
        confirmed_by: ConfirmedBy | None = None,
        project_id: str | None = None,
        shown: str | None = None,
        how: How | None = None,
    ) -> None:
        """Write one call into the trail; `arguments`, `shown` are digests, `outcome` a code or a word."""
        self._store().trail.add(
            Entry(
                at=self._clock.now(),
                principal=self.principal,
                tool=tool,
                effect=effect,
                outcome=outcome,
                request_id=request_id,
                confirmed_by=confirmed_by,
                project_id=project_id,
                arguments=arguments,
                shown=shown,
                how=how,
            )
        )
