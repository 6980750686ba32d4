"""Canceling with halt: all that waits and runs, whoever began it; what is not seen is said, before the yes and after."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.sandbox import tables

pytestmark = pytest.mark.anyio
MANY = [250, pytest.param(1_200, marks=pytest.mark.long)]
"""Posts that wait: more than are named, and more than a page of the API has; in the long run, more than ten pages."""


@pytest.fixture
async def scheduled(story) -> str:
    """A project with one post that waits."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(days=30), "targets": [target]}
    await story.yes("schedule_content", **wanted)
    return project


def _wait(story, project: str, more: int) -> None:
    """Make it so many posts more, each a minute sooner than the one before."""
    with writing(story.world.engine) as connection:
        row = dict(connection.execute(select(tables.posts).where(tables.posts.c.project_id == project)).mappings().one())
        made = []
        for number in range(1, more + 1):
            times = {name: row[name] - timedelta(minutes=number) for name in ("scheduled_for", "starts_at", "ends_at")}
            made.append({**row, **times, "seq": row["seq"] + number, "id": f"sp_00000000-0000-4000-8000-{number:012}"})
        connection.execute(insert(tables.posts), made)


def _left(story, project: str) -> int:
    with reading(story.world.engine) as connection:
        rows = connection.execute(select(tables.posts).where(tables.posts.c.project_id == project)).all()
    return sum(row.canceled_at is None for row in rows)


@pytest.mark.parametrize("many", MANY)
async def test_every_waiting_post_is_canceled_the_soonest_first(story, scheduled, many):
    """Issue 5: canceling posts takes confirm; what goes out next is not what stays."""
    _wait(story, scheduled, many - 1)
    asked = await story.call("halt", projectId=scheduled, cancel=True)

    done = await story.call("halt", projectId=scheduled, cancel=True, confirm=asked["confirmation"]["handle"])

    facts = asked["confirmation"]["items"][0]["facts"]
    assert f"cancel {many} waiting posts and 0 running jobs" in asked["confirmation"]["question"]
    assert facts["waitingPosts"][0] == f"sp_00000000-0000-4000-8000-{many - 1:012}"
    assert len(facts["waitingPosts"]) + facts["morePosts"] == many
    assert f"Canceled: {many} posts" in done["summary"]
    assert "the first 100 are named" in done["summary"]
    assert done["result"]["canceledPosts"] == facts["waitingPosts"]
    assert _left(story, scheduled) == 0


async def test_a_post_that_is_not_shown_is_part_of_what_the_yes_is_bound_to(story, scheduled):
    """Design §5: with another queue the old yes does not count."""
    _wait(story, scheduled, 150)
    handle = await story.handle("halt", projectId=scheduled, cancel=True)
    with writing(story.world.engine) as connection:
        row = tables.posts.c
        mine = (row.project_id == scheduled, row.id.not_like("sp_0000%"))
        connection.execute(update(tables.posts).where(*mine).values(canceled_at=story.now()))

    told = await story.call("halt", projectId=scheduled, cancel=True, confirm=handle)

    assert told["status"] == "confirmation_required"
    assert _left(story, scheduled) == 150


async def test_jobs_of_other_clients_of_this_store_are_stopped_too(story):
    """Holds are for whoever shares the store, and so is what they cancel."""
    project = await story.project()
    other = story.of("somebody else")
    theirs = (await story.call("generate_content", projectId=project, hook="Hi.", waitSeconds=0, house=other))["result"]["job"]["jobId"]

    done = await story.yes("halt", projectId=project, cancel=True)

    assert done["result"]["canceledJobs"] == [theirs]


async def test_jobs_that_are_not_looked_at_are_said_before_and_after(story):
    """Words that a person reads are true: a job behind the newest is not seen."""
    project, gate = await story.project(), story.house.gate
    for number in range(200):
        gate.began("job", f"job_{number}", tool="generate_content", arguments="", project_id=project)
    few = (await story.call("halt", projectId=project, cancel=True))["confirmation"]["question"]
    gate.began("job", "job_200", tool="generate_content", arguments="", project_id=project)
    asked = await story.call("halt", projectId=project, cancel=True)

    done = await story.call("halt", projectId=project, cancel=True, confirm=asked["confirmation"]["handle"])

    words = "or that are not among the 200 begun last"
    assert [words in one for one in (few, asked["confirmation"]["question"], done["summary"])] == [False, True, True]
