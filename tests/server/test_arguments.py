"""Arguments as clients really send them are taken as what the client meant."""

from __future__ import annotations

import pytest

from layers_mcp.server.arguments import meant
from layers_mcp.server.presets import START
from layers_mcp.server.schema import input_schema

SCHEMAS = {declared.name: input_schema(declared.arguments) for declared in START}


@pytest.mark.parametrize("nothing", ["", "null", "None", " ", None])
def test_an_empty_optional_argument_is_not_given(nothing):
    """Design §4: `""` and `"null"` are taken as what the client meant."""
    assert meant({"projectId": "prj_1", "waitSeconds": nothing}, SCHEMAS["ingest_repo"]) == {"projectId": "prj_1"}


def test_an_empty_required_argument_stays_to_be_refused_by_name():
    """Nothing is guessed for what a call can't do without."""
    assert meant({"name": ""}, SCHEMAS["create_project"]) == {"name": ""}


@pytest.mark.parametrize(
    ("tool", "name", "sent", "read"),
    [
        ("generate_content", "variantCount", "3", 3),
        ("generate_content", "targetPlatforms", '["tiktok"]', ["tiktok"]),
        ("generate_content", "targetPlatforms", "tiktok", ["tiktok"]),
        ("approve_content", "containerIds", "cnt_1", ["cnt_1"]),
        ("approve_content", "containerIds", '"cnt_1"', ["cnt_1"]),
        ("approve_content", "regenerateBrief", '{"hook": "Hi", "cta": ""}', {"hook": "Hi"}),
        ("schedule_content", "targets", '[{"socialAccountId": "sa_1", "captionOverride": ""}]', [{"socialAccountId": "sa_1"}]),
        ("create_project", "name", "7", "7"),
        ("create_project", "customerExternalId", "[1]", "[1]"),
        ("generate_content", "variantCount", "three", "three"),
        ("generate_content", "variantCount", "[" * 100_000, "[" * 100_000),
        ("schedule_content", "targets", {"socialAccountId": "sa_1"}, [{"socialAccountId": "sa_1"}]),
    ],
)
def test_json_in_a_string_is_read_where_the_schema_wants_json(tool, name, sent, read):
    """Mcp-notes: hosts send numbers, lists and objects as strings; a string argument stays the string it is."""
    assert meant({name: sent}, SCHEMAS[tool])[name] == read


def test_an_unknown_argument_is_left_for_the_tool_to_refuse():
    """Design §4: unknown arguments are refused by name, also empty ones."""
    assert meant({"projectID": ""}, SCHEMAS["get_project"]) == {"projectID": ""}
