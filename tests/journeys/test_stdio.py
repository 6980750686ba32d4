"""The process as a client meets it: what it lists, what it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from layers_mcp.prompts import read_prompts
from layers_mcp.server.catalog import read_catalog

ERAS = ("2026-07-28", "2025-11-25", "2024-11-05")


@pytest.mark.parametrize("era", ERAS)
def test_the_tools_are_listed_as_the_catalog_has_them(serve, era):
    """Issue 2: both protocol eras; the list is the generated one, in its order."""
    wire = serve(era)

    tools = wire.request("tools/list")["result"]["tools"]

    assert [tool["name"] for tool in tools] == [tool["name"] for tool in read_catalog().tools]
    assert tools[0]["inputSchema"] == read_catalog().tools[0]["inputSchema"]


def test_a_server_that_only_reads_shows_and_does_nothing_else(serve):
    """Design §4: read-only always wins, also over a tool that is named; nothing runs by itself either."""
    wire = serve(LAYERS_TOOLS="all,halt", LAYERS_READ_ONLY="true")

    listed = {tool["name"]: tool["annotations"]["readOnlyHint"] for tool in wire.request("tools/list")["result"]["tools"]}
    refused = wire.result("create_project", {"name": "Quinn"})

    assert "get_run" in listed
    assert set(listed.values()) == {True}
    assert refused["structuredContent"]["error"]["details"]["issues"][0]["path"] == "name"
    assert wire.call("get_run", {"customerExternalId": "quinn"})["error"]["code"] == "NOT_FOUND"


def test_a_server_for_one_project_asks_for_none(serve):
    """Issue 8: the pinned parameter leaves the schemas, another project is refused, and next calls can be made as they are."""
    wire = serve()
    own, other = (wire.call("create_project", {"name": name})["result"]["project"]["id"] for name in ("Quinn", "Other"))
    wire.close()
    wire = serve(LAYERS_PROJECTS=own.removeprefix("prj_"), LAYERS_TOOLS="all")

    schemas = [tool["inputSchema"] for tool in wire.request("tools/list")["result"]["tools"]]
    read, posts = wire.call("get_project"), wire.call("list_content")
    foreign = wire.call("list_content", {"projectId": other})
    held = wire.call("halt")
    made = wire.call("generate_content", {"hook": "Skip the line."})

    assert not any("projectId" in schema["properties"] for schema in schemas)
    assert read["result"]["project"]["id"] == own
    assert not any("projectId" in step["arguments"] for step in [*read.get("next", ()), *posts.get("next", ()), *held.get("next", ())])
    assert foreign["error"]["code"] == "OUTSIDE_PROJECTS"
    assert "this project" in held["summary"] or own in held["summary"]
    assert made["error"]["code"] == "HALTED"


def test_an_unknown_argument_is_refused_by_name_and_nothing_is_made(serve):
    """Design §4: unknown arguments are refused by name."""
    wire = serve()

    result = wire.result("create_project", {"name": "Quinn", "tz": "UTC"})

    assert result["isError"] is True
    assert result["structuredContent"]["error"]["code"] == "VALIDATION"
    assert "tz" in result["content"][0]["text"]
    assert [one["name"] for one in wire.call("get_project")["result"]["projects"]] == ["Tidewise (demo)"]


def test_an_unknown_tool_is_refused_with_the_names_there_are(serve):
    """Design §4, Errors: what to do next."""
    result = serve().result("delete_everything")

    assert result["isError"] is True
    assert "create_project" in result["structuredContent"]["error"]["details"]["tools"]


def test_aliases_lead_to_the_control_tools(serve):
    """Issue 2: the control tools also answer to `approve` and `schedule`."""
    wire = serve()

    assert wire.result("approve", {"containerIds": ["cnt_1"]})["structuredContent"]["error"]["code"] == "NOT_FOUND"
    assert "scheduledFor" in wire.result("schedule", {"containerId": "cnt_1"})["content"][0]["text"]


def test_a_state_folder_that_can_not_be_opened_is_an_answer_that_names_the_setting(serve, tmp_path):
    """Design §4, Errors: a failure is an answer with what to do, not a broken protocol call."""
    (tmp_path / "file").write_text("in the way")

    result = serve(LAYERS_STATE_DIR=str(tmp_path / "file")).result("get_project")

    assert result["isError"] is True
    assert "LAYERS_STATE_DIR" in result["content"][0]["text"]


def test_a_setting_nobody_knows_stops_the_start_with_the_nearest_name():
    """Design §9: an unknown `LAYERS_*` name is an error with the nearest name."""
    ended = subprocess.run(
        [sys.executable, "-m", "layers_mcp"], env={"LAYERS_STATEDIR": "/x"}, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "LAYERS_STATE_DIR" in ended.stderr


def _wait_for_ever(wire) -> None:
    """Begin a wait that a signal has to end."""
    project = wire.call("create_project", {"name": "Q"})["result"]["project"]["id"]
    consent = wire.call("connect_account", {"projectId": project, "platform": "tiktok", "returnUrl": "https://localhost/x"})
    wanted = {"state": consent["result"]["state"], "waitSeconds": 900}
    hello = {"protocolVersion": ERAS[0], "clientCapabilities": {}}
    meta = {f"io.modelcontextprotocol/{name}": value for name, value in hello.items()} | {"progressToken": 900}
    wire.send({"id": 900, "method": "tools/call", "params": {"name": "wait_for_job", "arguments": wanted, "_meta": meta}})
    assert "progress" in wire._lines.get(timeout=60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_within_seconds_and_closes_the_store(serve, tmp_path, number):
    """Issue 5: promptly, with stdin open and a call running. Mcp-notes §2: the SDK's own server hangs on SIGINT until stdin closes."""
    wire = serve()
    _wait_for_ever(wire)
    kept = tmp_path / "state" / "layers.db-wal"
    before = kept.exists()

    wire.process.send_signal(number)

    assert wire.process.wait(timeout=15) == 0
    assert (before, kept.exists()) == (True, False)


def test_the_end_of_input_ends_the_process_also_while_a_call_runs(serve, tmp_path):
    """Issue 5: stdio exits on EOF, and closes the store."""
    wire = serve()
    _wait_for_ever(wire)

    assert wire.close() == 0
    assert not (tmp_path / "state" / "layers.db-wal").exists()


def test_stdout_carries_protocol_frames_only_and_the_log_no_arguments(serve):
    """House-style 41: one line a call to stderr: tool, outcome, seconds, request id; no arguments."""
    wire = serve()
    wire.call("create_project", {"name": "A name nobody logs"})
    wire.close()

    words = "".join(wire.stderr)
    assert "create_project" in words
    assert "A name nobody logs" not in words


def test_a_broken_line_does_not_end_the_session(serve):
    """A client's stray bytes are not the end of the world."""
    wire = serve()

    wire.process.stdin.write("{nonsense\n")
    wire.process.stdin.flush()

    assert wire.request("tools/list")["result"]["tools"]


def test_without_a_client_it_ends_at_once():
    """`layers-mcp </dev/null` is no trap (mcp-notes: asyncio pipes fail on it)."""
    ended = subprocess.run(
        [sys.executable, "-m", "layers_mcp"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 0


def test_frames_are_json_lines(serve):
    """One frame a line, nothing between them."""
    wire = serve()
    wire.send({"id": 900, "method": "tools/list", "params": {"_meta": {}}})

    assert json.loads(wire._lines.get(timeout=60))["id"] == 900


@pytest.mark.parametrize("era", ERAS)
def test_prompts_are_listed_and_filled(serve, era):
    """Issues 3 and 4: each good use of an LLM that the seed names, and the onboarding conversation, in both eras."""
    wire = serve(era)

    listed = wire.request("prompts/list")["result"]["prompts"]
    needed = [[one["name"] for one in prompt["arguments"] if one["required"]] for prompt in listed]
    asked = [
        {"name": prompt["name"], "arguments": dict.fromkeys(names, "one\n\ntwo")} for prompt, names in zip(listed, needed, strict=True)
    ]
    texts = [wire.request("prompts/get", one)["result"]["messages"][0]["content"]["text"] for one in asked]
    got = wire.request("prompts/get", {"name": "brief_from_intake", "arguments": {"intake": "We sell coffee."}})["result"]
    refused = wire.request("prompts/get", {"name": "brief_from_intake", "arguments": {}})

    names = [prompt["name"] for prompt in listed]
    assert names == [prompt.name for prompt in read_prompts()]
    assert [text.count("> one\n>\n> two\n") for text in texts] == [len(names) for names in needed]
    assert all("Tools for this: " in text for text in texts)
    assert "We sell coffee." in got["messages"][0]["content"]["text"]
    assert "missing: intake" in refused["error"]["message"]


def test_everything_can_be_reached_by_three_tools(serve):
    """Issue 8, `search`: find, describe, call; what needs a yes changes nothing without one, and a loop can be run."""
    wire = serve(LAYERS_TOOLS="search", LAYERS_EXCLUDE_TOOLS="run_optimizer")

    listed = [tool["name"] for tool in wire.request("tools/list")["result"]["tools"]]
    found = wire.call("find", {"words": "make a project for a customer"})["result"]["items"][0]["name"]
    takes = wire.call("describe", {"name": found})["result"]
    made = wire.call("call", {"name": found, "arguments": takes["example"]["arguments"] | {"name": "Quinn"}})
    project = made["result"]["project"]["id"]
    shown = wire.call("call", {"name": "update_review_policy", "arguments": {"projectId": project, "policy": "auto_approve"}})
    raw = wire.call("call", {"name": "PATCH /v1/projects/{projectId}/engagement", "arguments": {"projectId": project, "enabled": True}})
    read = wire.call("call", {"name": "GET /v1/projects/{projectId}/engagement", "arguments": {"projectId": project}})
    health = wire.call("call", {"name": "get_health"})
    out = wire.call("call", {"name": "run_optimizer", "arguments": {"projectId": project, "platform": "meta_ads"}})

    assert listed == ["find", "describe", "call"]
    assert found == "create_project"
    assert {shown["status"], raw["status"]} == {"confirmation_required"}
    assert read["result"]["enabled"] is False
    assert health["status"] == "done"
    assert out["error"]["code"] == "VALIDATION"
