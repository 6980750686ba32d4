"""The loops inside a server, over real stdio: one call onboards a customer, also when the process is killed on the way."""

from __future__ import annotations

import time
from typing import Any

import pytest

CUSTOMER = {"customerExternalId": "quinn-1", "name": "Quinns Coffee Co", "connect": ["tiktok"]}
SETTINGS = {"LAYERS_TOOLS": "start,loops", "LAYERS_RETURN_URL": "https://app.example.com/done"}


def until(wire: Any, *kinds: str) -> dict[str, Any]:
    """The customer's run once it waits by questions of these kinds, within a minute."""
    until_s = time.monotonic() + 60
    while True:
        run = wire.call("get_run", {"customerExternalId": "quinn-1", "waitSeconds": 1})
        if sorted(one["kind"] for one in run["result"].get("questions", [])) == sorted(kinds):
            return run
        assert time.monotonic() < until_s, run


def test_one_call_over_stdio_onboards_a_customer_with_progress(serve):
    """Issue: `onboard_customer`: one call, durable, progress; the loops run inside the server when no worker lives."""
    wire = serve(**SETTINGS)

    begun = wire.request("tools/call", {"name": "onboard_customer", "arguments": {**CUSTOMER, "waitSeconds": 45}}, progress=True)
    run = until(wire, "connect", "review")

    assert begun["result"]["isError"] is False
    assert [one["progress"] for one in wire.progress] == sorted(one["progress"] for one in wire.progress)
    assert "project" in [step["name"] for step in run["result"]["steps"]]
    assert (run["status"], run["result"]["state"]) == ("needs_action", "waiting")


@pytest.mark.long
def test_a_server_that_is_killed_goes_on_with_the_run_when_it_is_started_again_without_being_asked(serve):
    """Issue: a killed worker's runs continue within 30 s; one project and one batch, whatever happened."""
    wire = serve(**SETTINGS)
    wire.call("onboard_customer", {**CUSTOMER, "waitSeconds": 0})
    wire.kill()

    again = serve(**SETTINGS)
    run = until(again, "connect", "review")

    project = run["result"]["projectId"]
    names = [one["name"] for one in again.call("get_project")["result"]["projects"]]
    assert names.count("Quinns Coffee Co") == 1
    assert len(again.call("list_content", {"projectId": project})["result"]["items"]) == 1
