"""Control tools act only on a live handle for exactly what was shown."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import anyio
import pytest
from sqlalchemy import update

from layers_mcp.contract import publishing, review
from layers_mcp.contract.publishing import ListPosts
from layers_mcp.database import writing
from layers_mcp.loops import queued
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
WRONG = ["", "true", "yes", "cf_", "cf_" + "a" * 32, "null", "CF_" + "a" * 32]


async def posts(story, project):
    """What is scheduled."""
    return (await story.layers.send(publishing.LIST, ListPosts(project_id=project))).items


@pytest.mark.parametrize("wrong", WRONG)
async def test_approving_without_a_valid_handle_changes_nothing(story, wrong):
    """Issue 2, done when; seed 004: the content of a fresh project is pending."""
    post = await story.post(await story.project())

    asked = await story.call("approve_content", containerIds=[post], confirm=wrong)

    assert asked["status"] == "confirmation_required"
    assert asked["confirmation"]["handle"].startswith("cf_")
    assert (await story.content(post)).approval_status == "pending"


@pytest.mark.parametrize("wrong", [True, 1, ["cf_1"], {"yes": "please"}])
async def test_a_confirm_of_another_type_changes_nothing(story, wrong):
    """Design §5: `true` included."""
    post = await story.post(await story.project())

    await story.call("approve_content", containerIds=[post], confirm=wrong)

    assert (await story.content(post)).approval_status == "pending"


async def test_a_boolean_confirm_gives_the_preview_with_its_handle(story):
    """Issue 2: any other value, `true` included, gives the preview, so that one more call suffices."""
    post = await story.post(await story.project())

    asked = await story.call("approve_content", containerIds=[post], confirm=True)

    assert asked["status"] == "confirmation_required"


async def test_with_its_handle_an_approval_acts_once(story):
    """Issue 2, done when: with it they act once; the same handle acts no more."""
    post = await story.post(await story.project())
    handle = await story.handle("approve_content", containerIds=[post])

    first = await story.call("approve_content", containerIds=[post], confirm=handle)
    second = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert first["status"] == "done"
    assert first["confirmedBy"] == "agent"
    assert (await story.content(post)).approval_status == "approved"
    assert story.wire.rows.count("POST /v1/content/{containerId}/approve") == 1
    assert second["result"] == first["result"]
    assert "nothing was done again" in second["replayed"]
    outcomes = [row.outcome for row in story.store.trail.recent(story.house.gate.principal, limit=2)]
    assert outcomes == ["replayed", "done"]


@pytest.mark.parametrize("wrong", ["", "true", "cf_" + "b" * 32])
async def test_scheduling_without_a_valid_handle_queues_nothing(story, wrong):
    """Issue 2, done when."""
    project = await story.project()
    wanted = {
        "containerId": await story.approved(project),
        "scheduledFor": story.at(hours=3),
        "targets": [{"socialAccountId": await story.account(project)}],
    }

    asked = await story.call("schedule_content", **wanted, confirm=wrong)

    assert asked["status"] == "confirmation_required"
    assert await posts(story, project) == ()


async def test_with_its_handle_a_schedule_queues_one_post(story):
    """Issue 2, done when."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    handle = await story.handle("schedule_content", **wanted)

    first = await story.call("schedule_content", **wanted, confirm=handle)
    await story.call("schedule_content", **wanted, confirm=handle)

    assert [post.id for post in await posts(story, project)] == first["result"]["schedule"]["scheduledPostIds"]


async def test_a_handle_for_other_arguments_is_refused(story):
    """Issue 2, done when: a handle for other arguments is refused."""
    project = await story.project()
    shown, other = await story.post(project), await story.post(project, topic="beans")
    handle = await story.handle("approve_content", containerIds=[shown])

    asked = await story.call("approve_content", containerIds=[other], confirm=handle)
    rejected = await story.call("approve_content", containerIds=[shown], decision="reject", confirm=handle)

    assert "other arguments" in asked["confirmation"]["because"]
    assert "other arguments" in rejected["confirmation"]["because"]
    assert (await story.content(other)).approval_status == "pending"
    assert (await story.content(shown)).approval_status == "pending"


async def test_a_handle_is_good_for_ten_minutes(story):
    """Design §5: good for ten minutes, by the wall's clock."""
    post = await story.post(await story.project())
    handle = await story.handle("approve_content", containerIds=[post])
    story.clock.advance(timedelta(minutes=10))

    asked = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert "time was over" in asked["confirmation"]["because"]
    assert (await story.content(post)).approval_status == "pending"


async def test_another_principals_handle_is_unknown(story):
    """Design §5: a handle is bound to the principal."""
    post = await story.post(await story.project())
    handle = await story.handle("approve_content", containerIds=[post])

    asked = await story.call("approve_content", house=story.of("somebody else"), containerIds=[post], confirm=handle)

    assert "not a handle given out here" in asked["confirmation"]["because"]
    assert (await story.content(post)).approval_status == "pending"


async def test_a_handle_of_another_tool_is_refused(story):
    """Design §5: a handle is bound to the tool."""
    project = await story.project()
    post = await story.post(project)
    handle = await story.handle("approve_content", containerIds=[post])
    wanted = {"containerId": post, "scheduledFor": story.at(hours=1), "targets": [{"socialAccountId": await story.account(project)}]}

    asked = await story.call("schedule_content", **wanted, confirm=handle)

    assert asked["status"] == "confirmation_required"
    assert "because" in asked["confirmation"]


async def test_a_yes_to_the_old_preview_does_not_count_for_the_new_one(story):
    """Design §5.2: the project's zone changed, so the time that was shown is no longer the time that would be."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    handle = await story.handle("schedule_content", **wanted)
    await story.call("update_project", projectId=project, timezone="Europe/Berlin")

    asked = await story.call("schedule_content", **wanted, confirm=handle)

    assert "has changed" in asked["confirmation"]["because"]
    assert "Europe/Berlin" in asked["confirmation"]["question"]
    assert await posts(story, project) == ()


async def test_time_that_passes_does_not_spoil_a_yes(story):
    """Design §5: "in 3 h" becomes "in 2 h 55 m"; what would be done is the same."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    handle = await story.handle("schedule_content", **wanted)
    story.clock.advance(timedelta(minutes=5))

    done = await story.call("schedule_content", **wanted, confirm=handle)

    assert done["status"] == "done"


async def test_an_answer_that_was_lost_is_not_an_approval_twice(story):
    """Design §5: retries are safe; the approval took effect, its answer did not arrive."""
    post = await story.post(await story.project())
    handle = await story.handle("approve_content", containerIds=[post])
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/approve", lose_answer=True))

    done = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert done["result"]["items"][0]["outcome"] == "approved"
    assert (await story.content(post)).approval_status == "approved"


async def test_a_url_that_is_signed_anew_at_each_look_does_not_spoil_a_yes(story):
    """What was shown is the file; a live API may hand out its URL with another signature each time."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    post = await story.post(project)
    story.wire.signs = True

    approved = await story.yes("approve_content", containerIds=[post])
    queued = await story.yes("schedule_content", containerId=post, scheduledFor=story.at(hours=3), targets=[target])

    assert approved["status"] == queued["status"] == "done"


async def test_a_draft_in_the_platforms_inbox_is_not_waited_for_any_longer(story):
    """layers-api, publishing: a draft lies on the device; its owner publishes it there."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project), "mode": "draft_to_device"}
    queued = await story.yes(
        "schedule_content", containerId=await story.approved(project), scheduledFor=story.at(seconds=5), targets=[target]
    )

    waited = await story.call("wait_for_job", scheduledPostId=queued["result"]["schedule"]["scheduledPostIds"][0], waitSeconds=900)

    assert (waited["status"], waited["result"]["post"]["status"]) == ("done", "draft")


async def test_a_preview_shows_a_caption_to_its_end(story):
    """Design §5.1: a person judges exactly what would be published, so nothing of it is cut."""
    project = await story.project()
    caption = "a" * 3990 + " THE END"
    target = {"socialAccountId": await story.account(project), "captionOverride": caption}

    asked = await story.result(
        "schedule_content", containerId=await story.approved(project), scheduledFor=story.at(hours=3), targets=[target]
    )

    assert asked.record["confirmation"]["items"][0]["facts"]["caption"] == caption
    assert caption in asked.text


async def test_an_account_named_twice_is_refused_by_name(story):
    """House-style 28: the same post twice on one account is nobody's wish, and the preview would call it two accounts."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target, target]}

    answer = await story.result("schedule_content", **wanted)

    assert [issue["path"] for issue in answer.record["error"]["details"]["issues"]] == ["targets.1.socialAccountId"]


async def test_a_yes_after_a_lost_answer_queues_nothing_twice(story):
    """Design §5: an answer lost on the way is never repeated; the new yes continues the same operation."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/schedule", lose_answer=True, times=4))
    posts_of = {"method": "GET", "path": "/v1/projects/{projectId}/scheduled-posts"}
    story.world.script(Fault(**posts_of, delay_s=0.0))  # the look before the act; the one after it fails
    story.world.script(Fault(**posts_of, status=503, times=4))

    lost = await story.call("schedule_content", **wanted, confirm=handle)
    asked = await story.call("schedule_content", **wanted, confirm=handle)
    done = await story.call("schedule_content", **wanted, confirm=asked["confirmation"]["handle"])

    assert lost["error"]["code"] == "TIMEOUT"
    assert "does nothing twice" in asked["confirmation"]["because"]
    assert [post.id for post in await posts(story, project)] == done["result"]["schedule"]["scheduledPostIds"]


async def test_each_of_several_posts_has_its_own_outcome(story):
    """Issue 2: one preview, one yes, an outcome per item; a failed one is named, the others stand."""
    project = await story.project()
    one, two = await story.post(project), await story.post(project, topic="beans")
    handle = await story.handle("approve_content", containerIds=[one, two])
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/approve", code="CONFLICT"))

    answer = await story.result("approve_content", containerIds=[one, two], confirm=handle)

    assert answer.is_error
    assert [item["outcome"] for item in answer.record["result"]["items"]] == ["failed", "approved"]
    assert answer.record["result"]["items"][0]["code"] == "CONFLICT"
    assert "1 of 2" in answer.record["summary"]
    assert (await story.content(one)).approval_status == "pending"
    assert (await story.content(two)).approval_status == "approved"


async def test_what_is_decided_already_is_refused_before_anything_is_asked(story):
    """House-style 28: refuse early, naming the container and its state."""
    project = await story.project()
    done, open_ = await story.approved(project), await story.post(project, topic="beans")

    answer = await story.result("approve_content", containerIds=[open_, done])

    issues = answer.record["error"]["details"]["issues"]
    assert [issue["path"] for issue in issues] == ["containerIds.1"]
    assert "approved" in issues[0]["message"]


async def test_a_rejection_can_start_the_next_generation(story):
    """Seed 004, step 7: `regenerateBrief` kicks off a new generation with edits, atomically."""
    project = await story.project()
    post = await story.post(project)

    done = await story.yes(
        "approve_content", containerIds=[post], decision="reject", reason="Too loud.", regenerateBrief={"hook": "Quietly."}
    )

    decision = done["result"]["items"][0]["decision"]
    waited = await story.call("wait_for_job", jobId=decision["jobId"], waitSeconds=900)
    assert (await story.content(post)).approval_status == "rejected"
    assert waited["status"] == "done"
    assert (await story.content(decision["containerIds"][0])).hook == "Quietly."


async def test_pending_content_is_not_queued_and_its_approval_queues_it(story):
    """Seed 004, step 9: `blocked_on_approval`, then promoted on approve."""
    project = await story.project()
    post = await story.post(project)
    wanted = {"containerId": post, "scheduledFor": story.at(hours=3), "targets": [{"socialAccountId": await story.account(project)}]}

    blocked = await story.yes("schedule_content", **wanted)
    before = await posts(story, project)
    approved = await story.yes("approve_content", containerIds=[post])

    assert blocked["status"] == "needs_action"
    assert blocked["next"][0]["tool"] == "approve_content"
    assert before == ()
    promotion = approved["result"]["items"][0]["decision"]["pendingSchedulePromotion"]
    queued = [one.id for one in await posts(story, project)]
    assert queued == promotion["scheduledPostIds"]
    assert [step["arguments"] for step in approved["next"]] == [{"scheduledPostId": queued[0]}]
    assert queued[0] in {one.id for one in story.house.gate.recent()}


@pytest.mark.parametrize("cause", ["time", "consent"])
async def test_a_schedule_that_waited_in_vain_is_named_with_the_call_that_mends_it(story, cause):
    """layers-api: approve: the promotion may fail while the approval stands; nobody is left to believe that the post goes out."""
    project = await story.project()
    post, account = await story.post(project), await story.account(project)
    days = 1 if cause == "time" else 90
    await story.yes("schedule_content", containerId=post, scheduledFor=story.at(days=days), targets=[{"socialAccountId": account}])
    story.world.advance((days + 1 if cause == "time" else 61) * 86_400)

    asked = await story.call("approve_content", containerIds=[post])
    done = await story.call("approve_content", containerIds=[post], confirm=asked["confirmation"]["handle"])

    assert "unless its time has passed" in asked["confirmation"]["items"][0]["after"]
    assert f"Nothing was queued for {post}" in done["summary"]
    assert ("consent again" in done["summary"]) is (cause == "consent")
    assert [step["tool"] for step in done["next"]] == (["get_project"] if cause == "time" else ["connect_account", "get_project"])
    assert await posts(story, project) == ()
    if cause == "consent":
        assert done["next"][0]["arguments"] == {"projectId": project, "platform": "tiktok", "socialAccountId": account}
        assert "Add returnUrl" in done["next"][0]["why"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"scheduledFor": "2020-01-01T00:00:00Z"}, "scheduledFor"),
        ({"scheduledFor": "2030-01-01T00:00:00"}, "scheduledFor"),
        ({"scheduledFor": "tomorrow"}, "scheduledFor"),
        ({"targets": [{"socialAccountId": "sa_nobody"}]}, "targets.0.socialAccountId"),
        ({"targets": []}, "targets"),
    ],
)
async def test_a_schedule_that_can_not_be_is_refused_by_field(story, wrong, path):
    """Principle: bad input gets a clear refusal that names the field; an offset or Z is required."""
    project = await story.project()
    fine = {
        "containerId": await story.approved(project),
        "scheduledFor": story.at(hours=3),
        "targets": [{"socialAccountId": await story.account(project)}],
    }

    answer = await story.result("schedule_content", **{**fine, **wrong})

    assert answer.is_error
    assert [issue["path"] for issue in answer.record["error"]["details"]["issues"]] == [path]


async def test_a_schedule_without_accounts_is_told_which_are_connected(story):
    """Issue 8: a call that names none is mended by its own answer; none is chosen for it, and nothing is queued."""
    project = await story.project()
    post, account = await story.approved(project), await story.account(project)

    refused = await story.call("schedule_content", containerId=post, scheduledFor=story.at(hours=3))

    assert refused["error"]["code"] == "VALIDATION"
    assert refused["error"]["details"]["connected"] == [{"socialAccountId": account, "platform": "tiktok"}]
    assert await posts(story, project) == ()


async def test_a_preview_says_the_time_in_the_projects_zone_in_utc_and_from_now(story):
    """Design §5.1."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    post = await story.approved(project)

    asked = await story.call("schedule_content", containerId=post, scheduledFor=story.at(hours=3, minutes=12), targets=[target])

    question = asked["confirmation"]["question"]
    assert "America/Los_Angeles" in question
    assert "Z)" in question
    assert "in 3 h 12 m" in question
    assert asked["confirmation"]["items"][0]["facts"]["account"] == "quinnscoffee"


async def test_a_preview_says_what_is_out_on_the_account_already(story):
    """A second yes to what was published publishes it twice: the person sees the first, however long ago it went out."""
    project = await story.project()
    account, other = await story.account(project), await story.account(project, "instagram")
    post = await story.approved(project)
    wanted = {"containerId": post, "targets": [{"socialAccountId": account}]}
    done = await story.yes("schedule_content", **wanted, scheduledFor=story.at(hours=3))
    story.clock.advance(timedelta(days=40))

    again = await story.call("schedule_content", **wanted, scheduledFor=story.at(hours=3))
    there = await story.call("schedule_content", containerId=post, scheduledFor=story.at(hours=3), targets=[{"socialAccountId": other}])

    first = done["result"]["schedule"]["scheduledPostIds"][0]
    assert f"already published here: {first} for " in again["confirmation"]["items"][0]["before"]
    assert "not queued here yet" in there["confirmation"]["items"][0]["before"]


async def test_a_preview_says_what_is_queued_already(story):
    """A second yes to the same is a second post: the person sees that the first one stands."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    before = await story.call("schedule_content", **wanted)
    done = await story.call("schedule_content", **wanted, confirm=before["confirmation"]["handle"])

    after = await story.call("schedule_content", **wanted)

    post = done["result"]["schedule"]["scheduledPostIds"][0]
    assert "not queued here yet" in before["confirmation"]["items"][0]["before"]
    assert f"already queued here: {post}" in after["confirmation"]["items"][0]["before"]
    assert "once more" not in before["confirmation"]["question"]
    assert "It is queued or out there already, and a yes publishes it once more; reschedule_post moves" in after["confirmation"]["question"]


async def test_two_previews_of_one_schedule_do_not_queue_it_twice(story):
    """Design §5.2: once the first is queued, the second preview shows what is no longer so."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    one, two = await story.handle("schedule_content", **wanted), await story.handle("schedule_content", **wanted)
    await story.call("schedule_content", **wanted, confirm=one)

    asked = await story.call("schedule_content", **wanted, confirm=two)

    assert "has changed" in asked["confirmation"]["because"]
    assert len(await posts(story, project)) == 1


async def test_a_caption_with_characters_nobody_sees_is_refused(story):
    """A person can't say yes to what can't be seen: bidi and zero-width characters would go out with the post."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project), "captionOverride": "Buy\u202e now\u200b"}

    answer = await story.result(
        "schedule_content", containerId=await story.approved(project), scheduledFor=story.at(hours=3), targets=[target]
    )

    assert [issue["path"] for issue in answer.record["error"]["details"]["issues"]] == ["targets.0.captionOverride"]


async def test_a_mode_of_another_platform_is_refused_before_a_yes_is_spent(story):
    """House-style 28: refuse early."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project), "mode": "reels"}

    answer = await story.result(
        "schedule_content", containerId=await story.approved(project), scheduledFor=story.at(hours=3), targets=[target]
    )

    assert [issue["path"] for issue in answer.record["error"]["details"]["issues"]] == ["targets.0.mode"]


async def test_a_key_that_is_stopped_ends_the_batch_at_once(story):
    """Every other post would be refused too; the error says why, and the posts are still pending."""
    project = await story.project()
    several = [await story.post(project, topic=topic) for topic in ("beans", "milk")]
    handle = await story.handle("approve_content", containerIds=several)
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/approve", times=9, code="KILL_SWITCH"))

    answer = await story.result("approve_content", containerIds=several, confirm=handle)

    assert answer.record["error"]["code"] == "KILL_SWITCH"
    assert story.wire.rows.count("POST /v1/content/{containerId}/approve") == 1


async def test_a_client_that_goes_away_does_not_stop_an_act_halfway(story):
    """The yes was given for both posts: both are decided and the outcome is on record."""
    project = await story.project()
    several = [await story.post(project, topic=topic) for topic in ("beans", "milk")]
    handle = await story.handle("approve_content", containerIds=several)
    send, gone = story.layers.send, anyio.Event()

    async def slow(endpoint, request, **more):
        if endpoint is review.APPROVE:
            gone.set()
            await anyio.sleep(0.01)
        return await send(endpoint, request, **more)

    story.layers.send = slow
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(story.call, "approve_content", containerIds=several, confirm=handle))
        await gone.wait()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        while (await story.call("approve_content", containerIds=several, confirm=handle)).get("replayed") is None:  # noqa: ASYNC110
            await anyio.sleep(0.01)

    assert [(await story.content(one)).approval_status for one in several] == ["approved", "approved"]


async def test_posts_too_long_to_judge_at_once_are_refused_with_how_many_fit(story):
    """Design §4: a result never exceeds 8,000 tokens, and a preview is never cut."""
    project = await story.project()
    wanted = {"format": "slideshow_remix", "variantCount": 5, "hook": "long " * 390}
    made = await story.call("generate_content", projectId=project, **wanted, waitSeconds=900)

    answer = await story.result("approve_content", containerIds=made["result"]["containerIds"])

    assert re.search(r"give at most [1-4]$", answer.record["error"]["details"]["issues"][0]["message"])


async def test_the_price_of_a_new_generation_is_shown_before_the_yes(story):
    """Issue 3: a reject that regenerates costs credits; the person sees how many."""
    project = await story.project()
    post = await story.post(project)

    asked = await story.call("approve_content", containerIds=[post], decision="reject", regenerateBrief={"hook": "Better."})
    plain = await story.call("approve_content", containerIds=[post], decision="reject")

    assert asked["confirmation"]["items"][-1]["facts"]["creditsAtMost"] == 50
    assert "at most 50 of 5950 credits" in asked["confirmation"]["question"]
    assert "credits" not in [item["id"] for item in plain["confirmation"]["items"]]


async def _lost(story, tool, wanted, route, look):
    """A yes whose answer is lost behind the act, and which can't be read back."""
    handle = await story.handle(tool, **wanted)
    story.world.script(Fault(method=route[0], path=route[1], lose_answer=True, times=4))
    if look is not None:
        story.world.script(Fault(method="GET", path=look, delay_s=0.0))  # the look before the act; the one after it fails
        story.world.script(Fault(method="GET", path=look, status=503, times=4))
    lost = await story.call(tool, **wanted, confirm=handle)
    assert lost["error"]["details"]["outcome"] == "unknown"


async def _scheduled_and_lost(story):
    """A project, and what was asked of `schedule_content` there; it was done, and the answer lost."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    route = ("POST", "/v1/content/{containerId}/schedule")
    await _lost(story, "schedule_content", wanted, route, "/v1/projects/{projectId}/scheduled-posts")
    return project, wanted


async def test_a_yes_that_goes_on_with_a_schedule_that_was_canceled_meanwhile_says_so_and_the_next_one_queues_anew(story):
    """Layers answers a known key with its first answer; "Queued" would be said of what nobody will see."""
    project, wanted = await _scheduled_and_lost(story)
    (post,) = await posts(story, project)
    await story.layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id=post.id))

    first = await story.yes("schedule_content", **wanted)
    second = await story.yes("schedule_content", **wanted)

    assert first["status"] == "needs_action"
    assert f"{post.id} is canceled; nothing of it is queued now" in first["summary"]
    assert not first["result"]["schedule"].get("scheduledPostIds")
    assert second["status"] == "done"
    assert [one.id for one in await posts(story, project) if one.status == "queued"] == second["result"]["schedule"]["scheduledPostIds"]


async def test_while_what_became_of_the_posts_cannot_be_read_the_act_stays_open(story):
    """Neither "Queued" nor "canceled" is said without a look."""
    project, wanted = await _scheduled_and_lost(story)
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(method="GET", path="/v1/scheduled-posts/{scheduledPostId}", status=503, times=4))

    blind = await story.call("schedule_content", **wanted, confirm=handle)
    done = await story.yes("schedule_content", **wanted)

    assert blind["error"]["details"]["outcome"] == "unknown"
    assert done["result"]["schedule"]["scheduledPostIds"] == [post.id for post in await posts(story, project)]


async def test_a_policy_that_was_changed_meanwhile_is_set_by_the_next_yes(story):
    """A yes that sets something sets it, whatever an earlier one came to."""
    project = await story.project()
    wanted = {"projectId": project, "policy": "auto_approve"}
    await _lost(story, "update_review_policy", wanted, ("PATCH", "/v1/projects/{projectId}/content-review-policy"), None)
    other = review.SetReviewPolicy(project_id=project, policy="review_all")
    await story.layers.send(review.SET_POLICY, other)

    done = await story.yes("update_review_policy", **wanted)

    now = await story.layers.send(review.GET_POLICY, review.GetReviewPolicy(project_id=project))
    assert (done["status"], done["result"]["policy"]["policy"], now.policy) == ("done", "auto_approve", "auto_approve")


@pytest.mark.parametrize("canceled", [False, True])
async def test_a_schedule_that_waited_for_an_approval_given_meanwhile_is_told_as_it_stands(story, canceled):
    """Layers' first answer was that it waits; since then the approval has queued it."""
    project = await story.project()
    wanted = {"containerId": await story.post(project), "scheduledFor": story.at(hours=3)}
    wanted["targets"] = [{"socialAccountId": await story.account(project)}]
    route = {"method": "POST", "path": "/v1/content/{containerId}/schedule"}
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(**route, lose_answer=True, times=4))
    lost = await story.call("schedule_content", **wanted, confirm=handle)
    await story.layers.send(review.APPROVE, review.ApproveContent(container_id=wanted["containerId"]))
    (post,) = await posts(story, project)
    if canceled:
        await story.layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id=post.id))
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(method="GET", path="/v1/content/{containerId}", delay_s=0.0))  # the look before; the one after it fails
    story.world.script(Fault(method="GET", path="/v1/content/{containerId}", status=503, times=4))

    blind = await story.call("schedule_content", **wanted, confirm=handle)
    told = await story.yes("schedule_content", **wanted)

    assert (lost["error"]["details"]["outcome"], blind["error"]["details"]["outcome"]) == ("unknown", "unknown")
    assert told["status"] == ("needs_action" if canceled else "done")
    assert told["result"]["schedule"].get("scheduledPostIds", []) == ([] if canceled else [post.id])
    assert "Nothing is queued yet" not in told["summary"]


async def test_a_schedule_that_still_waits_for_its_approval_is_told_so_again(story):
    """What is gone on with may stand as it was answered."""
    project = await story.project()
    wanted = {"containerId": await story.post(project), "scheduledFor": story.at(hours=3)}
    wanted["targets"] = [{"socialAccountId": await story.account(project)}]
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/schedule", lose_answer=True, times=4))
    await story.call("schedule_content", **wanted, confirm=handle)

    told = await story.yes("schedule_content", **wanted)

    assert (told["status"], "Nothing is queued yet" in told["summary"]) == ("needs_action", True)


async def test_a_post_without_media_is_refused_before_anybody_is_asked_to_publish_it(story):
    """A yes to nothing would be spent: the caller's way out is to have another post made."""
    project = await story.project()
    post, account = await story.approved(project), await story.account(project)
    with writing(story.world.engine) as connection:
        connection.execute(update(tables.containers).where(tables.containers.c.id == post).values(media=[]))

    told = await story.call("schedule_content", containerId=post, scheduledFor=story.at(days=1), targets=[{"socialAccountId": account}])

    assert told["error"]["code"] == "VALIDATION"
    assert [one["path"] for one in told["error"]["details"]["issues"]] == ["containerId"]
    assert "has no media" in told["error"]["details"]["issues"][0]["message"]
    assert "confirmation" not in told
    assert not await posts(story, project)


@pytest.mark.parametrize(("pages", "said"), [(25, "already queued here"), (1, "not queued here by the 1 latest posts; there")])
async def test_what_is_queued_is_looked_for_on_every_page_and_nothing_is_claimed_of_pages_that_nobody_read(story, monkeypatch, pages, said):
    """A second yes to the same is a second post, however many others wait."""
    monkeypatch.setattr(queued, "_PAGE", 1)
    monkeypatch.setattr(queued, "_PAGES", pages)
    project = await story.project()
    target = publishing.Target(social_account_id=await story.account(project))
    posted = await story.approved(project)
    for days in (1, 2):
        slot = publishing.ScheduleContent(container_id=posted, targets=(target,), scheduled_for=story.now() + timedelta(days=days))
        await story.layers.send(publishing.SCHEDULE, slot)
        posted = posted if days == 2 else await story.approved(project, hook="Another.")
    (first,) = [one.container_id for one in await posts(story, project) if one.container_id != posted]
    targets = [{"socialAccountId": target.social_account_id}]

    asked = await story.call("schedule_content", containerId=first, scheduledFor=story.at(days=3), targets=targets)

    assert said in asked["confirmation"]["items"][0]["before"]
