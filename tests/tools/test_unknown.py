"""Writes whose end is not known: read back, never repeated blindly, and gone on with under their key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import projects, publishing
from layers_mcp.contract.projects import ListProjects
from layers_mcp.contract.publishing import ListPosts
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
ATTEMPTS = 4
AUDITS = 2  # requests of one count of overrides
CREATE = {"method": "POST", "path": "/v1/projects"}
LISTS = {"method": "GET", "path": "/v1/projects"}
UPDATE = {"method": "PATCH", "path": "/v1/projects/{projectId}"}
APPROVE = {"method": "POST", "path": "/v1/content/{containerId}/approve"}
SCHEDULE = {"method": "POST", "path": "/v1/content/{containerId}/schedule"}


async def many(story):
    """How many projects there are."""
    return len((await story.layers.send(projects.LIST, ListProjects(limit=100))).items)


@pytest.mark.parametrize("trouble", [{"lose_answer": True}, {"status": 500}, {"status": 503}, {"status": 504}])
async def test_an_unknown_outcome_says_so_and_how_to_look(story, trouble):
    """Issue 5: `outcome: unknown` with the call that shows it; no flag and no sentence advises to repeat it blindly."""
    story.world.script(Fault(**CREATE, **trouble, times=ATTEMPTS))

    answer = await story.result("create_project", name="Quinns")

    error = answer.record["error"]
    assert error["details"]["outcome"] == "unknown"
    assert error["details"]["look"] == {"tool": "get_project", "arguments": {"search": "Quinns"}}
    assert error["retryHelps"] is False
    assert "do not repeat" in error["whatToDo"]
    assert "A retry may help" not in answer.text
    assert "get_project" in answer.text


async def test_the_next_identical_call_goes_on_with_the_same_operation(story):
    """Issue 5: the effect stands once, and the repeat says that it is one, and how to ask for another."""
    before = await many(story)
    story.world.script(Fault(**CREATE, lose_answer=True, times=ATTEMPTS))
    await story.call("create_project", name="Quinns")

    done = await story.call("create_project", name="Quinns")
    another = await story.call("create_project", name="Quinns", idempotencyKey="another")
    story.clock.advance(timedelta(minutes=10, seconds=1))
    later = await story.call("create_project", name="Quinns")

    ids = [one["result"]["project"]["id"] for one in (done, another, later)]
    assert "idempotencyKey makes another" in done["replayed"]
    assert "replayed" not in another | later
    assert len(set(ids)) == 3
    assert await many(story) == before + 3


async def test_a_refusal_leaves_nothing_unknown(story):
    """What Layers refused was not done: the next call is a new operation, and is no repeat."""
    story.world.script(Fault(**CREATE, status=429, retry_after_s=200))
    limited = await story.call("create_project", name="Quinns")

    done = await story.call("create_project", name="Quinns")

    assert "outcome" not in limited["error"].get("details", {})
    assert limited["error"]["retryHelps"] is True
    assert "replayed" not in done


async def test_a_project_whose_making_was_not_answered_is_found_by_its_customer(story):
    """Issue 5: first read it back where the API allows."""
    story.world.script(Fault(**CREATE, lose_answer=True, times=ATTEMPTS))

    done = await story.call("create_project", name="Quinns", customerExternalId="quinns-1")

    assert (done["status"], done["result"]["created"]) == ("done", True)


async def test_what_cannot_be_read_back_either_stays_unknown(story):
    """The look failed too, so nothing is claimed."""
    story.world.script(Fault(**CREATE, lose_answer=True, times=ATTEMPTS))
    story.world.script(Fault(**LISTS, delay_s=0.0))  # the look before the call
    story.world.script(Fault(**LISTS, status=503, times=ATTEMPTS))

    lost = await story.call("create_project", name="Quinns", customerExternalId="quinns-1")

    assert lost["error"]["details"]["look"]["arguments"] == {"customerExternalId": "quinns-1"}


async def test_a_change_that_was_not_answered_is_gone_on_with_and_then_over(story):
    """A change has a key on record while its end is not known; later ones are changes of their own, in their order."""
    project = await story.project()
    story.world.script(Fault(**UPDATE, lose_answer=True, times=ATTEMPTS))

    lost = await story.call("update_project", projectId=project, name="One")
    await story.call("update_project", projectId=project, name="Two")
    back = await story.call("update_project", projectId=project, name="One")

    assert lost["error"]["details"]["outcome"] == "unknown"
    assert back["result"]["project"]["name"] == "One"
    read = await story.call("get_project", projectId=project)
    assert read["result"]["project"]["name"] == "One"


async def test_a_route_without_keys_is_never_sent_twice(story):
    """layers-api: social/oauth-url honours no key; what may have been received is not sent again."""
    project = await story.project()
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/social/oauth-url", lose_answer=True))

    lost = await story.call("connect_account", projectId=project, platform="tiktok", returnUrl="https://app.your-partner.com/done")

    assert story.wire.rows.count("POST /v1/projects/{projectId}/social/oauth-url") == 1
    assert lost["error"]["details"]["outcome"] == "unknown"
    assert "then" not in lost["error"]["details"]


@pytest.mark.parametrize("second", [("create_project", {"name": "Other"}), ("refresh_keywords", {"projectId": "prj_1"})])
async def test_a_callers_key_for_another_call_is_a_conflict_before_anything_is_sent(story, second):
    """Issue 5: a clear conflict naming the field and the way out, across tools too, for 24 hours."""
    await story.call("create_project", name="Quinns", idempotencyKey="mine")
    sent = len(story.wire.rows)
    story.clock.advance(timedelta(hours=24))
    tool, arguments = second

    answer = await story.call(tool, **arguments, idempotencyKey="mine")

    assert answer["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert answer["error"]["details"]["issues"][0]["path"] == "idempotencyKey"
    assert "give a new key" in answer["error"]["message"]
    assert answer["error"]["retryHelps"] is False
    assert len(story.wire.rows) == sent


async def test_layers_own_conflict_names_the_callers_key(story):
    """The key was used elsewhere, with another store: the same words, and nothing stays on record here."""
    story.world.script(Fault(**CREATE, code="IDEMPOTENCY_CONFLICT"))

    refused = await story.call("create_project", name="Quinns", idempotencyKey="mine")
    after = await story.call("create_project", name="Other", idempotencyKey="mine")

    assert refused["error"]["details"]["issues"][0]["path"] == "idempotencyKey"
    assert after["status"] == "done"


async def test_a_conflict_with_our_own_earlier_attempt_is_an_unknown_outcome(story):
    """Its answer can't be had back under the key: nothing may be claimed, and nothing be done twice."""
    story.world.script(Fault(**CREATE, lose_answer=True, times=ATTEMPTS))
    story.world.script(Fault(**CREATE, code="IDEMPOTENCY_CONFLICT"))
    await story.call("create_project", name="Quinns")

    refused = await story.call("create_project", name="Quinns")

    assert refused["error"]["details"]["outcome"] == "unknown"


async def test_what_layers_still_works_on_is_waited_for_under_the_same_key(story):
    """`IDEMPOTENCY_IN_PROGRESS`: the first request will be answered, and its answer is what is wanted."""
    story.world.script(Fault(**CREATE, code="IDEMPOTENCY_IN_PROGRESS", times=6))

    done = await story.call("create_project", name="Quinns")

    assert done["status"] == "done"
    assert story.wire.rows.count("POST /v1/projects") == 7


async def test_an_approval_whose_answer_was_lost_is_read_back(story):
    """The container shows what became of it."""
    post = await story.post(await story.project())
    handle = await story.handle("approve_content", containerIds=[post])
    story.world.script(Fault(**APPROVE, lose_answer=True, times=ATTEMPTS))

    done = await story.call("approve_content", containerIds=[post], confirm=handle)

    assert (done["status"], done["result"]["items"][0]["outcome"]) == ("done", "approved")


async def test_of_twenty_decisions_only_what_is_left_is_done_by_the_next_yes(story):
    """Issue 5: a half-done call resumed does only the rest; the parts have keys of their own."""
    project = await story.project()
    one, two = await story.post(project), await story.post(project, topic="beans")
    handle = await story.handle("approve_content", containerIds=[one, two])
    story.world.script(Fault(**APPROVE, delay_s=0.0))  # the first goes through
    story.world.script(Fault(**APPROVE, status=500, times=ATTEMPTS))

    half = await story.call("approve_content", containerIds=[one, two], confirm=handle)
    asked = await story.call("approve_content", containerIds=[one, two], confirm=handle)
    done = await story.call("approve_content", containerIds=[one, two], confirm=asked["confirmation"]["handle"])

    assert [item["outcome"] for item in half["result"]["items"]] == ["approved", "unknown"]
    assert "list_content" in half["summary"]
    assert [item["before"] for item in asked["confirmation"]["items"]] == ["approved", "pending"]
    assert [item["outcome"] for item in done["result"]["items"]] == ["approved", "approved"]
    assert (await story.content(two)).approval_status == "approved"


async def test_a_schedule_whose_answer_was_lost_is_read_back(story):
    """Issue 5: scheduled posts by container, account and time."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    handle = await story.handle("schedule_content", **wanted)
    story.world.script(Fault(**SCHEDULE, lose_answer=True, times=ATTEMPTS))

    done = await story.call("schedule_content", **wanted, confirm=handle)

    posts = (await story.layers.send(publishing.LIST, ListPosts(project_id=project))).items
    assert done["status"] == "done"
    assert [post.id for post in posts] == done["result"]["schedule"]["scheduledPostIds"]


async def test_what_halt_could_not_cancel_for_sure_is_named_and_gone_on_with(story):
    """Each post is canceled under a key of its own; one whose answer was lost shows as canceled, one that failed does not."""
    project = await story.project()
    target = {"socialAccountId": await story.account(project)}
    wanted = {"containerId": await story.approved(project), "scheduledFor": story.at(hours=3), "targets": [target]}
    post = (await story.yes("schedule_content", **wanted))["result"]["schedule"]["scheduledPostIds"][0]
    cancel = {"method": "DELETE", "path": "/v1/scheduled-posts/{scheduledPostId}"}
    story.world.script(Fault(**cancel, status=500, times=ATTEMPTS))

    first = await story.yes("halt", projectId=project, cancel=True)
    story.world.script(Fault(**cancel, lose_answer=True, times=ATTEMPTS))
    second = await story.yes("halt", projectId=project, cancel=True)

    assert first["result"]["notKnown"] == [post]
    assert "notKnown" in first["summary"]
    assert second["result"]["canceledPosts"] == [post]


async def test_a_given_key_whose_job_failed_is_a_replay_and_stands_for_nothing_else(story):
    """Layers gives the failed job back under its key for 24 hours: that is no new attempt, and is not told as one."""
    project = await story.project()
    wanted = {"projectId": project, "format": "slideshow_remix", "hook": "Skip.", "waitSeconds": 900, "idempotencyKey": "mine"}
    story.world.script(Fault(method="POST", path="/v1/projects/{projectId}/content", job_error="INTERNAL"))

    failed = await story.call("generate_content", **wanted)
    again = await story.call("generate_content", **wanted)
    other = await story.call("generate_content", **wanted | {"hook": "Other."})

    assert (failed["status"], again["status"]) == ("failed", "failed")
    assert again["result"]["job"]["jobId"] == failed["result"]["job"]["jobId"]
    assert "replayed" not in failed
    assert "same operation" in again["replayed"]
    assert other["error"]["code"] == "IDEMPOTENCY_CONFLICT"
    assert [issue["path"] for issue in other["error"]["details"]["issues"]] == ["idempotencyKey"]


async def test_what_took_effect_is_told_as_done_though_nothing_can_be_read_after_it(story, paid_of):
    """Issue 5, "nothing lost": a later look that fails takes nothing back."""
    paid = paid_of(story.world, await story.project())
    paid.campaign(paid.account())
    creative = (await story.call("list_ads_content", projectId=paid.id))["result"]["items"][0]["adsContentId"]
    wanted = {"projectId": paid.id, "creativeId": creative, "override": "exclude"}
    handle = await story.handle("override_creative", **wanted)
    story.world.script(Fault(method="GET", path="/v1/audit-log", delay_s=0.0, times=AUDITS))  # the look before the act
    story.world.script(Fault(method="GET", path="/v1/audit-log", status=503, times=100))
    story.world.script(Fault(method="GET", path="/v1/projects/{projectId}", status=503, times=ATTEMPTS))

    done = await story.call("override_creative", **wanted, confirm=handle)
    made = await story.call("create_project", name="Quinns")

    assert (done["status"], done["result"]["creative"]["override"]) == ("done", "exclude")
    assert "How often that is done here can't be read now" in done["summary"]
    assert "overridden" not in done["result"]
    assert (made["status"], made["result"]["created"]) == ("done", True)
    assert "approvalPolicy" not in made["result"]["project"]


@pytest.mark.parametrize("read", ["/v1/jobs/{jobId}", "/v1/content/{containerId}"])
async def test_a_generation_that_began_is_told_with_its_job_though_nothing_can_be_read_after_it(story, read):
    """The same call after ten minutes is another: the job that costs must be known by then."""
    project = await story.project()
    story.world.script(Fault(method="GET", path=read, status=503, times=100))

    told = await story.call("generate_content", projectId=project, format="slideshow_remix", hook="Skip.", waitSeconds=900)

    (job,) = [one.id for one in story.house.gate.recent(kind="job", limit=5)]
    if "jobs" in read:
        error = told["error"]
        assert (error["details"]["outcome"], error["details"]["begun"], error["retryHelps"]) == ("acted", [{"jobId": job}], False)
        assert error["details"]["look"] == {"tool": "wait_for_job", "arguments": {"jobId": job}}
        assert "later it acts once more" in error["details"]["then"]
        assert story.store.trail.recent(story.house.gate.principal, limit=1)[0].outcome == "acted:UNAVAILABLE"
    else:
        assert (told["status"], told["result"]["job"]["jobId"], told["next"][0]["tool"]) == ("done", job, "list_content")
        assert "can't be read now" in told["summary"]


async def test_an_approval_is_told_though_why_its_schedule_was_not_queued_cannot_be_read(story):
    """What was decided is known; the cause of something else is not."""
    project = await story.project()
    wanted = {"containerId": await story.post(project), "scheduledFor": story.at(minutes=5)}
    wanted["targets"] = [{"socialAccountId": await story.account(project)}]
    await story.yes("schedule_content", **wanted)
    story.clock.advance(timedelta(minutes=6))
    handle = await story.handle("approve_content", containerIds=[wanted["containerId"]])
    story.world.script(Fault(method="GET", path="/v1/content/{containerId}", delay_s=0.0))  # the look before the act
    story.world.script(Fault(method="GET", path="/v1/content/{containerId}", status=503, times=ATTEMPTS))

    done = await story.call("approve_content", containerIds=[wanted["containerId"]], confirm=handle)

    assert (done["status"], done["result"]["items"][0]["outcome"]) == ("done", "approved")
    assert "why can't be read now" in done["summary"]


async def test_what_was_done_before_a_refusal_stands_and_is_said_to(story):
    """The key was stopped between two posts: the first is approved, and the same call goes on with the second."""
    project = await story.project()
    several = [await story.post(project), await story.post(project, topic="beans")]
    handle = await story.handle("approve_content", containerIds=several)
    story.world.script(Fault(**APPROVE, delay_s=0.0))  # the first goes through
    story.world.script(Fault(**APPROVE, code="KILL_SWITCH"))

    refused = await story.call("approve_content", containerIds=several, confirm=handle)
    trail = story.store.trail.recent(story.house.gate.principal, limit=1)[0].outcome
    done = await story.yes("approve_content", containerIds=several)

    assert refused["error"]["details"]["outcome"] == "in_part"
    assert "took effect and stands" in refused["error"]["whatToDo"]
    assert "lifts the stop" in refused["error"]["whatToDo"]
    assert trail == "in_part:KILL_SWITCH"
    assert [item["outcome"] for item in done["result"]["items"]] == ["approved", "approved"]
