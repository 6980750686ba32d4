"""Arguments as hosts are known to send them, over real stdio: whatever a tool makes of the plain call, it makes of these."""

from __future__ import annotations

import json

import pytest

from layers_mcp.server.arguments import meant
from layers_mcp.server.catalog import read_catalog
from layers_mcp.tools.examples import EXAMPLES

TOOLS = {one["name"]: one["inputSchema"] for one in read_catalog(("all",)).tools}
NOTHING = ("", "null", None, " ", "undefined", "None")


def _as_text(value):
    """A value as a host that only knows texts sends it."""
    return value if isinstance(value, str) else json.dumps(value)


def _bare(value):
    """A list of one as a host sends it that takes the one for the list."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _quirks(name):
    """The calls that all mean the tool's example."""
    plain, schema = EXAMPLES[name], TOOLS[name]
    for nothing in NOTHING:
        yield dict.fromkeys((one for one in schema["properties"] if one not in schema.get("required", ())), nothing) | plain
    yield {key: _as_text(value) for key, value in plain.items()}
    yield {key: _bare(value) for key, value in plain.items()}
    yield {key: _as_text(_bare(value)) for key, value in plain.items()}
    yield {key: f" {_as_text(value)} " if not isinstance(value, str) else value for key, value in plain.items()}


def _outcome(record):
    """How a call ended: its status, and a refusal's code and words for the arguments."""
    error = record.get("error", {})
    return record["status"], error.get("code"), error.get("details", {}).get("issues")


@pytest.mark.timeout(300)
def test_every_tool_takes_the_quirks_of_hosts_for_what_they_mean(serve, aloud):
    """Issue 8, "Schemas": the corpus of client quirks (cursor, Claude Desktop, Copilot: empty texts, "null", JSON in texts)."""
    wire = serve(LAYERS_TOOLS="all")
    calls = 0

    for name in TOOLS:
        plain = _outcome(wire.call(name, EXAMPLES[name]))
        assert not (plain[1] == "VALIDATION" and "must" in str(plain[2])), (name, plain)
        for quirk in _quirks(name):
            assert _outcome(wire.call(name, quirk)) == plain, (name, quirk)
            calls += 1
    aloud(f"tolerance: {calls} calls of {len(TOOLS)} tools with hosts' quirks, all taken as meant")


def test_an_unknown_argument_is_refused_by_name_with_the_nearest(serve):
    """Issue 8, "Schemas"; by every tool, and inside an object, too."""
    wire = serve(LAYERS_TOOLS="all")

    for name in TOOLS:
        error = wire.call(name, {**EXAMPLES[name], "projectIdd": "prj_1"})["error"]
        issue = next(one for one in error["details"]["issues"] if one["path"] == "projectIdd")

        assert error["code"] == "VALIDATION"
        assert "is no argument of" in issue["message"]
        near = "projectId" if "projectId" in TOOLS[name]["properties"] else ""
        assert f"the nearest is {near}" in issue["message"]
    inner = wire.call("update_project", {**EXAMPLES["update_project"], "brandContext": {"tagLine": "x"}})["error"]["details"]["issues"][0]
    assert inner["message"].endswith("the nearest is tagline")


def _sample(schema):
    """A value that fits a schema."""
    kind = schema["type"]
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "array":
        return [_sample(schema["items"])]
    if kind == "object":
        return {name: _sample(one) for name, one in schema.get("properties", {}).items()}
    return {"string": "7", "integer": 7, "number": 0.7, "boolean": True}[kind]


@pytest.mark.parametrize(("tool", "name"), [(tool, name) for tool, schema in TOOLS.items() for name in schema["properties"]])
def test_every_argument_may_come_as_a_text(tool, name):
    """Issue 8, "Schemas": numbers, switches, lists and objects in a text; a text stays the text it is."""
    value = _sample(TOOLS[tool]["properties"][name])

    assert meant({name: _as_text(value)}, TOOLS[tool]) == {name: value}
    assert meant({name: _bare(value)}, TOOLS[tool]) == {name: value}
