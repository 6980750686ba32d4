"""Halt: at once for a project, by a yes for everything else, and nothing gets past it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.client.retry import ATTEMPTS
from layers_mcp.contract import ads, ads_lifecycle, publishing
from layers_mcp.contract.ads import ListCampaigns
from layers_mcp.contract.ads_lifecycle import PauseCampaign
from layers_mcp.contract.publishing import GetPost
from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox.faults import Fault
from layers_mcp.tool.asking import Said

pytestmark = pytest.mark.anyio


APPROVE = {"method": "POST", "path": "/v1/content/{containerId}/approve"}
GENERATE = {"method": "POST", "path": "/v1/projects/{projectId}/content"}


@pytest.fixture
async def post(story) -> tuple[str, str]:
    """A project and a post of it that waits for approval."""
    project = await story.project()
    return project, await story.post(project)


async def _yes(story, **arguments) -> dict:
    shown = await story.call("halt", **arguments)
    return await story.call("halt", **arguments, confirm=shown["confirmation"]["handle"])


def _lift(story) -> None:
    assert story.house.gate.lift(None, by="person")


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


@pytest.mark.parametrize(
    ("wrong", "path"),
    [({"cancel": True}, "projectId"), ({"pauseAds": True}, "projectId"), ({"cancel": True, "resume": True}, "resume")],
)
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


class Person:
    """A client with somebody in front of it, who says yes; `then` happens before they do."""

    said = None

    def __init__(self, then=None) -> None:
        self.then = then

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """Their yes."""
        if self.then is not None:
            await self.then()
        return Said(answer="yes", token=token)


async def test_what_a_person_halted_no_agent_resumes(story, post):
    """Issue 5: `layers-mcp halt` is the person's switch; at tier ask an agent's relayed yes does not lift it."""
    project, _ = post
    await story.call("halt", projectId=project)
    story.house.gate.hold(project, by="person")
    asked = await story.call("halt", projectId=project, resume=True)
    handle = asked["confirmation"]["handle"]

    refused = await story.call("halt", projectId=project, resume=True, confirm=handle)
    still = await story.call("update_project", projectId=project, name="Other")
    resumed = await story.call("halt", projectId=project, resume=True, confirm=handle, asker=Person())

    assert "halted by a person" in asked["confirmation"]["items"][0]["before"]
    assert (refused["status"], still["error"]["code"]) == ("needs_action", "HALTED")
    assert "by a person" in still["error"]["message"]
    assert (resumed["status"], resumed["confirmedBy"], resumed["result"]["halted"]) == ("done", "person", False)


async def test_a_person_who_halts_while_an_agents_resuming_is_under_way_is_not_overruled(story, post):
    """The hold is looked at again in the transaction that would lift it."""
    project, _ = post
    await story.call("halt", projectId=project)
    story.house.gate.hold(project, by="person")

    lifted = story.house.gate.lift(project, by="agent")

    assert not lifted
    assert story.house.gate.held([project]).by == "person"


async def test_a_halt_while_the_person_makes_up_their_mind_stops_what_they_said_yes_to(story, post):
    """The look again is a look at the halts too."""
    project, container = post
    handle = await story.handle("approve_content", containerIds=[container])

    async def halt() -> None:
        story.house.gate.hold(project, by="person")

    told = await story.call("approve_content", containerIds=[container], confirm=handle, asker=Person(then=halt))

    assert told["error"]["code"] == "HALTED"
    assert (await story.content(container)).approval_status == "pending"


async def test_a_halt_in_the_middle_of_many_writes_leaves_what_went_out_and_refuses_the_rest(story, post):
    """What has gone out stays; the rest is refused, and said by id."""
    project, first = post
    second, third = await story.post(project, hook="Two."), await story.post(project, hook="Three.")
    handle = await story.handle("approve_content", containerIds=[first, second, third])
    story.halts_after("/approve", project=project)
    told = await story.call("approve_content", containerIds=[first, second, third], confirm=handle)

    outcomes = [(one["containerId"], one["outcome"], one.get("code")) for one in told["result"]["items"]]
    assert outcomes == [(first, "approved", None), (second, "failed", "HALTED"), (third, "failed", "HALTED")]
    assert "what this call wrote before then stands" in told["result"]["items"][1]["message"]
    assert [(await story.content(one)).approval_status for one in (first, second, third)] == ["approved", "pending", "pending"]


async def test_a_halt_while_a_write_waits_for_its_next_attempt_refuses_it(story, post):
    """README: "Writes are refused from now on"; what Layers turned away is not sent again, and nothing was done."""
    _, container = post
    handle = await story.handle("approve_content", containerIds=[container])
    story.world.script(Fault(**APPROVE, status=429, retry_after_s=60))
    story.halts_after("/approve")

    told = await story.call("approve_content", containerIds=[container], confirm=handle)
    sent = story.wire.rows.count("POST /v1/content/{containerId}/approve")
    _lift(story)
    again = await story.call("approve_content", containerIds=[container], confirm=handle)

    (one,) = told["result"]["items"]
    assert (told["status"], one["outcome"], one["code"], sent) == ("failed", "failed", "HALTED", 1)
    assert "stands" not in one["message"]
    assert "replayed" in again
    assert (await story.content(container)).approval_status == "pending"


async def test_a_halt_after_a_lost_answer_leaves_the_outcome_unknown_and_says_how_to_look(story):
    """Issue 5: a write whose outcome is unknown is never said to have done nothing; the same call goes on with it once it may."""
    project = await story.project()
    story.world.script(Fault(**GENERATE, lose_answer=True))
    story.world.script(Fault(**GENERATE, status=429))
    story.halts_after("/content", times=2)

    told = await story.call("generate_content", projectId=project, hook="Hi.", waitSeconds=0)
    sent, kept = story.wire.rows.count("POST /v1/projects/{projectId}/content"), story.spent(project)
    _lift(story)
    done = await story.call("generate_content", projectId=project, hook="Hi.", waitSeconds=0)

    assert (told["error"]["code"], sent, kept > 0) == ("HALTED", 2, True)
    assert told["error"]["details"]["outcome"] == "unknown"
    assert told["error"]["details"]["look"]["tool"] == "list_content"
    assert "not known whether" in told["error"]["whatToDo"]
    assert "what this call wrote before then stands" in told["error"]["message"]
    assert (done["status"], "replayed" in done, story.spent(project)) == ("running", True, kept)
    assert len((await story.call("list_content", projectId=project))["result"]["items"]) == 1


async def test_a_repeat_of_a_lost_call_that_meets_a_halt_or_a_limit_says_nothing_of_the_first(story):
    """Review of issue 5: a refusal that came before Layers looked at the key does not settle what an earlier call may have done."""
    project = await story.project()
    call = {"projectId": project, "hook": "Hi.", "waitSeconds": 0}
    story.world.script(Fault(**GENERATE, lose_answer=True, times=4))
    await story.call("generate_content", **call)
    kept = story.spent(project)
    story.world.script(Fault(**GENERATE, status=429, times=6))
    limited = await story.call("generate_content", **call)
    story.world.script(Fault(**GENERATE, status=429))
    story.halts_after("/content")
    halted = await story.call("generate_content", **call)
    spent = story.spent(project)
    _lift(story)

    done = await story.call("generate_content", **call)

    assert [one["error"]["code"] for one in (limited, halted)] == ["RATE_LIMITED", "HALTED"]
    assert kept == spent == story.spent(project) > 0
    assert "replayed" in done
    assert len((await story.call("list_content", projectId=project))["result"]["items"]) == 1


async def _statuses(story, project) -> dict[str, str]:
    page = await story.layers.send(ads.CAMPAIGNS, ListCampaigns(project_id=project))
    return {one.name: one.status for one in page.items}


@pytest.fixture
async def advertised(story, paid_of):
    """A project with two campaigns that may be paused at once, and one that was paused before."""
    project = await story.project()
    paid = paid_of(story.world, project)
    account = paid.account()
    campaigns = [paid.campaign(account, name=name) for name in ("One", "Two", "Old")]
    paid.layer(structural="auto")
    await story.layers.send(ads_lifecycle.PAUSE, PauseCampaign(project_id=project, platform="meta", campaign_id=campaigns[2]))
    return paid


async def test_pausing_ads_takes_a_yes_and_resuming_starts_just_those(story, advertised):
    """Issue 5: pausing ads takes confirm; those paused before stay paused."""
    project = advertised.id
    asked = await story.call("halt", projectId=project, pauseAds=True)
    before = await _statuses(story, project)
    story.clock.advance(timedelta(minutes=5))
    done = await story.call("halt", projectId=project, pauseAds=True, confirm=asked["confirmation"]["handle"])
    paused = await _statuses(story, project)
    resuming = await story.call("halt", projectId=project, resume=True)

    resumed = await story.call("halt", projectId=project, resume=True, confirm=resuming["confirmation"]["handle"])

    assert [item["facts"]["name"] for item in asked["confirmation"]["items"][1:]] == ["Two", "One"]
    assert "and pause 2 campaigns (all ads spent " in asked["confirmation"]["question"]
    assert all(item["facts"]["spentTodayCents"] > 0 for item in asked["confirmation"]["items"][1:])
    assert before == {"One": "active", "Two": "active", "Old": "paused"}
    assert (len(done["result"]["paused"]["done"]), set(paused.values())) == (2, {"paused"})
    assert "start the 2 campaigns" in resuming["confirmation"]["question"]
    assert len(resumed["result"]["started"]["done"]) == 2
    assert await _statuses(story, project) == before
    assert story.house.gate.paused(project) == ()


async def test_resuming_can_leave_the_ads_paused(story, advertised):
    """PauseAds with resume: they stay as they are, and a later resume offers them still."""
    await _yes(story, projectId=advertised.id, pauseAds=True)

    await _yes(story, projectId=advertised.id, resume=True, pauseAds=True)
    left = await _statuses(story, advertised.id)
    await _yes(story, projectId=advertised.id, resume=True)

    assert set(left.values()) == {"paused"}
    assert (await _statuses(story, advertised.id))["One"] == "active"


async def test_a_pause_that_only_gets_asked_for_is_said_to_be_none(story, advertised):
    """layers-api, authority: draft queues, off denies; the preview says so before the yes."""
    advertised.layer(structural="off")
    denied = await _yes(story, projectId=advertised.id, pauseAds=True)
    kept = story.house.gate.paused(advertised.id)
    advertised.layer(structural="draft")
    asked = await story.call("halt", projectId=advertised.id, pauseAds=True)
    done = await story.call("halt", projectId=advertised.id, pauseAds=True, confirm=asked["confirmation"]["handle"])

    assert all("runs on until somebody approves" in item["after"] for item in asked["confirmation"]["items"][1:])
    assert len(done["result"]["paused"]["asked"]) == 2
    assert "done" not in done["result"]["paused"]
    assert "not paused yet: 2" in done["summary"]
    assert (await _statuses(story, advertised.id))["One"] == "active"
    assert len(denied["result"]["paused"]["left"]) == 2
    assert kept == ()


_CAMPAIGNS = {"method": "GET", "path": "/v1/projects/{projectId}/ads/campaigns"}


async def test_that_no_ads_were_paused_is_said_where_the_campaigns_cannot_be_read_and_the_halt_stands(story, advertised):
    """A read that fails before the pauses is no act that took effect: the ads go on spending, and the same call pauses them."""
    handle = (await story.call("halt", projectId=advertised.id, pauseAds=True))["confirmation"]["handle"]
    story.world.script(Fault(**_CAMPAIGNS, delay_s=0.0))  # the look before the act; the one after it fails
    story.world.script(Fault(**_CAMPAIGNS, status=503, times=ATTEMPTS))

    told = await story.call("halt", projectId=advertised.id, pauseAds=True, confirm=handle)
    again = await _yes(story, **told["next"][0]["arguments"])

    assert (told["status"], told["result"]["halted"]) == ("failed", True)
    assert "No ads were paused" in told["summary"]
    assert len(again["result"]["paused"]["done"]) == 2


async def test_old_pauses_that_cannot_be_read_hold_no_new_pause_up(story, advertised):
    """What was paused before and can't be looked at now, as the platform is gone, is no reason to give no handle."""
    await _yes(story, projectId=advertised.id, pauseAds=True)
    one = {"method": "GET", "path": "/v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}"}
    story.world.script(Fault(**one, status=503, times=ATTEMPTS))

    asked = await story.call("halt", projectId=advertised.id, pauseAds=True)

    assert asked["status"] == "confirmation_required"


@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 401}])
async def test_a_project_is_held_back_also_while_the_api_answers_nothing_else(story, trouble):
    """Issue 5: halting a project works at once; the brake waits for no answer."""
    project = await story.project()
    story.world.script(Fault(**trouble, times=1000))

    told = await story.call("halt", projectId=project)

    assert (told["status"], told["result"]["halted"]) == ("done", True)
    assert "did not say whether there is such a project" in told["summary"]
    assert story.house.gate.held([project]) is not None


async def test_canceling_finds_the_jobs_of_rejections_and_those_behind_much_else_and_passes_over_what_is_gone(story, post):
    """Issue 5: what runs is stopped, whichever of our calls began it."""
    project, container = post
    await story.yes("approve_content", containerIds=[container], decision="reject", regenerateBrief={"hook": "Again."})
    (running,) = [one.id for one in story.house.gate.recent(project_id=project, kind="job", limit=1)]
    story.clock.advance(timedelta(seconds=1))
    for number in range(60):
        story.house.gate.began("oauth", f"st_{number}", tool="connect_account", arguments="", project_id=project)
    story.house.gate.began("job", "job_01KPGSYQ97KEHGB4V6H2218000", tool="generate_content", arguments="", project_id=project)

    asked = await story.call("halt", projectId=project, cancel=True)
    done = await story.call("halt", projectId=project, cancel=True, confirm=asked["confirmation"]["handle"])

    assert asked["confirmation"]["items"][0]["facts"]["runningJobs"] == [running]
    assert "are not seen" in asked["confirmation"]["question"]
    assert done["result"]["canceledJobs"] == [running]
    assert "are not seen" in done["summary"]
