"""Answering a call: arguments as they were meant, the tool performed, the outcome rendered and logged."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from functools import cache
from typing import Any, NamedTuple, cast

import structlog
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from pydantic import JsonValue

from layers_mcp import telemetry
from layers_mcp.client.desk import Progress, Report
from layers_mcp.contract.errors import Internal, Invalid, LayersError, OurMistake
from layers_mcp.server.answer import Answer, Tell
from layers_mcp.server.arguments import meant
from layers_mcp.server.catalog import ALIASES, READER
from layers_mcp.server.pinning import filled, only, unsaid
from layers_mcp.server.render import pictures, problem_record, problem_text, record, text
from layers_mcp.server.resources import TEMPLATES, asked
from layers_mcp.server.schema import input_schema, output_schema
from layers_mcp.tool.asking import Asker, AskFirst
from layers_mcp.tool.declaration import Tool, parse
from layers_mcp.tool.perform import perform
from layers_mcp.tool.visit import House
from layers_mcp.tools.catalog import TOOLS
from layers_mcp.tools.resources import read_resource
from layers_mcp.unopened import Unopened

__all__ = ["answer", "unopened"]

_STRANGE = re.compile(r"[^A-Za-z0-9_.\-]")
_NAME_LETTERS = 80
_BY_NAME: dict[str, Tool[Any]] = {declared.name: declared for declared in TOOLS}


@cache
def _checker(name: str) -> Validator:
    return Draft202012Validator(cast("Any", output_schema(_BY_NAME[name])))


def _check(name: str, made: dict[str, JsonValue]) -> None:
    unfit = next(iter(_checker(name).iter_errors(cast("Any", made))), None)
    if unfit is not None:
        raise OurMistake(f"the result does not fit the published schema at {unfit.json_path}")


def _find(name: str, shown: Collection[str], house: House) -> Tool[Any]:
    """The tool of this name; a call of none is in the trail too, under as much of the name as a tool's could be."""
    real = ALIASES.get(name, name)
    if real not in shown or real not in _BY_NAME:
        issue: JsonValue = {"path": "name", "message": f"is none of {', '.join(shown)}"}
        problem = Invalid("there is no tool of this name", details={"issues": [issue], "tools": list(shown)})
        house.gate.record(_STRANGE.sub("?", real)[:_NAME_LETTERS], effect="none", outcome=problem.wire_code, arguments="")
        raise problem
    return _BY_NAME[real]


def _resource(given: dict[str, JsonValue], shown: Collection[str]) -> tuple[str, dict[str, JsonValue]]:
    """The call that reads what a call of the reader names.

    Raises:
        Invalid: the arguments don't fit, or there is no such resource for this caller.
    """
    request = parse(read_resource, meant(given, input_schema(read_resource.arguments)))
    call = asked(request.uri)
    if call is None or call[0] not in shown:
        known = [one.uri_template for one in TEMPLATES if one.tool in shown]
        issue: JsonValue = {"path": "uri", "message": f"is none of {', '.join(known)}"}
        raise Invalid("there is no such resource", details={"issues": [issue], "uri": request.uri})
    return call[0], call[1] | ({} if request.cursor is None else {"cursor": request.cursor})


def _aimed(house: House, name: str, given: dict[str, JsonValue], shown: Collection[str]) -> tuple[str, dict[str, JsonValue]]:
    """For a call of the reader, that of the tool which shows the resource, with all that holds it; any other as it is."""
    if name != READER or name not in shown:
        return name, given
    try:
        return _resource(given, shown)
    except Invalid as problem:
        house.gate.record(name, effect=read_resource.effect.value, outcome=problem.wire_code, arguments="")
        raise


def _rising(tell: Tell) -> Report:
    """Progress as the protocol wants it: never equal, never lower."""
    last = -1.0

    async def report(progress: Progress) -> None:
        nonlocal last
        if progress.done > last:
            last = progress.done
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
        name, given = _aimed(house, name, given, shown)
        declared = _find(name, shown, house)
        schema, pinned = input_schema(declared.arguments), only(house.projects)
        asked = meant(given, schema)
        envelope = await perform(declared, asked if pinned is None else filled(asked, schema, pinned), house, _rising(tell), asker=asker)
        envelope = envelope if pinned is None else unsaid(envelope, pinned)
        made = record(envelope)
        _check(declared.name, made)
        reply = Answer(text=text(envelope, made), record=made, is_error=envelope.status == "failed", pictures=pictures(envelope))
        return _Made(reply, envelope.status, envelope.request_id)
    except AskFirst as first:
        return _Made(first, "asked", None)
    except LayersError as problem:
        return _Made(_refused(problem, house), problem.wire_code, problem.request_id, problem.code)
    except Exception:  # noqa: BLE001  the edge: a mistake of ours is an answer too, and its text may hold anything
        structlog.get_logger().exception("call failed", tool=name)
        problem = OurMistake("this server made a mistake")
        return _Made(_refused(problem, house), problem.wire_code, None, problem.code)


async def answer(  # noqa: PLR0913  as above
    house: House, name: str, given: dict[str, JsonValue], tell: Tell, *, shown: Collection[str], asker: Asker | None = None
) -> Answer | AskFirst:
    """The answer to one call of one tool of those `shown`, or what its person is to be asked first; a failure is an answer too.

    One line goes to the log for each call: tool, outcome, seconds, request id; no arguments. So does one span.
    """
    began, real = time.monotonic(), ALIASES.get(name, name)
    known = real if real in _BY_NAME else "unknown"
    with telemetry.measured(telemetry.TOOL, tool=known, outcome="canceled") as labels, telemetry.span(f"tool {known}", tool=known) as mark:
        made = await _made(house, name, given, tell, shown=shown, asker=asker)
        labels["outcome"] = made.code or made.outcome
        mark.say(outcome=labels["outcome"], request_id=made.request_id)
        if made.code is not None:
            mark.failed(made.code)
    seconds = round(time.monotonic() - began, 3)
    structlog.get_logger().info("call", tool=name, outcome=made.outcome, seconds=seconds, request_id=made.request_id)
    return made.reply
