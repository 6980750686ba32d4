"""Resuming with halt: nothing is started that a person holds back, was not shown, or was paused by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import ads, ads_lifecycle, ads_pending
from layers_mcp.contract.ads import ListCampaigns
from layers_mcp.contract.ads_lifecycle import PauseCampaign, ResumeCampaign
from layers_mcp.contract.ads_pending import ApprovePending, ListPending, RejectPending
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
MANY = 71
"""More campaigns than a preview has room for."""


@pytest.fixture
async def advertised(story, paid_of):
    """A project with a campaign that may be paused at once; its id."""
    project = await story.project()
    paid = paid_of(story.world, project)
    paid.only = paid.campaign(paid.account())
    paid.layer(structural="auto")
    return paid


async def _status(story, paid) -> str:
    page = await story.layers.send(ads.CAMPAIGNS, ListCampaigns(project_id=paid.id))
    return next(one.status for one in page.items if one.campaign_id == paid.only)


async def _by_hand(story, paid, endpoint) -> None:
    """The customer pauses or starts the campaign, past every tool."""
    wanted = {ads_lifecycle.PAUSE: PauseCampaign, ads_lifecycle.RESUME: ResumeCampaign}[endpoint]
    await story.layers.send(endpoint, wanted(project_id=paid.id, platform="meta", campaign_id=paid.only))


@pytest.mark.parametrize("halted", [True, False])
async def test_while_a_person_holds_everything_no_yes_of_an_agent_starts_ads(story, advertised, halted):
    """Issue 5: `layers-mcp halt --all` is the person's switch; the preview says that all stays halted."""
    project, gate = advertised.id, story.house.gate
    await story.yes("halt", projectId=project, pauseAds=True)
    if not halted:
        gate.lift(project)
    gate.hold(None, by="person")
    asked = await story.call("halt", projectId=project, resume=True)

    refused = await story.call("halt", projectId=project, resume=True, confirm=asked["confirmation"]["handle"])

    (item,) = asked["confirmation"]["items"]
    assert "all projects stay halted, by a person since" in item["after"]
    assert "nothing is started: 1 campaigns stay paused" in asked["confirmation"]["question"]
    assert refused["status"] == "needs_action"
    assert await _status(story, advertised) == "paused"


async def test_resuming_one_project_of_all_that_are_halted_starts_nothing_and_later_does(story, advertised):
    """The rows are kept for the resuming that lets writes through."""
    project = advertised.id
    await story.yes("halt", projectId=project, pauseAds=True)
    story.house.gate.hold(None)

    told = await story.yes("halt", projectId=project, resume=True)
    meanwhile = await _status(story, advertised)
    await story.yes("halt", resume=True)
    later = await story.yes("halt", projectId=project, resume=True)

    assert (told["status"], told["result"]["halted"], "started" in told["result"]) == ("done", True, False)
    assert "writes stay refused" in told["summary"]
    assert "Nothing was started: 1 campaigns that halt paused stay paused" in told["summary"]
    assert meanwhile == "paused"
    assert later["result"]["started"]["done"] == [advertised.only]


@pytest.mark.parametrize("by", ["agent", "person"])
async def test_a_halt_of_all_after_the_preview_undoes_the_yes(story, advertised, by):
    """Design §5: what would be shown has changed, so the old yes does not count."""
    project = advertised.id
    await story.yes("halt", projectId=project, pauseAds=True)
    handle = await story.handle("halt", projectId=project, resume=True)
    story.house.gate.hold(None, by=by)

    told = await story.call("halt", projectId=project, resume=True, confirm=handle)

    assert told["status"] == "confirmation_required"
    assert await _status(story, advertised) == "paused"


async def test_a_halt_of_all_in_the_middle_of_starting_stops_the_rest(story, advertised):
    """Each start is looked at once more before it goes out; what stays paused is offered again."""
    advertised.campaign(advertised.account(), name="Two")
    advertised.layer(structural="auto")
    await story.yes("halt", projectId=advertised.id, pauseAds=True)
    handle = await story.handle("halt", projectId=advertised.id, resume=True)
    story.halts_after("/resume")
    told = await story.call("halt", projectId=advertised.id, resume=True, confirm=handle)

    assert (len(told["result"]["started"]["done"]), len(told["result"]["started"]["left"])) == (1, 1)
    assert len(story.house.gate.paused(advertised.id)) == 1


async def test_only_campaigns_that_were_shown_are_started(story, advertised):
    """Issue 5: a yes to exactly that; the others are offered by the next resume."""
    project, account = advertised.id, advertised.account()
    for number in range(MANY - 1):
        advertised.campaign(account, name=f"Campaign {number}", hooks=())
    advertised.layer(structural="auto")
    await story.yes("halt", projectId=project, pauseAds=True)
    asked = await story.call("halt", projectId=project, resume=True)

    told = await story.call("halt", projectId=project, resume=True, confirm=asked["confirmation"]["handle"])
    rest = await story.call("halt", **told["next"][0]["arguments"])

    shown = [item["id"] for item in asked["confirmation"]["items"][1:]]
    assert 0 < len(shown) < MANY
    assert f"start {len(shown)} of the campaigns" in asked["confirmation"]["question"]
    assert f"({MANY - len(shown)} more stay paused" in asked["confirmation"]["question"]
    assert told["result"]["started"]["done"] == shown
    assert f"{MANY - len(shown)} campaigns that halt paused stay paused" in told["summary"]
    assert not {item["id"] for item in rest["confirmation"]["items"]} & set(shown)
    assert len(rest["confirmation"]["items"]) == MANY - len(shown) + 1


async def _asked_for(story, paid, decision) -> None:
    """Under authority draft a pause is asked for, and becomes what `decision` makes of it."""
    paid.layer(structural="draft")
    (pending,) = (await story.yes("halt", projectId=paid.id, pauseAds=True))["result"]["paused"]["asked"]
    action = {"project_id": paid.id, "platform": "meta", "pending_id": pending}
    if decision == "rejected":
        await story.layers.send(ads_pending.REJECT, RejectPending(**action, reason="no"))
    elif decision == "approved":
        await story.layers.send(ads_pending.APPROVE, ApprovePending(**action))
    elif decision == "lapsed":
        story.clock.advance(timedelta(days=8))
    paid.layer(structural="auto")


@pytest.mark.parametrize("decision", ["rejected", "lapsed", "open"])
async def test_what_the_customer_paused_after_our_asking_came_to_nothing_is_not_started(story, advertised, decision):
    """That halt asked for a pause makes nobody else's pause its own."""
    await _asked_for(story, advertised, decision)
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert "started" not in resumed["result"]
    assert await _status(story, advertised) == "paused"
    assert len(story.house.gate.paused(advertised.id)) == (1 if decision == "open" else 0)


async def test_a_pause_that_was_asked_for_and_carried_out_is_undone_by_resuming(story, advertised):
    """It is halt's pause, whoever approved it."""
    await _asked_for(story, advertised, "approved")
    story.clock.advance(timedelta(hours=12))
    assert await _status(story, advertised) == "paused"

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert resumed["result"]["started"]["done"] == [advertised.only]


async def test_a_pause_at_once_after_one_that_was_turned_down_is_undone_by_resuming(story, advertised):
    """An old answer says nothing of a later pause."""
    await _asked_for(story, advertised, "rejected")
    await story.yes("halt", projectId=advertised.id, pauseAds=True)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert resumed["result"]["started"]["done"] == [advertised.only]


async def test_a_pause_at_once_beside_one_that_waits_is_undone_by_resuming(story, advertised):
    """What somebody else asked for and nobody answered is theirs."""
    advertised.layer(structural="draft")
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)
    advertised.layer(structural="auto")
    await story.yes("halt", projectId=advertised.id, pauseAds=True)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert resumed["result"]["started"]["done"] == [advertised.only]


async def _turned_down(story, paid, pending: str) -> None:
    await story.layers.send(ads_pending.REJECT, RejectPending(project_id=paid.id, platform="meta", pending_id=pending, reason="no"))


async def _lost(story, paid) -> dict:
    """Halt pauses ads, and nobody hears what came of it."""
    handle = await story.handle("halt", projectId=paid.id, pauseAds=True)
    route = "/v1/projects/{projectId}/ads/{platform}/campaigns/{campaignId}"
    story.world.script(Fault(method="POST", path=f"{route}/pause", lose_answer=True, times=4))
    story.world.script(Fault(method="GET", path=route, status=503, times=4))
    return await story.call("halt", projectId=paid.id, pauseAds=True, confirm=handle)


async def _waiting(story, paid) -> list[str]:
    page = await story.layers.send(ads_pending.LIST, ListPending(project_id=paid.id, platform="meta"))
    return [one.pending_id for one in page.items]


async def test_what_the_customer_paused_after_turning_down_an_ask_nobody_heard_of_is_not_started(story, advertised):
    """An answer that was lost makes nobody else's pause halt's own."""
    advertised.layer(structural="draft")
    lost = await _lost(story, advertised)
    (own,) = await _waiting(story, advertised)
    await _turned_down(story, advertised, own)
    advertised.layer(structural="auto")
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert lost["result"]["paused"]["notKnown"] == [advertised.only]
    assert "started" not in resumed["result"]
    assert await _status(story, advertised) == "paused"


async def test_what_somebody_else_asked_for_after_starting_it_is_not_halts(story, advertised):
    """Paused at once, started by the customer, and seen running while another's ask waits: what comes of that is theirs."""
    await story.yes("halt", projectId=advertised.id, pauseAds=True)
    await _by_hand(story, advertised, ads_lifecycle.RESUME)
    advertised.layer(structural="draft")
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)
    (theirs,) = await _waiting(story, advertised)
    await story.call("halt", projectId=advertised.id, resume=True)
    await story.layers.send(ads_pending.APPROVE, ApprovePending(project_id=advertised.id, platform="meta", pending_id=theirs))
    story.clock.advance(timedelta(hours=12))
    advertised.layer(structural="auto")

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert "started" not in resumed["result"]
    assert await _status(story, advertised) == "paused"


@pytest.mark.parametrize("authority", ["draft", "off"])
async def test_a_second_halt_asks_for_nothing_that_is_already_asked_for(story, advertised, authority):
    """Approved, and not carried out before the next tick: that pause is halt's, and is undone by resuming."""
    await _asked_for(story, advertised, "approved")
    advertised.layer(structural=authority)

    again = await story.yes("halt", projectId=advertised.id, pauseAds=True)
    none_new = await _waiting(story, advertised)
    story.clock.advance(timedelta(hours=12))
    advertised.layer(structural="auto")
    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert len(again["result"]["paused"]["asked"]) == 1
    assert none_new == []
    assert resumed["result"]["started"]["done"] == [advertised.only]


async def test_a_halt_pauses_though_the_queue_cannot_be_read(story, advertised):
    """The brake waits for nothing that it can do without."""
    await _asked_for(story, advertised, "rejected")
    handle = await story.handle("halt", projectId=advertised.id, pauseAds=True)
    story.world.script(Fault(method="GET", path="/v1/projects/{projectId}/ads/{platform}/pending", status=503, times=40))

    paused = await story.call("halt", projectId=advertised.id, pauseAds=True, confirm=handle)

    assert paused["result"]["paused"]["done"] == [advertised.only]


async def test_a_pause_whose_answer_was_lost_is_undone_whatever_was_turned_down_before(story, advertised):
    """Somebody's earlier pause was rejected; that says nothing of halt's own, which nobody heard the end of."""
    advertised.layer(structural="draft")
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)
    (earlier,) = (await story.layers.send(ads_pending.LIST, ListPending(project_id=advertised.id, platform="meta"))).items
    await _turned_down(story, advertised, earlier.pending_id)
    story.clock.advance(timedelta(minutes=1))
    advertised.layer(structural="auto")
    lost = await _lost(story, advertised)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert lost["result"]["paused"]["notKnown"] == [advertised.only]
    assert resumed["result"]["started"]["done"] == [advertised.only]


@pytest.mark.parametrize("look", [{"resume": True}, {"pauseAds": True}])
async def test_what_somebody_started_is_not_halts_any_more(story, advertised, look):
    """Seen running at any look; who pauses it after that has reasons of their own."""
    await story.yes("halt", projectId=advertised.id, pauseAds=True)
    await _by_hand(story, advertised, ads_lifecycle.RESUME)
    await story.call("halt", projectId=advertised.id, **look)
    await _by_hand(story, advertised, ads_lifecycle.PAUSE)

    resumed = await story.yes("halt", projectId=advertised.id, resume=True)

    assert "started" not in resumed["result"]
    assert await _status(story, advertised) == "paused"


async def test_resuming_all_says_that_projects_halted_one_by_one_stay_so(story, advertised):
    """The two holds are two; the preview promises no more than it does."""
    await story.call("halt", projectId=advertised.id)
    await story.yes("halt")
    asked = await story.call("halt", resume=True)

    told = await story.call("halt", resume=True, confirm=asked["confirmation"]["handle"])

    assert "halted one by one" in asked["confirmation"]["items"][0]["after"]
    assert "halted one by one" in told["summary"]
    assert (await story.call("update_project", projectId=advertised.id, name="Other"))["error"]["code"] == "HALTED"
