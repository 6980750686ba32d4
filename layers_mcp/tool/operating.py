"""One operation of a call: its key on record, its credits set aside, its writes watched, and what is known of its end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from pydantic import JsonValue

from layers_mcp.contract.errors import IdempotencyConflict, InProgress, LayersError
from layers_mcp.gate.gate import LEASE
from layers_mcp.store.rows import Operation
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Adding, Look
from layers_mcp.tool.outcome import Outcome
from layers_mcp.tool.paying import made_by, priced
from layers_mcp.tool.visit import Visit

__all__ = ["Done", "operate", "run", "sets"]

LOOK_S: Final = 0.25
"""Between two looks whether the same call, made elsewhere, has come to its end; ours."""
PATIENCE_S: Final = 120.0
"""The longest that a call waits for the same call made elsewhere; ours."""
_TAKEN = "was used within 24 hours for other arguments or another tool; give a new key, or leave it out"
_ADDED = "If nothing came of it, the same call within ten minutes (24 hours with idempotencyKey) goes on with the same operation."
_STANDS = "The same call within ten minutes (24 hours with idempotencyKey) goes on with the same operation; later it acts once more."
_ANEW = "If nothing came of it, make the same call once more: it sets the same, whatever came of this one."
_WITH_YES = "If nothing came of it, a yes to the same call goes on with the same act and does nothing twice."


@dataclass(frozen=True)
class Done:
    """How an operation came out. `again`: an earlier attempt at it was on record."""

    outcome: Outcome[Any]
    again: bool


def _conflict(problem: IdempotencyConflict | None = None) -> IdempotencyConflict:
    """The caller's key stands for something else; said before anything is sent, or in the words of Layers' own refusal."""
    issue: JsonValue = {"path": "idempotencyKey", "message": _TAKEN}
    details: dict[str, JsonValue] = {**(problem.details if problem else {}), "issues": [issue]}
    return IdempotencyConflict(f"idempotencyKey {_TAKEN}", details=details, request_id=problem.request_id if problem else None)


def _then(visit: Visit, problem: LayersError) -> str | None:
    """What the same call would do, where that is known."""
    if not visit.sent.keyed:
        return None
    if isinstance(visit.request, Adding):
        return _ADDED if problem.unsure else _STANDS
    return None if not problem.unsure else _ANEW if visit.tool.sets(visit.request) else _WITH_YES


def _said(visit: Visit, problem: LayersError) -> LayersError:
    """The same problem; where a write took effect, or may have, with that, what was begun, and the call that shows it."""
    problem.unsure |= visit.sent.unsure
    problem.outcome = "unknown" if problem.unsure else "acted" if visit.sent.acted else "in_part" if visit.sent.in_part else ""
    if not problem.outcome or visit.tool.look is None:
        return problem
    begun = visit.notes.begun
    look = Look("wait_for_job", begun[0]) if begun and problem.outcome == "acted" else visit.tool.look(visit.request)
    problem.details |= {"outcome": problem.outcome, "look": {"tool": look.tool, "arguments": look.arguments}}
    if begun:
        problem.details["begun"] = [*begun]
    if (then := _then(visit, problem)) is not None:
        problem.details["then"] = then
    return problem


def _settle_credits(visit: Visit, keys: list[str], *, again: bool) -> None:
    visit.house.gate.purse.give_back([key for key in keys if visit.sent.lost(key, again=again)])


async def _reserve(visit: Visit, call: Call, *, confirmed: bool) -> list[str] | None:
    """Set the credits aside and give back the keys they stand under; None where nobody said yes to so much, and it exceeds a budget.

    What an earlier attempt set aside stands: it is neither priced nor held against a budget again.

    Raises:
        InsufficientCredits: the wallet does not have them.
    """
    made, purse = await made_by(visit, call), visit.house.gate.purse
    visit.notes.places |= {one.part: one.project_id for one in made}
    keys = [call.key_for(one.part) for one in made]
    if not made or (call.again and purse.knows(keys)):
        return keys
    bill = await priced(visit, call, made)
    bill.check()
    if confirmed and bill.standing.credits > visit.notes.agreed:
        return None
    if purse.reserve(dict(zip(keys, bill.prices, strict=True)), call.now(), confirmed=confirmed) is not None:
        return None
    visit.notes.cost = bill.cost
    return keys


async def run(visit: Visit, key: str, *, again: bool, confirmed: bool = True) -> Outcome[Any] | None:
    """Run the tool under `key`, its credits set aside before; None when they would exceed a budget and nobody said yes to that.

    `again`: an earlier attempt is on record.

    Raises:
        LayersError: the refusal; where a write took effect, or may have, with how to look.
    """
    call = visit.call(key, again=again)
    reserved = await _reserve(visit, call, confirmed=confirmed)
    if reserved is None:
        return None
    try:
        return await visit.tool.run(visit.request, call)
    except LayersError as problem:
        raise _said(visit, problem) from None
    finally:
        _settle_credits(visit, reserved, again=again)


async def _claimed(visit: Visit, given: str | None, subject: str | None) -> Operation:
    """The operation of this call, held by it; while the same call runs elsewhere, this one waits for its end.

    Raises:
        IdempotencyConflict: the caller's key stands for other arguments.
        InProgress: the other one has not come to its end in time.
    """
    gate, clock = visit.house.gate, visit.house.clock
    until_s = clock.elapsed_s() + PATIENCE_S
    while True:
        claim = gate.claim(visit.tool.name, arguments=visit.arguments, given=given, sets=subject)
        if claim.state == "mine":
            return claim.operation
        if claim.state == "taken":
            raise _conflict()
        if clock.elapsed_s() >= until_s:
            raise InProgress("the same call is still running elsewhere", retry_after_s=5.0)
        await clock.sleep(LOOK_S)


@asynccontextmanager
async def _holding(visit: Visit, operation: Operation) -> AsyncGenerator[None]:
    """Say as long as this lasts that the operation is being run; one whose process is gone is free again after the lease."""
    gate = visit.house.gate

    async def beat() -> None:
        held = True
        while held:
            await asyncio.sleep(LEASE.total_seconds() / 3)  # a sign of life of this process: no clock of a story moves it
            held = gate.still_holds(operation)

    beating = asyncio.ensure_future(beat())
    visit.notes.operation = operation
    try:
        yield
    finally:
        visit.notes.operation = None
        beating.cancel()
        gate.let_go(operation)


def sets(visit: Visit) -> str:
    """What a call sets that can be made again and again: one such operation at a time stands for it."""
    return visit.project_id or visit.arguments


async def operate(visit: Visit, *, confirmed: bool = False, subject: str | None = None) -> Done | None:
    """Run the tool as one operation, however often and by whomever the same call is made; None when it would exceed a budget.

    `confirmed`: somebody said yes to what it costs. `subject`: as in `Gate.claim`, for what is not given back once it ended. What is set
    is sent anew each time, lest Layers' first answer to a key is taken for how things stand now.

    Raises:
        LayersError: the refusal; what may have taken effect stays on record, and the same call goes on with it.
    """
    gate = visit.house.gate
    given = visit.request.idempotency_key if isinstance(visit.request, Adding) else None
    operation = await _claimed(visit, given, subject)
    anew = operation.replayed and visit.tool.sets(visit.request)
    again, key = operation.replayed and not anew, str(uuid.uuid4()) if anew else operation.key
    async with _holding(visit, operation):
        try:
            outcome = await run(visit, key, again=again, confirmed=confirmed)
        except IdempotencyConflict as problem:
            if given is not None and not again:
                gate.forget(operation)
                raise _conflict(problem) from None
            problem.unsure = True  # what the first attempt came to can't be had back under its key
            raise _said(visit, problem) from None
        except BaseException:
            if visit.sent.left_nothing(again=again):
                gate.forget(operation)
            raise
        ended = outcome is not None and outcome.status in ("needs_action", "failed", "canceled")
        nothing = ended and (given is None or visit.sent.left_nothing(again=again))  # Layers too knows a given key by what came of it
        if outcome is None or subject is not None or nothing:
            gate.forget(operation)  # nothing stands that a repeat should give back
    return None if outcome is None else Done(outcome, again)
