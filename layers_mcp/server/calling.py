"""Answering a call: arguments as they were meant, the tool performed, the outcome rendered and logged."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple, cast

import structlog
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from pydantic import JsonValue

from layers_mcp import telemetry
from layers_mcp.client.desk import Progress, Report
from layers_mcp.contract.errors import Internal, LayersError, OurMistake
from layers_mcp.server.aiming import aimed, by_call, reachable
from layers_mcp.server.answer import Answer, Tell
from layers_mcp.server.arguments import meant
from layers_mcp.server.catalog import CALL
from layers_mcp.server.pinning import filled, only, unsaid
from layers_mcp.server.reaching import Reaching, known, real_name
from layers_mcp.server.render import pictures, problem_record, problem_text, record, text
from layers_mcp.server.schema import input_schema, output_schema
from layers_mcp.tool.asking import Asker, AskFirst
from layers_mcp.tool.perform import perform
from layers_mcp.tool.visit import House
from layers_mcp.unopened import Unopened

__all__ = ["answer", "unopened"]


@cache
def _checker(name: str) -> Validator:
    declared = known(name)
    assert declared is not None, "what was performed is known"
    return Draft202012Validator(cast("Any", output_schema(declared)))


def _check(name: str, made: dict[str, JsonValue]) -> None:
    unfit = next(iter(_checker(name).iter_errors(cast("Any", made))), None)
    if unfit is not None:
        raise OurMistake(f"the result does not fit the published schema at {unfit.json_path}")


def _reporting(tell: Tell) -> Report:
    async def report(progress: Progress) -> None:
        await tell(progress.done, progress.stage)

    return report


class _Made(NamedTuple):
    """What came of a call. `code`: of a refusal, as this version knows it, and so one of a few."""

    reply: Answer | AskFirst
    outcome: str
    request_id: str | None
    code: str | None = None


def _refused(problem: LayersError, house: House) -> Answer:
    return Answer(text=problem_text(problem), record=problem_record(problem, sandbox=house.sandbox), is_error=True)


def unopened(name: str, problem: Exception) -> Answer:
    """The answer to a call when what every call needs could not be opened; the log has the reason."""
    trace = None if isinstance(problem, Unopened) else problem
    structlog.get_logger().error("nothing could be opened", tool=name, why=str(problem) if trace is None else None, exc_info=trace)
    folder = f"the state folder can't be opened ({type(problem).__name__}); check LAYERS_STATE_DIR"
    reason = Internal(f"LAYERS_DATABASE_URL: {problem}" if isinstance(problem, Unopened) else folder)
    return Answer(text=problem_text(reason), record=problem_record(reason, sandbox=False), is_error=True)


async def _made(  # noqa: PLR0913  each comes from another room
    house: House, name: str, given: dict[str, JsonValue], tell: Tell, *, shown: Collection[str], asker: Asker | None
) -> _Made:
    try:
        declared, given, through = aimed(house, name, given, shown)
        schema, pinned = input_schema(declared.arguments), only(house.projects)
        asked = meant(given, schema)
        envelope = await perform(declared, asked if pinned is None else filled(asked, schema, pinned), house, _reporting(tell), asker=asker)
        envelope = reachable(envelope if pinned is None else unsaid(envelope, pinned), shown)
        made = record(envelope)
        _check(declared.name, made)
        reply = Answer(
            text=text(envelope, made, through=through), record=made, is_error=envelope.status == "failed", pictures=pictures(envelope)
        )
        return _Made(reply, envelope.status, envelope.request_id)
    except AskFirst as first:
        return _Made(first, "asked", None)
    except LayersError as problem:
        if isinstance(look := problem.details.get("look"), dict):
            look["tool"], look["arguments"] = by_call(str(look["tool"]), cast("dict[str, JsonValue]", look["arguments"]), shown)
        return _Made(_refused(problem, house), problem.wire_code, problem.request_id, problem.code)
    except Exception:  # noqa: BLE001  the edge: a mistake of ours is an answer too, and its text may hold anything
        structlog.get_logger().exception("call failed", tool=name)
        problem = OurMistake("this server made a mistake")
        return _Made(_refused(problem, house), problem.wire_code, None, problem.code)


def _called(name: str, given: dict[str, JsonValue]) -> str:
    """The real name of what is called, also by `call`; a name of what there is not may be anything."""
    within = given.get("name")
    return real_name(within if real_name(name) == CALL and isinstance(within, str) and known(real_name(within)) else name)


async def answer(  # noqa: PLR0913  as above
    house: House,
    name: str,
    given: dict[str, JsonValue],
    tell: Tell,
    *,
    shown: Collection[str],
    reach: Collection[str] = (),
    asker: Asker | None = None,
) -> Answer | AskFirst:
    """The answer to one call of one tool of those `shown`, or what its person is to be asked first; a failure is an answer too.

    `reach`: what `call` can call, by real names.

    One line goes to the log for each call: tool, outcome, seconds, request id; no arguments. So does one span.
    """
    began, house = time.monotonic(), replace(house, reach=Reaching(reach, projects=house.projects))
    label = real if known(real := _called(name, given)) else "unknown"
    with telemetry.measured(telemetry.TOOL, tool=label, outcome="canceled") as labels, telemetry.span(f"tool {label}", tool=label) as mark:
        made = await _made(house, name, given, tell, shown=shown, asker=asker)
        labels["outcome"] = made.code or made.outcome
        mark.say(outcome=labels["outcome"], request_id=made.request_id)
        if made.code is not None:
            mark.failed(made.code)
    seconds = round(time.monotonic() - began, 3)
    structlog.get_logger().info(
        "call", tool=name if label == "unknown" else label, outcome=made.outcome, seconds=seconds, request_id=made.request_id
    )
    return made.reply
