"""What an agent is shown: small, described, without traps; each tool reviewed as a snapshot."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from layers_mcp.contract.errors import InsufficientCredits
from layers_mcp.contract.table import TABLE
from layers_mcp.server.catalog import ALIASES, CALL, FILE, SEARCH, UnknownTool, read_catalog
from layers_mcp.server.presets import PRESETS, generated
from layers_mcp.server.reaching import known
from layers_mcp.server.weight import weigh
from layers_mcp.tool.declaration import Effect
from layers_mcp.tool.sending import short_name
from layers_mcp.tools.catalog import ENDPOINTS, TOOLS
from layers_mcp.tools.examples import EXAMPLES

SNAPSHOTS = Path(__file__).parent / "snapshots"
CATALOG = read_catalog()
EVERY = read_catalog(("all",))
AT_MOST_TOOLS = 15
AT_MOST_TOKENS = 2_950
AT_MOST_INSTRUCTIONS = 350


def _properties(schema: dict):
    for name, one in schema.get("properties", {}).items():
        yield name, one
        yield from _properties(one)
        yield from _properties(one.get("items", {}))


def _words(node):
    if isinstance(node, dict):
        yield from node
        for key, value in node.items():
            if key != "properties":
                yield from _words(value)
            else:
                for one in value.values():
                    yield from _words(one)
    elif isinstance(node, list):
        for one in node:
            yield from _words(one)


def test_the_packaged_catalog_is_what_the_tools_declare():
    """It is generated: run `layers-mcp tools --write` after changing a tool."""
    assert files("layers_mcp.server").joinpath(FILE).read_text(encoding="utf-8") == generated()


def test_the_first_preset_is_cheap_to_show(aloud):
    """Issue 8: at most 15 tools, at most 2,950 tokens (o200k: names, descriptions, input schemas), instructions at most 350."""
    start = weigh(CATALOG)

    aloud(f"preset start: {start.tools} tools, {start.definitions} tokens + {start.instructions} of instructions")
    assert start.tools <= AT_MOST_TOOLS
    assert start.definitions <= AT_MOST_TOKENS
    assert start.instructions <= AT_MOST_INSTRUCTIONS


@pytest.mark.parametrize("preset", PRESETS)
def test_the_words_of_a_preset_name_no_tool_that_it_does_not_show(preset):
    """Issue 8: instructions per preset; a model that is told of a tool it has not got looks for it."""
    shown = read_catalog((preset,))
    every = {tool["name"] for tool in EVERY.tools} - set(PRESETS[SEARCH])  # these are words of every day, too

    told = {word for word in re.findall(r"\w+", shown.instructions) if word in every}
    assert told <= {tool["name"] for tool in shown.tools}
    assert shown.instructions.startswith("Layers runs growth")


def test_what_is_left_out_stays_out_whatever_is_wanted():
    """Design §4: read-only and exclude always win; a selection that leaves nothing stops the start."""
    one = read_catalog(("all", "halt"), without=("ads", "halt"))
    reads = read_catalog(("all",), read_only=True)

    assert {"halt", *PRESETS["ads"]}.isdisjoint([*(tool["name"] for tool in one.tools), *one.unlisted])
    assert len(one.tools) == len(EVERY.tools) - 1 - len(PRESETS["ads"])
    assert {tool["name"] for tool in reads.tools} == {declared.name for declared in TOOLS if declared.effect is Effect.READS} | {CALL}
    assert all(tool["annotations"]["readOnlyHint"] for tool in reads.tools)
    assert all(known(name).effect is Effect.READS for name in reads.reach)
    with pytest.raises(UnknownTool, match=r"LAYERS_EXCLUDE_TOOLS: there is no preset or tool read_ads; the nearest is"):
        read_catalog(without=("read_ads",))
    with pytest.raises(UnknownTool, match=r"nothing is left"):
        read_catalog(("clone_regardless",), read_only=True)


def test_what_can_be_called_without_being_shown_is_all_but_what_is_left_out():
    """Design §4: the whole table through `search`; exclude always wins, also by an endpoint's own name."""
    whole = read_catalog((SEARCH,))
    less = read_catalog((SEARCH,), without=("ads", "halt", "POST /v1/webhook-endpoints"))
    endpoints = {short_name(row.name) for row in ENDPOINTS}

    assert whole.reach == set(PRESETS["all"]) - set(PRESETS[SEARCH]) | endpoints
    assert whole.reach - less.reach == {"halt", *PRESETS["ads"], "POST /v1/webhook-endpoints"}
    assert read_catalog().reach == read_catalog((SEARCH,), without=(CALL,)).reach == frozenset()
    assert {row.name for row in TABLE} == {call.name for name in (*whole.reach,) for call in known(name).calls}


@pytest.mark.parametrize("tool", EVERY.tools, ids=lambda tool: tool["name"])
def test_a_tool_has_no_traps_for_a_model(tool):
    """Design §4: no union, no null, every property described, four hints, an output schema, unknown arguments refused."""
    words = set(_words(tool["inputSchema"]))
    types = [one.get("type") for _, one in _properties(tool["inputSchema"])]

    assert words.isdisjoint({"anyOf", "oneOf", "allOf", "$ref", "$defs", "not", "title"})
    assert all(isinstance(one, str) and one != "null" for one in types)
    assert [name for name, one in _properties(tool["inputSchema"]) if not one.get("description")] == []
    assert tool["inputSchema"]["additionalProperties"] is False
    assert tool["outputSchema"]["type"] == "object"
    assert {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} <= set(tool["annotations"])
    assert tool["title"]
    assert tool["description"]
    assert "important" not in tool["description"].lower()


@pytest.mark.parametrize("tool", EVERY.tools, ids=lambda tool: tool["name"])
def test_a_tool_is_as_it_was_reviewed(tool, request):
    """One snapshot a tool; look at the difference, then run pytest with --update-snapshots."""
    file = SNAPSHOTS / f"{tool['name']}.json"
    now = json.dumps(tool, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if request.config.getoption("--update-snapshots"):
        file.write_text(now, encoding="utf-8")

    assert file.read_text(encoding="utf-8") == now


@pytest.mark.parametrize("declared", TOOLS, ids=lambda one: one.name)
def test_a_tool_has_an_example_that_it_takes(declared):
    """Issue 8, "Schemas": an example on every tool, checked against the schema that is shown and against what is checked besides."""
    schema = next(one["inputSchema"] for one in EVERY.tools if one["name"] == declared.name)

    Draft202012Validator(schema).validate(EXAMPLES[declared.name])
    declared.arguments.model_validate(EXAMPLES[declared.name])
    assert len(EXAMPLES) == len(TOOLS)


def test_there_is_no_snapshot_without_a_tool():
    """A tool that went takes its snapshot with it."""
    assert {file.stem for file in SNAPSHOTS.glob("*.json")} == {tool["name"] for tool in EVERY.tools}


def test_nothing_that_acts_is_advertised_as_harmless():
    """Design §3: publishing and approving are never read-only; what never acts without a yes can't be taken back."""
    for declared in TOOLS:
        hints = declared.effect.hints
        if declared.ask is not None:
            assert not hints["readOnlyHint"]
            assert hints["destructiveHint"] or not declared.asks_always
        if any(call.method != "GET" for call in declared.calls):
            assert not hints["readOnlyHint"]


@pytest.mark.parametrize("declared", TOOLS, ids=lambda one: one.name)
def test_a_tool_that_costs_credits_can_be_asked_for_its_price(declared):
    """Issue 5: found by the contract, so that no tool that spends is forgotten."""
    costs = any(InsufficientCredits.code in call.codes for call in declared.calls)

    assert costs == (declared.prices is not None) == ("quote_only" in declared.arguments.model_fields)


@pytest.mark.parametrize("declared", [one for one in TOOLS if one.look is not None], ids=lambda one: one.name)
def test_what_shows_an_unknown_outcome_changes_nothing(declared):
    """Issue 5: `outcome: unknown` names a call that reads, or the preview of the tool itself."""
    look = declared.look(declared.arguments.model_validate(EXAMPLES[declared.name]))
    shown = next(one for one in TOOLS if one.name == look.tool)

    shown.arguments.model_validate(look.arguments)
    assert "confirm" not in look.arguments
    assert shown.effect is Effect.READS or shown.asks_always


def test_aliases_lead_to_control_tools_and_are_not_listed():
    """Design §4: the control tools answer to approve and schedule as unlisted aliases."""
    names = {tool["name"] for tool in CATALOG.tools}

    assert set(ALIASES.values()) <= names
    assert names.isdisjoint(ALIASES)


def test_a_selection_is_made_of_presets_and_single_tools():
    """Design §4: presets decide what is shown; a name nobody knows stops the start with the nearest."""
    one = read_catalog(("get_project", "admin"))
    names = [tool["name"] for tool in one.tools]

    assert names[0] == "get_project"
    assert {"update_review_policy", "create_sdk_app", "refresh_keywords"} <= set(names[1:])
    assert set(names[1:]).isdisjoint(tool["name"] for tool in CATALOG.tools)
    with pytest.raises(UnknownTool, match=r"get_projects; the nearest is get_project"):
        read_catalog(("get_projects",))
