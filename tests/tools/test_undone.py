"""What was done and lost, undone by another yes, and said yes to once more: the world is as it is said to be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from layers_mcp.contract import ads, creatives, publishing, review, sdk_apps
from layers_mcp.contract.ads import ListCampaigns
from layers_mcp.contract.creatives import ListCreatives
from layers_mcp.contract.publishing import ListPosts
from layers_mcp.contract.review import GetReviewPolicy
from layers_mcp.contract.sdk_apps import GetSdkApp
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
ATTEMPTS = 4
ADS = "/v1/projects/{projectId}/ads"
CAMPAIGN = f"{ADS}/{{platform}}/campaigns/{{campaignId}}"
RUN = {"platform": "meta_ads", "dryRun": False, "waitSeconds": 900}


class Deed(NamedTuple):
    """A deed with an inverse: its arguments; the yeses that undo it; the route that is lost, and a read of it; what is said, what is so."""

    tool: str
    wanted: dict[str, Any]
    undo: tuple[tuple[str, dict[str, Any]], ...]
    lost: tuple[str, str]
    said: Any
    so: Any
    look: str | None = None
    before: tuple[tuple[str, dict[str, Any]], ...] = ()


async def _campaign(story, project):
    return (await story.layers.send(ads.CAMPAIGNS, ListCampaigns(project_id=project))).items[0].status


def _turned(field, word, other):
    return lambda told: word if told["result"].get(field, {}).get("done") else other


async def _pause(story, paid):
    halt = {"projectId": paid.id}
    undo = (("halt", halt | {"resume": True}),)
    said = _turned("paused", "paused", "active")
    return Deed("halt", halt | {"pauseAds": True}, undo, ("POST", f"{CAMPAIGN}/pause"), said, lambda: _campaign(story, paid.id), CAMPAIGN)


async def _start(story, paid):
    halt, pause = {"projectId": paid.id}, ("halt", {"projectId": paid.id, "pauseAds": True})
    said = _turned("started", "active", "paused")
    so = lambda: _campaign(story, paid.id)  # noqa: E731  one look, named
    return Deed("halt", halt | {"resume": True}, (pause,), ("POST", f"{CAMPAIGN}/resume"), said, so, None, (pause,))


async def _override(story, paid, word, other):
    creative = (await story.call("list_ads_content", projectId=paid.id))["result"]["items"][0]["adsContentId"]
    wanted = {"projectId": paid.id, "creativeId": creative}

    async def so():
        found = (await story.layers.send(creatives.LIST, ListCreatives(project_id=paid.id, limit=200))).items
        return next(one.override for one in found if one.ads_content_id == creative)

    set_back = (("override_creative", wanted | {"override": other}),)
    route = ("PATCH", "/v1/projects/{projectId}/ads-content/{id}")
    said = lambda told: told["result"]["creative"].get("override")  # noqa: E731  one look, named
    before = set_back if word == "score" else ()
    return Deed("override_creative", wanted | {"override": word}, set_back, route, said, so, None, before)


async def _policy(story, paid):
    async def so():
        return (await story.layers.send(review.GET_POLICY, GetReviewPolicy(project_id=paid.id))).policy

    undo = (("update_review_policy", {"projectId": paid.id, "policy": "review_all"}),)
    route = ("PATCH", "/v1/projects/{projectId}/content-review-policy")
    wanted = {"projectId": paid.id, "policy": "auto_approve"}
    return Deed("update_review_policy", wanted, undo, route, lambda told: told["result"]["policy"]["policy"], so)


async def _app(story, paid):
    made = await story.call("create_sdk_app", projectId=paid.id, name="Web", platform="web", webDomain="quinnscoffee.com")
    wanted = {"projectId": paid.id, "appId": made["result"]["app"]["appId"]}

    async def so():
        return (await story.layers.send(sdk_apps.GET, GetSdkApp(project_id=paid.id, app_id=wanted["appId"]))).name

    undo = (("update_sdk_app", wanted | {"name": "Old"}),)
    route = ("PATCH", "/v1/projects/{projectId}/sdk-apps/{appId}")
    return Deed("update_sdk_app", wanted | {"name": "New"}, undo, route, lambda told: told["result"]["app"]["name"], so)


async def _schedule(story, paid):
    account = await story.account(paid.id)
    wanted = {"containerId": await story.approved(paid.id), "scheduledFor": story.at(days=2), "targets": [{"socialAccountId": account}]}

    async def so():
        found = (await story.layers.send(publishing.LIST, ListPosts(project_id=paid.id))).items
        return [one.id for one in found if one.status == "queued"]

    undo = (("halt", {"projectId": paid.id, "cancel": True}), ("halt", {"projectId": paid.id, "resume": True}))
    route = ("POST", "/v1/content/{containerId}/schedule")
    said = lambda told: told["result"]["schedule"].get("scheduledPostIds", [])  # noqa: E731  one look, named
    return Deed("schedule_content", wanted, undo, route, said, so, "/v1/projects/{projectId}/scheduled-posts")


DEEDS = {
    "pause": _pause,
    "start": _start,
    "exclude": lambda story, paid: _override(story, paid, "exclude", "include"),
    "include": lambda story, paid: _override(story, paid, "include", "exclude"),
    "score": lambda story, paid: _override(story, paid, "score", "exclude"),
    "policy": _policy,
    "app": _app,
    "schedule": _schedule,
}


@pytest.fixture
async def paid(story, paid_of):
    """A project whose one campaign may be turned at once."""
    made = paid_of(story.world, await story.project())
    made.campaign(made.account())
    made.layer(structural="auto", target_cpa_cents=300)
    return made


async def _lose(story, deed):
    """A yes whose answer is lost behind the act, and which can't be read back."""
    handle = await story.handle(deed.tool, **deed.wanted)
    story.world.script(Fault(method=deed.lost[0], path=deed.lost[1], lose_answer=True, times=ATTEMPTS))
    if deed.tool == "schedule_content":
        story.world.script(Fault(method="GET", path=deed.look, delay_s=0.0))  # the look before the act
    if deed.look is not None:
        story.world.script(Fault(method="GET", path=deed.look, status=503, times=ATTEMPTS))
    return await story.call(deed.tool, **deed.wanted, confirm=handle)


@pytest.mark.parametrize("name", DEEDS)
async def test_what_was_lost_and_undone_and_is_said_yes_to_again_is_as_it_is_said(story, paid, name):
    """Issue 5, "nothing lost": Layers answers a known key with its first answer, whatever was done since."""
    deed = await DEEDS[name](story, paid)
    for tool, arguments in deed.before:
        await story.yes(tool, **arguments)
    lost = await _lose(story, deed)
    for tool, arguments in deed.undo:
        assert (await story.yes(tool, **arguments))["status"] == "done"
    undone = await deed.so()
    story.clock.advance(timedelta(hours=5))

    again = await story.yes(deed.tool, **deed.wanted)

    assert "unknown" in str(lost) or "Not known of 1" in lost["summary"] or name == "start"
    assert deed.said(again) == await deed.so()
    assert (again["status"] == "needs_action") is (await deed.so() == undone), "a yes either acts, or says that it did not"


async def test_a_pause_whose_answer_was_lost_shows_in_the_campaign(story, paid):
    """The emergency brake: what is paused is told as paused, whoever lost the answer."""
    deed = (await _pause(story, paid))._replace(look=None)

    told = await _lose(story, deed)

    assert (len(told["result"]["paused"]["done"]), await deed.so()) == (1, "paused")
    assert "Campaigns paused: 1." in told["summary"]


async def test_a_real_run_that_an_earlier_yes_had_started_is_told_as_that_and_the_next_yes_starts_one(story, paid):
    """A run of yesterday is none of today, however Layers answers its key."""
    wanted = {"projectId": paid.id, **RUN}
    handle = await story.handle("run_optimizer", **wanted)
    story.world.script(Fault(method="POST", path=f"{ADS}/optimizer/run", lose_answer=True, times=ATTEMPTS))
    lost = await story.call("run_optimizer", **wanted, confirm=handle)
    story.clock.advance(timedelta(hours=20))

    first = await story.yes("run_optimizer", **wanted)
    second = await story.yes("run_optimizer", **wanted)

    assert lost["error"]["details"]["outcome"] == "unknown"
    assert first["status"] == "needs_action"
    assert "Nothing was started now" in first["summary"]
    assert first["next"][0]["tool"] == "run_optimizer"
    assert second["status"] == "done"
    assert second["result"]["runId"] != first["result"]["runId"]


async def test_while_nothing_can_be_read_of_a_run_that_may_be_an_earlier_one_the_act_stays_open(story, paid):
    """Neither a run of now nor one of before is claimed without a look."""
    wanted = {"projectId": paid.id, **RUN}
    handle = await story.handle("run_optimizer", **wanted)
    story.world.script(Fault(method="POST", path=f"{ADS}/optimizer/run", lose_answer=True, times=ATTEMPTS))
    await story.call("run_optimizer", **wanted, confirm=handle)
    story.clock.advance(timedelta(hours=20))
    handle = await story.handle("run_optimizer", **wanted)
    story.world.script(Fault(method="GET", path=f"{ADS}/optimizer/runs/{{runId}}", status=503, times=ATTEMPTS))

    blind = await story.call("run_optimizer", **wanted, confirm=handle)
    told = await story.yes("run_optimizer", **wanted)

    assert blind["error"]["details"]["outcome"] == "unknown"
    assert told["status"] == "needs_action"


async def test_a_run_that_was_started_and_not_read_is_over_and_the_next_yes_is_to_another(story, paid):
    """What took effect is no open end: tomorrow's run is not this one."""
    wanted = {"projectId": paid.id, **RUN}
    handle = await story.handle("run_optimizer", **wanted)
    story.world.script(Fault(method="GET", path=f"{ADS}/optimizer/runs/{{runId}}", status=503, times=ATTEMPTS))

    unread = await story.call("run_optimizer", **wanted, confirm=handle)
    trail = story.store.trail.recent(story.house.gate.principal, limit=1)[0].outcome
    story.clock.advance(timedelta(hours=20))
    done = await story.yes("run_optimizer", **wanted)

    details = unread["error"]["details"]
    assert (details["outcome"], details["look"]) == ("acted", {"tool": "wait_for_job", "arguments": details["begun"][0]})
    assert (unread["error"]["retryHelps"], trail) == (False, "acted:UNAVAILABLE")
    assert "took effect and stands" in unread["error"]["whatToDo"]
    assert done["status"] == "done"


async def test_a_key_that_an_earlier_yes_had_rotated_is_told_as_lost_with_the_app_as_it_is(story):
    """The answer of then holds no key; a new one takes a new yes, and is shown."""
    project = await story.project()
    app = (await story.call("create_sdk_app", projectId=project, name="Web", platform="web", webDomain="quinnscoffee.com"))["result"]["app"]
    wanted = {"projectId": project, "appId": app["appId"], "rotateKey": True}
    route = {"method": "PATCH", "path": "/v1/projects/{projectId}/sdk-apps/{appId}"}
    story.world.script(Fault(**route, lose_answer=True, times=ATTEMPTS))
    await story.yes("update_sdk_app", **wanted)
    await story.yes("update_sdk_app", projectId=project, appId=app["appId"], name="Renamed")
    handle = await story.handle("update_sdk_app", **wanted)
    story.world.script(Fault(method="GET", path=route["path"], delay_s=0.0))  # the look before the act; the one after it fails
    story.world.script(Fault(method="GET", path=route["path"], status=503, times=ATTEMPTS))

    blind = await story.call("update_sdk_app", **wanted, confirm=handle)
    told = await story.yes("update_sdk_app", **wanted)
    again = await story.yes("update_sdk_app", **wanted)

    assert blind["error"]["details"]["outcome"] == "unknown"
    assert (told["status"], told["result"]["app"]["name"]) == ("needs_action", "Renamed")
    assert "its answer was lost" in told["summary"]
    assert (again["status"], "apiKey" in again["result"]["app"]) == ("done", True)
