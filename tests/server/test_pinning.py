"""Where only one project may be touched, nobody is asked for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.pinning import filled, only, unpinned, unsaid
from layers_mcp.tool.outcome import Envelope, Next

OWN, OTHER = "prj_11111111-1111-4111-8111-111111111111", "prj_22222222-2222-4222-8222-222222222222"
EVERY = {tool["name"]: tool for tool in read_catalog(("all",)).tools}


def test_a_pinned_project_leaves_every_schema_and_nothing_else_does():
    """Issue 8: pinned parameters leave the schemas."""
    pinned = {tool["name"]: tool for tool in read_catalog(("all",), pinned=True).tools}

    for name, tool in EVERY.items():
        schema, was = pinned[name]["inputSchema"], tool["inputSchema"]
        assert set(was["properties"]) - set(schema["properties"]) <= {"projectId"}
        assert "projectId" not in json.dumps(schema["properties"])
        assert [one for one in was.get("required", []) if one != "projectId"] == schema.get("required", [])
        assert schema.get("required") != []
    assert "projectId" in EVERY["get_project"]["inputSchema"]["properties"]


@pytest.mark.parametrize("given", [{}, {"projectId": ""}, {"projectId": None}])
def test_the_pinned_project_is_filled_in_where_none_was_given(given):
    """A required one is always meant, an optional one where nothing else is named."""
    assert filled(given, EVERY["top_performers"]["inputSchema"], OWN)["projectId"] == OWN
    assert filled(given, EVERY["get_project"]["inputSchema"], OWN)["projectId"] == OWN
    assert filled(given, EVERY["halt"]["inputSchema"], OWN)["projectId"] == OWN


def test_what_was_named_stays_what_is_meant():
    """Another project is refused by its name further on, as everywhere; a customer's own id is looked up."""
    assert filled({"projectId": OTHER}, EVERY["top_performers"]["inputSchema"], OWN) == {"projectId": OTHER}
    assert filled({"customerExternalId": "quinn"}, EVERY["get_project"]["inputSchema"], OWN) == {"customerExternalId": "quinn"}
    assert filled({"name": "Quinn"}, EVERY["create_project"]["inputSchema"], OWN) == {"name": "Quinn"}


def test_next_calls_do_not_name_it_however_it_is_spelt():
    """A host that holds its model to the schemas could not make such a call."""
    steps = (
        Next(tool="get_project", arguments={"projectId": OWN}, why="x"),
        Next(tool="get_project", arguments={"projectId": OTHER, "limit": 1}, why="x"),
    )
    made = unsaid(Envelope(status="done", summary="x", next=steps, as_of=datetime(2026, 4, 18, tzinfo=UTC)), OWN.removeprefix("prj_"))

    assert [step.arguments for step in made.next] == [{}, {"projectId": OTHER, "limit": 1}]


def test_only_one_is_one():
    """Several, none and all are no pin."""
    assert [only(given) for given in (None, frozenset(), {OWN, OTHER}, (OWN,))] == [None, None, None, OWN]
    assert unpinned(EVERY["create_project"]) is EVERY["create_project"]
