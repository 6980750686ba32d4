"""How every call goes: read the arguments, ask, pass the gate, run once, record."""

from __future__ import annotations

import uuid
from typing import TypeVar, cast

from pydantic import JsonValue

from layers_mcp.client.desk import Report
from layers_mcp.contract.errors import LayersError
from layers_mcp.gate.handle import digest
from layers_mcp.tool.asking import Asker, AskFirst
from layers_mcp.tool.confirming import control
from layers_mcp.tool.declaration import Adding, Arguments, Tool, parse
from layers_mcp.tool.naming import name_unknown
from layers_mcp.tool.outcome import Envelope
from layers_mcp.tool.visit import House, Visit

__all__ = ["perform"]

A = TypeVar("A", bound=Arguments)

_NOT_BOUND = {"confirm", "wait_seconds", "idempotency_key"}
"""Arguments that do not change what a call does, and so are no part of what a yes or a repeat is bound to."""
_REPEATED = "the same call was made within ten minutes, so this is the same operation; a new idempotencyKey makes another"


async def _add(visit: Visit, given: str | None) -> Envelope:
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


async def _pass(visit: Visit) -> Envelope:
    visit.pass_halt([visit.project_id] if visit.project_id is not None else [])
    if visit.tool.ask is not None:
        return await control(visit, visit.tool.ask)
    if isinstance(visit.request, Adding):
        return await _add(visit, visit.request.idempotency_key)
    outcome = await visit.tool.run(visit.request, visit.call(str(uuid.uuid4())))
    return visit.envelope(outcome)


async def perform(declared: Tool[A], given: dict[str, JsonValue], house: House, report: Report, *, asker: Asker | None = None) -> Envelope:
    """One call of one tool, from its arguments to its record; every call leaves one row in the trail.

    `asker`: the client's way to ask its person, None where it has none.

    Raises:
        LayersError: what the call was refused with.
        AskFirst: the client is to ask its person, and to call again with the answer.
    """
    try:
        request = parse(declared, given)
    except LayersError as problem:
        house.gate.record(declared.name, effect=declared.effect.value, outcome=problem.wire_code, arguments="")
        raise
    bound = cast("JsonValue", request.model_dump(mode="json", by_alias=True, exclude=_NOT_BOUND))
    visit = Visit(house=house, tool=declared, request=request, arguments=digest(bound), report=report, asker=asker)

    try:
        envelope = await _pass(visit)
    except LayersError as problem:
        name_unknown(problem, request)
        visit.record(problem.wire_code, problem.request_id)
        raise
    except AskFirst:
        visit.record("asked")
        raise
    except BaseException:
        visit.record("broken_off")  # the client went away, or a mistake of ours
        raise
    visit.record("replayed" if envelope.replayed else envelope.status, envelope.request_id, envelope.confirmed_by)
    return envelope
