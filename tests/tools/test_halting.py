"""Halt: at once for a project, by a yes for everything else, and nothing gets past it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import publishing
from layers_mcp.contract.publishing import GetPost
from layers_mcp.contract.scalars import wire_time

pytestmark = pytest.mark.anyio


@pytest.fixture
async def post(story) -> tuple[str, str]:
    """A project and a post of it that waits for approval."""
    project = await story.project()
    return project, await story.post(project)


async def _yes(story, **arguments) -> dict:
    shown = await story.call("halt", **arguments)
    return await story.call("halt", **arguments, confirm=shown["confirmation"]["handle"])


async def test_a_halted_project_takes_no_writes_and_is_still_read(story, post):
    """Issue 5: without a yes it refuses new writes for one project, reversibly."""
    project, container = post
    shown = await story.call("approve_content", containerIds=[container])
    halted = await story.call("halt", projectId=project)

    refused = [
        await story.call("approve_content", containerIds=[container]),
        await story.call("approve_content", containerIds=[container], confirm=shown["confirmation"]["handle"]),
        await story.call("generate_content", projectId=project, hook="Hi."),
        await story.call("update_project", projectId=project, name="Other"),
        await story.call("update_review_policy", projectId=project, policy="auto_approve"),
        await story.call("generate_content", projectId=project.removeprefix("prj_").upper(), hook="Hi."),
    ]
    read = await story.call("list_content", projectId=project)

    assert (halted["status"], halted["result"]["halted"]) == ("done", True)
    assert {one["error"]["code"] for one in refused} == {"HALTED"}
    assert all("halt with resume=true" in one["error"]["whatToDo"] for one in refused)
    assert read["status"] == "done"
    assert (await story.content(container)).approval_status == "pending"


async def test_another_project_and_another_principal(story, post):
    """A hold is on one project, for whoever shares the store."""
    project, _ = post
    other = await story.project(customerExternalId="other")
    await story.call("halt", projectId=project)

    mine = await story.call("update_project", projectId=other, name="Other")
    theirs = await story.call("update_project", projectId=project, name="Other", house=story.of("somebody else"))

    assert mine["status"] == "done"
    assert theirs["error"]["code"] == "HALTED"


async def test_resuming_takes_a_yes(story, post):
    """Issue 5: resuming takes a yes."""
    project, container = post
    await story.call("halt", projectId=project)
    asked = await story.call("halt", projectId=project, resume=True)
    still = await story.call("approve_content", containerIds=[container])

    resumed = await story.call("halt", projectId=project, resume=True, confirm=asked["confirmation"]["handle"])

    assert (asked["status"], still["error"]["code"]) == ("confirmation_required", "HALTED")
    assert (resumed["status"], resumed["result"]["halted"], resumed["confirmedBy"]) == ("done", False, "agent")
    assert (await story.call("approve_content", containerIds=[container]))["status"] == "confirmation_required"


async def test_halting_everything_takes_a_yes_and_outlasts_a_projects_resuming(story, post):
    """Issue 5: all projects take confirm."""
    project, _ = post
    asked = await story.call("halt")
    before = await story.call("update_project", projectId=project, name="Other")
    await story.call("halt", confirm=asked["confirmation"]["handle"])
    told = await _yes(story, projectId=project, resume=True)

    refused = await story.call("create_project", name="New")
    await _yes(story, resume=True)

    assert (asked["status"], before["status"]) == ("confirmation_required", "done")
    assert "All projects are still halted" in told["summary"]
    assert refused["error"]["code"] == "HALTED"
    assert (await story.call("create_project", name="New"))["status"] == "done"


async def test_with_a_yes_it_cancels_what_waits_and_runs(story, post):
    """Issue 5: canceling posts or jobs takes confirm; the person sees which."""
    project, container = post
    account = await story.account(project)
    await story.yes("approve_content", containerIds=[container])
    at = wire_time(story.layers.now() + timedelta(days=1))
    queued = await story.yes("schedule_content", containerId=container, scheduledFor=at, targets=[{"socialAccountId": account}])
    (waiting,) = queued["result"]["schedule"]["scheduledPostIds"]
    running = (await story.call("generate_content", projectId=project, hook="More.", waitSeconds=0))["result"]["job"]["jobId"]
    asked = await story.call("halt", projectId=project, cancel=True)

    done = await story.call("halt", projectId=project, cancel=True, confirm=asked["confirmation"]["handle"])

    (item,) = asked["confirmation"]["items"]
    assert item["facts"] == {"waitingPosts": [waiting], "runningJobs": [running]}
    assert (done["result"]["canceledPosts"], done["result"]["canceledJobs"]) == ([waiting], [running])
    assert (await story.layers.send(publishing.GET, GetPost(scheduled_post_id=waiting))).status == "canceled"


@pytest.mark.parametrize(("wrong", "path"), [({"cancel": True}, "projectId"), ({"cancel": True, "resume": True}, "resume")])
async def test_what_does_not_go_together_is_refused_by_field(story, post, wrong, path):
    """Principle: a refusal names the field and the way out."""
    told = await story.call("halt", **({"projectId": post[0]} if "resume" in wrong else {}), **wrong)

    assert [issue["path"] for issue in told["error"]["details"]["issues"]] == [path]


async def test_a_project_that_is_not_there_is_not_halted(story):
    """A slip of the pen holds nothing back and says so."""
    told = await story.call("halt", projectId="prj_00000000-0000-4000-8000-000000000000")

    assert told["error"]["code"] == "NOT_FOUND"
    assert story.store.halts.all() == ()


async def test_a_policy_that_denies_everything_still_lets_a_project_be_halted(story, post):
    """The brake is never in the policy's way."""
    story.under("deny")

    assert (await story.call("halt", projectId=post[0]))["status"] == "done"
