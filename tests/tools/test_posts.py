"""What is queued on a project's accounts: told, moved to another time, or taken back, one post at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from layers_mcp.contract import publishing
from layers_mcp.contract.publishing import CancelPost, GetPost, ReschedulePost
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
ATTEMPTS = 4
"""As often as one request is sent at most."""


async def _queued(story, project, *, days: int = 1, hook: str = "Skip the line.") -> tuple[str, str]:
    """A content and its one post, queued for so many days from now."""
    content = await story.approved(project, hook=hook)
    accounts = (await story.call("get_project", projectId=project))["result"].get("accounts", [])
    account = accounts[0]["socialAccountId"] if accounts else await story.account(project)
    wanted = {"containerId": content, "scheduledFor": story.at(days=days), "targets": [{"socialAccountId": account}]}
    return content, (await story.yes("schedule_content", **wanted))["result"]["schedule"]["scheduledPostIds"][0]


async def _now(story, post: str):
    return await story.layers.send(publishing.GET, GetPost(scheduled_post_id=post))


async def test_what_goes_out_when_is_listed_latest_first_by_state_time_and_page(story):
    """A user: "what's in the queue, what's already out"; a reviewer: no tool told whether a post is out."""
    project = await story.project()
    made = [await _queued(story, project, days=days, hook=f"Day {days}.") for days in (1, 2, 3)]
    posts = [post for _, post in made]
    story.world.advance(36 * 3600)

    async def listed(**wanted):
        return [one["id"] for one in (await story.call("list_posts", projectId=project, **wanted))["result"]["items"]]

    told = await story.call("list_posts", projectId=project)
    every = told["result"]
    page = (await story.call("list_posts", projectId=project, limit=2))["result"]

    assert [one["id"] for one in every["items"]] == posts[::-1]
    assert [one["status"] for one in every["items"]] == ["queued", "queued", "published"]
    assert every["items"][2]["externalUrl"].startswith("https://")
    assert {"at": "items.externalUrl", "kind": "platform"} in told["readFrom"]  # it has the account's name in it
    assert [one["containerId"] for one in every["items"]] == [content for content, _ in made[::-1]]
    assert await listed(status="queued") == posts[:0:-1]
    assert await listed(since=every["items"][1]["scheduledFor"]) == posts[:0:-1]
    assert await listed(until=every["items"][1]["scheduledFor"], status="queued") == [posts[1]]
    assert (page["hasMore"], await listed(limit=2, cursor=page["nextCursor"])) == (True, [posts[0]])


async def test_the_posts_of_one_content_are_told_whatever_else_is_queued(story):
    """Whether a post is out is asked with what people know: the content they approved."""
    project = await story.project()
    content, post = await _queued(story, project)
    await _queued(story, project, days=2, hook="Another.")

    told = (await story.call("list_posts", containerId=content))["result"]
    out = (await story.call("list_posts", containerId=content, status="published"))["result"]
    late = (await story.call("list_posts", containerId=content, since=story.at(days=2)))["result"]

    assert [one["id"] for one in told["items"]] == [post]
    assert (told["hasMore"], out["returned"], late["returned"]) == (False, 0, 0)


async def test_listing_posts_of_nothing_says_what_to_give(story):
    """Bad input gets a refusal that names the field and the way out."""
    told = await story.call("list_posts")
    bare = await story.call("list_posts", projectId=await story.project(), since="2026-04-18T10:00")

    assert [one["path"] for one in told["error"]["details"]["issues"]] == ["projectId"]
    assert [one["path"] for one in bare["error"]["details"]["issues"]] == ["since"]


async def test_one_post_is_moved_after_a_yes_to_exactly_that(story):
    """design.md §5: the preview has what goes out where, the time it has and the time it gets, in the project's zone."""
    project = await story.project()
    _, post = await _queued(story, project)
    _, other = await _queued(story, project, days=5, hook="Another.")
    before = (await _now(story, other)).scheduled_for

    asked = await story.call("reschedule_post", scheduledPostId=post, scheduledFor="2026-04-25T15:00[America/Los_Angeles]")
    moved = await story.yes("reschedule_post", scheduledPostId=post, scheduledFor="2026-04-25T15:00[America/Los_Angeles]")

    (item,) = asked["confirmation"]["items"]
    assert "queued for" in item["before"]
    assert item["after"] == "published Sat 25 Apr 2026 15:00 America/Los_Angeles (2026-04-25T22:00:00Z)"
    assert (item["facts"]["hook"], bool(item["facts"]["caption"]), bool(item["facts"]["media"])) == ("Skip the line.", True, True)
    assert moved["result"]["post"]["scheduledFor"] == "2026-04-25T22:00:00Z"
    assert (await _now(story, post)).status == "queued"
    assert (await _now(story, other)).scheduled_for == before


async def test_a_post_that_is_moved_there_and_back_is_there_again(story):
    """Layers answers a key that it knows with its first answer (layers-api: operational/idempotency): each yes acts anew."""
    project = await story.project()
    _, post = await _queued(story, project)
    times = [story.at(days=3), story.at(days=4), story.at(days=3)]

    for at in times:
        await story.yes("reschedule_post", scheduledPostId=post, scheduledFor=at)
        assert (await story.call("list_posts", projectId=project))["result"]["items"][0]["scheduledFor"] == at


async def test_one_post_is_taken_back_and_the_others_stay(story):
    """`halt` cancels all that waits; who took back one post needs that one only."""
    project = await story.project()
    _, kept = await _queued(story, project)
    _, gone = await _queued(story, project, days=2, hook="No more queue.")

    asked = await story.call("cancel_post", scheduledPostId=gone)
    done = await story.yes("cancel_post", scheduledPostId=gone)

    assert asked["confirmation"]["items"][0]["facts"]["hook"] == "No more queue."
    assert done["result"]["post"]["status"] == "canceled"
    assert ((await _now(story, kept)).status, (await _now(story, gone)).status) == ("queued", "canceled")


@pytest.mark.parametrize(("tool", "more"), [("reschedule_post", {"scheduledFor": "2026-05-25T15:00Z"}), ("cancel_post", {})])
async def test_what_is_out_or_gone_is_neither_moved_nor_canceled_and_nobody_is_asked(story, tool, more):
    """layers-api: reschedule only what is queued; 409 for what is over. A yes to nothing would only mislead."""
    project = await story.project()
    _, gone = await _queued(story, project)
    _, out = await _queued(story, project, hook="Another.")
    await story.layers.send(publishing.CANCEL, CancelPost(scheduled_post_id=gone))
    story.world.advance(2 * 86400)

    told = [await story.call(tool, scheduledPostId=post, **more) for post in (gone, out)]

    assert [one["error"]["code"] for one in told] == ["CONFLICT", "CONFLICT"]
    assert [one["error"]["details"]["issues"][0]["path"] for one in told] == ["scheduledPostId", "scheduledPostId"]
    assert f"post {gone} is canceled" in told[0]["error"]["message"]
    assert f"post {out} is published" in told[1]["error"]["message"]


async def test_a_time_that_has_passed_is_refused_with_the_next_such_time(story):
    """As for schedule_content."""
    _, post = await _queued(story, await story.project())

    told = await story.call("reschedule_post", scheduledPostId=post, scheduledFor="2026-04-01T15:00:00-07:00")

    (issue,) = told["error"]["details"]["issues"]
    assert issue["path"] == "scheduledFor"
    assert "the next such time is 2026-04-18T15:00:00-07:00" in issue["message"]


@pytest.mark.parametrize(("tool", "more"), [("reschedule_post", {"scheduledFor": "2026-04-25T15:00Z"}), ("cancel_post", {})])
async def test_a_yes_to_a_post_that_somebody_moved_meanwhile_is_none(story, tool, more):
    """design.md §5: a yes is bound to exactly what was shown."""
    _, post = await _queued(story, await story.project())
    handle = await story.handle(tool, scheduledPostId=post, **more)
    elsewhere = story.now() + timedelta(days=9)
    await story.layers.send(publishing.RESCHEDULE, ReschedulePost(scheduled_post_id=post, scheduled_for=elsewhere))

    told = await story.call(tool, scheduledPostId=post, **more, confirm=handle)

    assert told["status"] == "confirmation_required"
    assert ((await _now(story, post)).status, (await _now(story, post)).scheduled_for) == ("queued", elsewhere)


@pytest.mark.parametrize(
    ("tool", "more", "route"),
    [
        ("reschedule_post", {"scheduledFor": "2026-04-25T15:00Z"}, ("POST", "/v1/scheduled-posts/{scheduledPostId}/reschedule")),
        ("cancel_post", {}, ("DELETE", "/v1/scheduled-posts/{scheduledPostId}")),
    ],
)
async def test_what_was_done_while_the_answer_was_lost_is_read_back(story, tool, more, route):
    """An act whose answer never came is looked after, not done twice."""
    _, post = await _queued(story, await story.project())
    handle = await story.handle(tool, scheduledPostId=post, **more)
    story.world.script(Fault(method=route[0], path=route[1], lose_answer=True, times=ATTEMPTS))

    told = await story.call(tool, scheduledPostId=post, **more, confirm=handle)

    assert told["status"] == "done"
    assert told["result"]["post"]["status"] == (await _now(story, post)).status


@pytest.mark.parametrize(
    ("tool", "more", "route"),
    [
        ("reschedule_post", {"scheduledFor": "2026-04-25T15:00Z"}, ("POST", "/v1/scheduled-posts/{scheduledPostId}/reschedule")),
        ("cancel_post", {}, ("DELETE", "/v1/scheduled-posts/{scheduledPostId}")),
    ],
)
async def test_what_did_not_take_effect_is_told_as_such_with_the_call_that_shows_it(story, tool, more, route):
    """Nothing is claimed that nobody knows."""
    _, post = await _queued(story, await story.project())
    handle = await story.handle(tool, scheduledPostId=post, **more)
    story.world.script(Fault(method=route[0], path=route[1], status=503, times=ATTEMPTS))

    told = await story.call(tool, scheduledPostId=post, **more, confirm=handle)

    assert told["error"]["details"]["outcome"] == "unknown"
    assert told["error"]["details"]["look"] == {"tool": "wait_for_job", "arguments": {"scheduledPostId": post, "waitSeconds": 0}}
    assert (await _now(story, post)).status == "queued"


@pytest.mark.parametrize(("tool", "more"), [("reschedule_post", {"scheduledFor": "2026-04-25T15:00Z"}), ("cancel_post", {})])
async def test_a_post_of_a_project_out_of_bounds_is_neither_shown_nor_touched(story, tool, more):
    """Setting LAYERS_PROJECTS: also with a handle of the days before."""
    own = await story.project(customerExternalId="own")
    _, post = await _queued(story, await story.project(customerExternalId="theirs"))
    handle = await story.handle(tool, scheduledPostId=post, **more)
    house = replace(story.house, projects=frozenset({own}))

    for given in ({}, {"confirm": handle}):
        told = await story.call(tool, scheduledPostId=post, **more, **given, house=house)
        assert told["error"]["code"] == "OUTSIDE_PROJECTS"
    assert (await _now(story, post)).status == "queued"
