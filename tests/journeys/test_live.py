"""With a key the same code speaks to a Partner API over HTTP; here the sandbox on a port stands in for the live one."""

from __future__ import annotations

import httpx2


def test_with_a_key_the_server_speaks_to_the_api_at_the_base_url(serve, sandbox):
    """Promise 3: the same code against the live API; nothing says sandbox, and the project is really there."""
    wire = serve(LAYERS_API_KEY=sandbox.key, LAYERS_BASE_URL=f"{sandbox.root}/v1")

    made = wire.call("create_project", {"name": "Quinns Coffee Co", "customerExternalId": "quinn-1"})

    project = made["result"]["project"]["id"]
    assert "sandbox" not in made
    assert made["asOf"].startswith("2026-04-18T17:2")
    assert sandbox.get(f"/v1/projects/{project}")["customerExternalId"] == "quinn-1"


def test_a_wrong_key_is_named_and_never_shown(serve, sandbox):
    """House-style 27: never a secret anywhere."""
    wire = serve(LAYERS_API_KEY="lp_test_WRONGWRONGWRONG1_secretsecret", LAYERS_BASE_URL=sandbox.root)

    result = wire.result("get_project")
    wire.close()

    words = result["content"][0]["text"] + "".join(wire.stderr)
    assert result["structuredContent"]["error"]["code"] == "UNAUTHENTICATED"
    assert "LAYERS_API_KEY" in words
    assert "secretsecret" not in words


def test_an_api_that_is_not_there_is_unreachable(serve):
    """A transport failure is one of ours, with what to check."""
    wire = serve(LAYERS_API_KEY="lp_test_x", LAYERS_BASE_URL="http://127.0.0.1:9")

    error = wire.result("get_project")["structuredContent"]["error"]

    assert error["code"] == "UNREACHABLE"
    assert "LAYERS_BASE_URL" in error["whatToDo"]
    assert error["retryHelps"] is True


def test_tools_that_the_key_can_not_use_are_not_listed_from_the_second_start_on(sandbox, serve, tmp_path):
    """Issue 8: scope filtering from `whoami`; the first process asks it while it works, and keeps it."""
    scopes = ["projects:read", "content:read", "social:read", "jobs:read", "metrics:read"]
    key = httpx2.post(f"{sandbox.root}/_sandbox/keys", json={"scopes": scopes}).raise_for_status().json()["key"]
    settings = {"LAYERS_API_KEY": key, "LAYERS_BASE_URL": sandbox.root, "LAYERS_STATE_DIR": str(tmp_path / "own")}
    kept = tmp_path / "own" / "scopes.json"

    first = serve(**settings)
    every = {one["name"] for one in first.request("tools/list")["result"]["tools"]}
    while not kept.exists():  # nobody waits for it, so it comes when it comes
        assert first.call("get_project", {})["status"] == "done"
    first.close()
    second = serve(**settings)
    seen = {one["name"] for one in second.request("tools/list")["result"]["tools"]}
    refused = second.call("create_project", {"name": "Quinns"})["error"]

    assert every - seen >= {"create_project", "generate_content", "schedule_content"}
    assert {"get_project", "list_content", "top_performers"} <= seen < every
    assert (refused["code"], refused["details"]["requiredScope"]) == ("FORBIDDEN_SCOPE", "projects:write")
