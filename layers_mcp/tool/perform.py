"""How every call goes: read the arguments, ask, pass the gate, run once, record."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from pydantic import BaseModel, JsonValue

from layers_mcp.client.desk import Report
from layers_mcp.client.layers import Layers
from layers_mcp.clock import Clock
from layers_mcp.contract.errors import LayersError
from layers_mcp.contract.secret import SHOWN_ONCE, SHOWS
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.gate.verdict import Go, Refused
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Arguments, Control, Tool, parse
from layers_mcp.tool.outcome import Confirmation, Envelope, Outcome, Shown, ShownItem

__all__ = ["House", "perform"]

A = TypeVar("A", bound=Arguments)
Answered = Outcome[Any]

_NOT_BOUND = {"confirm", "wait_seconds", "idempotency_key"}
"""Arguments that do not change what a call does, and so are no part of what a yes or a repeat is bound to."""
_BECAUSE: dict[str, str] = {
    "unknown": "confirm was not a handle given out here; nothing was changed",
    "expired": "the handle's ten minutes were over; nothing was changed",
    "used": "the handle was used before; nothing was done again",
    "acting": "the handle was used before, and how that ended is not known yet; a yes to this preview continues it and does nothing twice",
    "other_arguments": "the handle was given for other arguments; nothing was changed",
    "changed": "what would be done has changed since the handle was given; nothing was changed",
}
_REPEATED = "the same call was made within ten minutes, so this is the same operation; a new idempotencyKey makes another"
_ACTED = "this handle was used before; this is what it did, and nothing was done again"


@dataclass(frozen=True, kw_only=True)
class House:
    """What every call of one process shares.

    `wait_s`: the default wait; `sandbox`: nothing here reaches anyone; `return_url`: the default page that people come back to after
    a consent.
    """

    layers: Layers
    gate: Gate
    clock: Clock
    wait_s: int
    sandbox: bool
    return_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """One call on its way through: who is called with what, and the digest of what it is bound to."""

    house: House
    tool: Tool[Any]
    request: Arguments
    arguments: str
    report: Report

    def call(self, key: str, *, again: bool = False) -> Call:
        """What the tool is handed, for the operation `key`."""

        def begun(kind: Literal["job", "post", "oauth"], known_as: str, project_id: str | None) -> None:
            name = self.tool.name
            self.house.gate.began(kind, known_as, tool=name, arguments=self.arguments, project_id=project_id, key=key)

        house = self.house
        return Call(
            layers=house.layers,
            clock=house.clock,
            report=self.report,
            begun=begun,
            key=key,
            wait_s=house.wait_s,
            return_url=house.return_url,
            again=again,
        )

    def envelope(self, outcome: Answered, **more: Any) -> Envelope:
        """The outcome as it goes out."""
        record = Envelope(
            status=outcome.status,
            summary=outcome.say,
            result=_record(outcome.result),
            read_from=outcome.read_from,
            next=outcome.next[:3],
            cost=outcome.cost,
            as_of=self.house.layers.now(),
            request_id=self.house.layers.request_id,
            sandbox=self.house.sandbox,
            **more,
        )
        return record.with_pictures(outcome.pictures)


def _record(result: BaseModel | None) -> JsonValue:
    """The record as the caller gets it, with the secrets that are shown once."""
    return None if result is None else cast("JsonValue", result.model_dump(mode="json", by_alias=True, exclude_none=True, context=SHOWS))


def _without_secrets(record: JsonValue) -> JsonValue:
    if isinstance(record, dict):
        return {name: _without_secrets(value) for name, value in record.items() if value != SHOWN_ONCE}
    return [_without_secrets(value) for value in record] if isinstance(record, list) else record


def _kept(envelope: Envelope, outcome: Answered) -> JsonValue:
    """What the store keeps of an answer: all but the secrets in it."""
    record = None if outcome.result is None else outcome.result.model_dump(mode="json", by_alias=True, exclude_none=True)
    changes = {"result": _without_secrets(record), "summary": outcome.say_again or outcome.say}
    return cast("JsonValue", envelope.model_copy(update=changes).model_dump(mode="json", by_alias=True))


def _bound(item: ShownItem, unbound: frozenset[str]) -> dict[str, JsonValue]:
    return {name: fact for name, fact in item.facts.items() if name not in unbound}


def _shown_digest(shown: Shown) -> str:
    items = [item.model_dump(mode="json") | {"facts": _bound(item, shown.unbound)} for item in shown.items]
    return digest(cast("JsonValue", {"items": items, "over": dict(shown.digest_over)}))


async def _ask_again(visit: _Visit, shown: Shown, because: str | None) -> Envelope:
    minted = visit.house.gate.preview(visit.tool.name, arguments=visit.arguments, shown=_shown_digest(shown))
    outcome = Outcome[Any](say=f"Nothing was changed. Ask the person: {shown.question}", status="confirmation_required")
    good_s = int((minted.expires_at - visit.house.clock.now()).total_seconds())
    confirmation = Confirmation(handle=minted.handle, question=shown.question, items=shown.items, valid_for_seconds=good_s, because=because)
    return visit.envelope(outcome, confirmation=confirmation).with_pictures(await shown.pictures())


async def _control(visit: _Visit, ask: Callable[[Any, Call], Awaitable[Shown | None]]) -> Envelope:
    """Preview, handle, act once: without a live handle for exactly this nothing is changed; what needs no yes just runs."""
    gate, name = visit.house.gate, visit.tool.name
    handle = cast("Control", visit.request).confirm
    if (done := gate.recall(handle, name, arguments=visit.arguments)) is not None:
        return Envelope.model_validate(done.outcome).model_copy(update={"replayed": _ACTED})
    shown = await ask(visit.request, visit.call(str(uuid.uuid4())))
    if shown is None:
        return visit.envelope(await visit.tool.run(visit.request, visit.call(str(uuid.uuid4()))))
    if not handle:
        return await _ask_again(visit, shown, None)
    verdict = gate.judge(handle, name, arguments=visit.arguments, shown=_shown_digest(shown))
    if isinstance(verdict, Refused):
        return await _ask_again(visit, shown, _BECAUSE[verdict.reason])
    if not isinstance(verdict, Go):
        return Envelope.model_validate(verdict.outcome).model_copy(update={"replayed": _ACTED})
    return await _act(visit, verdict)


async def _act(visit: _Visit, go: Go) -> Envelope:
    """Act to the end, also when the client goes away meanwhile: what was begun is finished and recorded."""
    acting = asyncio.ensure_future(_acted(visit, go))
    return await asyncio.shield(acting)


async def _acted(visit: _Visit, go: Go) -> Envelope:
    gate = visit.house.gate
    try:
        outcome = await visit.tool.run(visit.request, visit.call(go.row.key))
    except LayersError as problem:
        say = f"{problem.wire_code}: {problem.message}. {problem.advice}"
        failed = visit.envelope(Outcome[Any](say=say, status="failed"), confirmed_by="agent")
        gate.fail(go, problem, cast("JsonValue", failed.model_dump(mode="json", by_alias=True)))
        raise
    envelope = visit.envelope(outcome, confirmed_by="agent")
    gate.finish(go, _kept(envelope, outcome), failed=outcome.status == "failed")
    return envelope


async def _add(visit: _Visit, given: str | None) -> Envelope:
    """Run under a key that is on record before the first attempt, so that a repeat is the same operation."""
    gate = visit.house.gate
    operation = gate.claim(visit.tool.name, arguments=visit.arguments, given=given)
    try:
        outcome = await visit.tool.run(visit.request, visit.call(operation.key, again=operation.replayed))
    except LayersError as problem:
        gate.settle(operation, problem)
        raise
    if outcome.status in ("needs_action", "failed", "canceled"):
        gate.forget(operation)  # nothing stands that a repeat should give back
    else:
        gate.settle(operation)
    return visit.envelope(outcome, replayed=_REPEATED if operation.replayed and not outcome.found else None)


async def _pass(visit: _Visit) -> Envelope:
    if visit.tool.ask is not None:
        return await _control(visit, visit.tool.ask)
    if isinstance(visit.request, Adding):
        return await _add(visit, visit.request.idempotency_key)
    outcome = await visit.tool.run(visit.request, visit.call(str(uuid.uuid4())))
    return visit.envelope(outcome)


async def perform(declared: Tool[A], given: dict[str, JsonValue], house: House, report: Report) -> Envelope:
    """One call of one tool, from its arguments to its record; every call leaves one row in the trail.

    Raises:
        LayersError: what the call was refused with.
    """
    try:
        request = parse(declared, given)
    except LayersError as problem:
        house.gate.record(declared.name, effect=declared.effect.value, outcome=problem.wire_code, arguments="")
        raise
    bound = cast("JsonValue", request.model_dump(mode="json", by_alias=True, exclude=_NOT_BOUND))
    visit = _Visit(house=house, tool=declared, request=request, arguments=digest(bound), report=report)
    project = getattr(request, "project_id", None)

    def record(outcome: str, request_id: str | None, confirmed_by: Literal["agent", "person"] | None) -> None:
        house.gate.record(
            declared.name,
            effect=declared.effect.value,
            outcome=outcome,
            arguments=visit.arguments,
            request_id=request_id,
            confirmed_by=confirmed_by,
            project_id=project,
        )

    try:
        envelope = await _pass(visit)
    except LayersError as problem:
        record(problem.wire_code, problem.request_id, None)
        raise
    except BaseException:
        record("broken_off", None, None)  # the client went away, or a mistake of ours
        raise
    record("replayed" if envelope.replayed else envelope.status, envelope.request_id, envelope.confirmed_by)
    return envelope
