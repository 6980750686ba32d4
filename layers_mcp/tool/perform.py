"""How every call goes: read the arguments, ask, pass the gate, run once, record."""

from __future__ import annotations

import uuid
from typing import TypeVar, cast

from pydantic import JsonValue

from layers_mcp.client.desk import Report
from layers_mcp.client.manner import manner
from layers_mcp.client.sent import watched
from layers_mcp.contract.errors import LayersError
from layers_mcp.gate.handle import digest
from layers_mcp.gate.verdict import Go
from layers_mcp.tool import addresses, kinds
from layers_mcp.tool.advice import end_of
from layers_mcp.tool.asking import Asker, AskFirst
from layers_mcp.tool.confirming import Acted, by_handle, control, forbidden
from layers_mcp.tool.declaration import Adding, Arguments, Effect, Priced, Tool, parse
from layers_mcp.tool.naming import name_unknown
from layers_mcp.tool.operating import Done, operate, sets
from layers_mcp.tool.outcome import Envelope
from layers_mcp.tool.paying import quoted
from layers_mcp.tool.visit import House, Visit

__all__ = ["perform"]

A = TypeVar("A", bound=Arguments)

_NOT_BOUND = {"confirm", "wait_seconds", "idempotency_key", "quote_only"}
"""Arguments that do not change what a call does, and so are no part of what a yes or a repeat is bound to."""
_REPEATED = "the same call was made within ten minutes, so this is the same operation; a new idempotencyKey makes another"


async def _add(visit: Visit) -> Envelope:
    """One operation, acting by itself within the budgets; what exceeds one asks first, and is then the same operation.

    Where the policy names the tool, it asks whatever it costs; the policy's default only holds for what exceeds a budget.
    """
    done = await operate(visit) if visit.tool.ask is None or visit.named_tier is None else None
    if done is not None:
        return _told(visit, done)
    assert visit.tool.ask is not None, "only what is priced exceeds a budget, and that can ask"
    return await control(visit, visit.tool.ask, _by_operation)


def _told(visit: Visit, done: Done) -> Envelope:
    return visit.envelope(done.outcome, replayed=_REPEATED if done.again and not done.outcome.found else None)


async def _by_operation(visit: Visit, go: Go) -> Acted | None:
    """Act as the operation that the same call is, with a yes or without: it is on record under a key of its own."""
    done = await operate(visit, confirmed=True)
    return None if done is None else Acted(done.outcome, _told(visit, done).model_copy(update={"confirmed_by": go.row.confirmed_by}))


async def _set(visit: Visit) -> Envelope:
    """Once more at each call; only while it is not known how one ended, the same call goes on with it."""
    done = await operate(visit, subject=sets(visit))
    assert done is not None, "what costs nothing exceeds nothing"
    return visit.envelope(done.outcome)


async def _pass(visit: Visit) -> Envelope:
    if isinstance(visit.request, Priced) and visit.named_tier == "deny":  # before anything is sent, a look or a price
        raise forbidden(visit)
    await visit.pass_fence()
    if visit.tool.effect is Effect.READS:
        return visit.envelope(await visit.tool.run(visit.request, visit.call(str(uuid.uuid4()))))
    if isinstance(visit.request, Priced) and visit.request.quote_only:
        return await quoted(visit, visit.call(str(uuid.uuid4())))
    visit.pass_halt()
    if isinstance(visit.request, Adding):
        return await _add(visit)
    return await (control(visit, visit.tool.ask, by_handle) if visit.tool.ask is not None else _set(visit))


async def perform(declared: Tool[A], given: dict[str, JsonValue], house: House, report: Report, *, asker: Asker | None = None) -> Envelope:
    """One call of one tool, from its arguments to its record; every call leaves one row in the trail, an act one more before it begins.

    `asker`: the client's way to ask its person, None where it has none.

    Raises:
        LayersError: what the call was refused with.
        AskFirst: the client is to ask its person, and to call again with the answer.
    """
    try:
        request = kinds.spelled(parse(declared, given))
        kinds.check(declared, request)
        addresses.check(declared, request, sites=house.sites)
    except LayersError as problem:
        house.gate.record(declared.name, effect=declared.effect.value, outcome=problem.wire_code, arguments="")
        raise
    bound = cast("JsonValue", request.model_dump(mode="json", by_alias=True, exclude=_NOT_BOUND))
    visit = Visit(house=house, tool=declared, request=request, arguments=digest(bound), report=report, asker=asker)

    turn = manner.set(visit.manner)
    try:
        with watched(visit.sent):
            envelope = await _pass(visit)
    except LayersError as problem:
        name_unknown(problem, request)
        if not visit.notes.acting:
            visit.record(end_of(problem), problem.request_id)
        raise
    except AskFirst:
        visit.record("asked")
        raise
    except BaseException:
        if not visit.notes.acting:
            visit.record("broken_off")  # the client went away, or a mistake of ours
        raise
    finally:
        manner.reset(turn)
    if not visit.notes.acting:  # an act writes its end itself
        visit.record("replayed" if envelope.replayed else envelope.status, envelope.request_id, envelope.confirmed_by)
    return envelope
