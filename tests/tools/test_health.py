"""get_health: what the daily reviews found wrong, as an agent reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from layers_mcp.store.pulses import Alert, Pulse

pytestmark = pytest.mark.anyio


def _ails(story, project: str, code: str = "NO_POSTS") -> None:
    alert = Alert(code=code, words="Nothing was published in 14 days.", project_id=project, customer="quinn-1", facts={"waiting": 3})
    owner = story.house.gate.principal
    story.store.pulses.keep(Pulse(principal=owner, project_id=project, at=story.clock.now(), customer="quinn-1", alerts=(alert,)))


async def test_what_is_wrong_is_told_with_whose_it_is(story) -> None:
    """Issue 7: `get_health`."""
    project = await story.project()
    before = await story.call("get_health", projectId=project)
    _ails(story, project)

    of_all, of_one = await story.call("get_health"), await story.call("get_health", projectId=project)

    assert (before["summary"], before["result"].get("alerts")) == ("No daily review has looked at it yet.", None)
    told = {"code": "NO_POSTS", "words": "Nothing was published in 14 days.", "projectId": project, "customerExternalId": "quinn-1"}
    assert of_all["result"]["alerts"] == [told | {"facts": {"waiting": 3}}]
    assert of_one["result"]["alerts"] == of_all["result"]["alerts"]
    assert "checkedAt" in of_one["result"]
    assert of_one["summary"] == "Alerts: 1: NO_POSTS."


async def test_where_only_some_projects_may_be_touched_only_theirs_is_told(story) -> None:
    """`--projects` narrows whatever is told."""
    mine, other = await story.project(), await story.project(customerExternalId="other")
    _ails(story, mine)
    _ails(story, other)
    fenced = replace(story.house, projects=frozenset({mine}))

    told = await story.call("get_health", house=fenced)
    refused = await story.call("get_health", house=fenced, projectId=other)

    assert [one["projectId"] for one in told["result"]["alerts"]] == [mine]
    assert refused["error"]["code"] == "OUTSIDE_PROJECTS"
