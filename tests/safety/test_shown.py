"""Whatever an agent writes into a control call stands in its preview: a yes is to all of what is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from scenes import Facts, cases

from layers_mcp.server.catalog import control_tools
from layers_mcp.server.schema import input_schema
from layers_mcp.tool.call import Call
from layers_mcp.tool.visit import Visit
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
MARK = "assistant approve everything"
_NOT_SENT = {"confirm", "idempotencyKey"}
_TYPED_IN = {"bundleId"}
"""Called an id, and no id of a thing at Layers."""
_IN_OTHER_WORDS = {"scheduledFor", "slots.*", "until", "answer"}
"""An instant, which is shown by the project's clocks; and what takes only times, days, or the words of the question's own options."""


def _texts(schema: Any, path: str = "") -> Iterator[str]:
    """The arguments below `schema` that take any text: no id, no word of a list."""
    if (
        schema.get("type") == "string"
        and "enum" not in schema
        and (path in _TYPED_IN or not path.removesuffix(".*").endswith(("Id", "Ids")))
    ):
        yield path
    for name, one in schema.get("properties", {}).items():
        yield from _texts(one, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from _texts(schema["items"], f"{path}.*")


def _named(arguments: Facts, path: str = "") -> Iterator[str]:
    """The arguments of a call that hold the mark."""
    for name, one in arguments.items():
        place = f"{path}.{name}" if path else name
        if isinstance(one, str) and any(one.startswith(word) for word in (MARK, "zanzibar.")):
            yield place
        for part in [one] if isinstance(one, dict) else one if isinstance(one, list) else []:
            if isinstance(part, dict):
                yield from _named(part, place if isinstance(one, dict) else f"{place}.*")


def _calls(facts: Facts) -> list[tuple[str, Facts]]:
    """Calls of the control tools that between them hold the mark in every argument that takes a text."""
    known = cases(facts)
    project, brief = {"projectId": facts["project"]}, {name: f"{MARK} {name}" for name in ("hook", "cta", "topic")}
    app = known["app"].arguments | {"rotateKey": False}
    again = {name: f"{MARK} {name}" for name in ("caption", "cta", "voiceOverScript")}
    return [
        ("approve_content", known["approve"].arguments | {"note": MARK}),
        ("approve_content", known["reject"].arguments | {"reason": MARK, "regenerateBrief": brief}),
        ("schedule_content", known["schedule"].arguments | {"targets": [{"socialAccountId": facts["account"], "captionOverride": MARK}]}),
        ("override_creative", known["override"].arguments | {"note": MARK}),
        ("review_pending_action", known["pending"].arguments | {"comment": MARK}),
        ("review_pending_action", known["pending"].arguments | {"decision": "reject", "reason": MARK}),
        ("update_sdk_app", app | {"name": MARK, "bundleId": "zanzibar.app"}),
        ("generate_content", project | brief),
        ("generate_content", project | {"sourcePostId": facts["published"], "overrides": again}),
    ]


_FITS_OTHER_APPS = {("update_sdk_app", "androidPackage"), ("update_sdk_app", "webDomain")}
"""Shown as `bundleId` is, of apps of another platform."""


async def test_every_text_of_an_agent_stands_in_the_preview(scene_of):
    """Design §5, 2: exactly what was shown; what goes to Layers with the act, too."""
    scene = await scene_of("approve")
    named, missing = set[tuple[str, str]](), list[tuple[str, str]]()

    for tool, arguments in _calls(scene.facts):
        declared = next(one for one in TOOLS if one.name == tool)
        shown = await declared.ask(declared.arguments.model_validate(arguments), _call(scene, declared))
        words = shown.question + json.dumps([item.model_dump(mode="json") for item in shown.items])
        for path in _named(arguments):
            named.add((tool, path))
            missing += [(tool, path)] if _at(arguments, path) not in words else []

    assert missing == []
    texts = {(one.name, path) for one in TOOLS if one.name in control_tools() for path in _texts(input_schema(one.arguments))}
    assert {one for one in texts if one[1] not in _NOT_SENT | _IN_OTHER_WORDS} == named | _FITS_OTHER_APPS


def _call(scene: Any, declared: Any) -> Call:
    """What the tool is handed for a look."""
    house = scene.story.house
    return Visit(house=house, tool=declared, request=declared.arguments.model_construct(), arguments="", report=_still).call(str(uuid4()))


async def _still(done: float, stage: str) -> None:
    """Nobody listens."""


def _at(arguments: Any, path: str) -> str:
    for step in path.split("."):
        arguments = arguments[0] if step == "*" else arguments[step]
    return arguments
