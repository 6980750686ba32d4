"""What is on record of an act on a yes, and what holds it to exactly that yes."""

from __future__ import annotations

from functools import partial

import anyio
import pytest

from layers_mcp.contract import account, publishing, review
from layers_mcp.contract.errors import TimedOut
from layers_mcp.tool.asking import Said

pytestmark = pytest.mark.anyio
SLIDES = {"format": "slideshow_remix", "hook": "Skip the line.", "waitSeconds": 0}


class Client:
    """A client whose person says yes to each question, after a while."""

    said = None

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """A yes."""
        await anyio.sleep(0.05)
        return Said(answer="yes", token=token)


def _rows(story, many: int, project_id: str | None = None) -> list[tuple]:
    """The last rows of the trail, or of a project's, oldest first."""
    found = story.store.trail.recent(limit=many, spellings=None if project_id is None else [project_id.lower()])
    return [(one.outcome, one.confirmed_by, one.how, one.project_id) for one in reversed(found)]


@pytest.fixture
async def schedule(story) -> dict:
    """What schedules an approved post."""
    project = await story.project()
    post, account_id = await story.approved(project), await story.account(project)
    return {
        "project": project,
        "asked": {"containerId": post, "scheduledFor": story.at(days=1), "targets": [{"socialAccountId": account_id}]},
    }


async def test_an_act_whose_answer_was_lost_is_on_record_with_whose_yes_how_and_where(story, schedule):
    """Issue 5: who said yes and how; the refusal says it too, and the project's own trail shows it."""
    asked, send, out = schedule["asked"], story.layers.send, []
    handle = (await story.call("schedule_content", asker=Client(), **asked))["confirmation"]["handle"]

    async def lossy(endpoint, request, **more):
        out.extend([endpoint] if endpoint is publishing.SCHEDULE else [])
        if out:
            raise TimedOut("nobody answered")
        return await send(endpoint, request, **more)

    story.layers.send = lossy
    told = await story.call("schedule_content", asker=Client(), confirm=handle, **asked)

    assert told["error"]["details"]["confirmedBy"] == "person"
    ends = [("acting", "person", "client", schedule["project"]), ("TIMEOUT", "person", "client", schedule["project"])]
    assert _rows(story, 2, project_id=schedule["project"]) == ends == _rows(story, 2)


async def test_an_act_whose_client_went_away_writes_its_own_end(story):
    """What was begun is finished and recorded, though nobody waits for it."""
    project = await story.project()
    post = await story.post(project)
    handle, send, there, goes_on = (
        await story.handle("approve_content", containerIds=[post]),
        story.layers.send,
        anyio.Event(),
        anyio.Event(),
    )

    async def slow(endpoint, request, **more):
        if endpoint is review.APPROVE:
            there.set()
            await goes_on.wait()
        return await send(endpoint, request, **more)

    story.layers.send = slow
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(story.call, "approve_content", containerIds=[post], confirm=handle))
        await there.wait()
        begun = _rows(story, 1)
        tasks.cancel_scope.cancel()
    goes_on.set()
    with anyio.fail_after(10):
        while _rows(story, 1) == begun:  # noqa: ASYNC110
            await anyio.sleep(0.01)

    assert begun == [("acting", "agent", None, project)]
    assert _rows(story, 2) == [*begun, ("done", "agent", None, project)]


@pytest.mark.parametrize("end", ["done", "broken_off"])
async def test_the_trail_of_each_project_shows_the_act_and_its_end(story, end):
    """README: `acting` without an end reads as a killed process; an act on two projects ends in the trail of both."""
    projects = sorted([await story.project(customerExternalId="a"), await story.project(customerExternalId="b")])
    posts = [await story.post(one) for one in projects]
    handle, send = await story.handle("approve_content", containerIds=posts), story.layers.send

    async def ending(endpoint, request, **more):
        if endpoint is review.APPROVE and end == "broken_off":
            raise RuntimeError
        return await send(endpoint, request, **more)

    story.layers.send = ending
    await story.call("approve_content", containerIds=posts, confirm=handle)

    shown = [_rows(story, 2, project_id=one) for one in projects]
    assert shown == [[("acting", "agent", None, one), (end, "agent", None, one)] for one in projects]


async def test_an_act_that_costs_more_by_now_than_the_yes_was_given_to_asks_anew(story):
    """Issue 5: the most that it may cost is what the person saw."""
    project, send, looks = await story.project(), story.layers.send, []
    story.within(call=10)
    asked = {"projectId": project, **SLIDES}
    handle = (await story.call("generate_content", **asked))["confirmation"]["handle"]

    async def dearer(endpoint, request, **more):
        reply = await send(endpoint, request, **more)
        if endpoint is not account.CREDITS:
            return reply
        looks.append(reply)
        risen = {name: credits_ + 1 for name, credits_ in reply.estimated_credits_per_format.items()}
        return reply if len(looks) < 3 else reply.model_copy(update={"estimated_credits_per_format": risen})

    story.layers.send = dearer
    told = await story.call("generate_content", confirm=handle, **asked)
    again = await story.call("generate_content", confirm=told["confirmation"]["handle"], **asked)

    assert (told["status"], story.wire.rows.count("POST /v1/projects/{projectId}/content")) == ("confirmation_required", 1)
    assert "costs more by now" in told["confirmation"]["because"]
    assert again["status"] == "running"


async def test_of_answers_given_at_the_same_time_the_overtaken_ones_say_so(story, schedule):
    """Only the answer to the question asked last counts, and no other is called none."""
    asked, told = schedule["asked"], []
    handle = (await story.call("schedule_content", asker=Client(), **asked))["confirmation"]["handle"]

    async def call() -> None:
        told.append(await story.call("schedule_content", asker=Client(), confirm=handle, **asked))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(call)

    assert sorted(one["status"] for one in told) == ["canceled", "canceled", "done"]
    assert all("another answer was given meanwhile" in one["summary"] for one in told if one["status"] == "canceled")
