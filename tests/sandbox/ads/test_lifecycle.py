"""A partner pauses and resumes campaigns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from layers_mcp.contract import ads_lifecycle
from layers_mcp.database import writing
from layers_mcp.sandbox.ads import tables

pytestmark = pytest.mark.anyio


@pytest.fixture
def campaign(paid) -> str:
    """A campaign that may be paused at once."""
    made = paid.campaign(paid.account())
    paid.layer(structural="auto")
    return made


async def turn(paid, campaign: str, word: str, expected: int = 202) -> dict:
    """The reply to a pause or a resume."""
    return await paid.house.post(f"{paid.project}/ads/meta/campaigns/{campaign}/{word}", {}, status=expected)


async def spend(paid, **query) -> dict:
    """What the project's ads have spent and shown in all."""
    asked = {"scope": "project", "id": paid.id, "metrics": ["spend", "impressions"], "since": "2026-01-01T00:00:00Z", **query}
    return (await paid.get("/ads-metrics", **asked))["totals"]


async def test_a_paused_campaign_spends_and_shows_nothing_and_goes_on_when_resumed(paid, campaign):
    """layers-api: campaigns/pause|resume; the figures of before stay as they were."""
    before = await spend(paid)
    made = await turn(paid, campaign, "pause")
    paid.house.clock.advance(timedelta(days=2))
    still, shown = await spend(paid), await paid.get(f"/ads/meta/campaigns/{campaign}")
    listed = await paid.get("/ads/campaigns", status="paused")
    promoted = [one for creative in (await paid.get("/ads-content"))["items"] for one in creative["activePromotions"]]
    await turn(paid, campaign, "resume")
    paid.house.clock.advance(timedelta(days=1))

    later = await spend(paid)

    assert (made["status"], shown["status"], [one["campaignId"] for one in listed["items"]]) == ("dispatched", "paused", [campaign])
    assert (still["spend"], still["impressions"]) == (before["spend"], before["impressions"])
    assert promoted == []
    assert 8_000 < later["spend"] - still["spend"] <= 12_000


async def test_the_optimizer_leaves_a_paused_campaign_alone(paid, campaign):
    """layers-api: optimizer; it looks at what runs."""
    paid.layer(creative="auto", tactical="auto", target_cpa_cents=1)
    await turn(paid, campaign, "pause")
    paid.house.clock.advance(timedelta(days=5))

    acted = [one["eventType"] for one in await paid.log()]

    assert acted == ["ads.campaign.paused"]


async def test_doing_it_again_changes_nothing(paid, campaign):
    """What stands so already is answered the same (drift)."""
    await turn(paid, campaign, "pause")
    again = await turn(paid, campaign, "pause")

    assert again["status"] == "dispatched"
    assert [one["eventType"] for one in await paid.log()] == ["ads.campaign.paused"]


async def test_under_draft_it_waits_for_a_yes_and_the_tick_after(paid, campaign):
    """layers-api, authority: draft is queued as a pending action; dispatched on the next 6 h tick."""
    paid.layer(structural="draft", creative="off", tactical="off")
    asked = await turn(paid, campaign, "pause")
    again = await turn(paid, campaign, "pause")
    (queued,) = (await paid.get("/ads/meta/pending", actionType="pause_campaign"))["items"]
    before = (await paid.get(f"/ads/meta/campaigns/{campaign}"))["status"]
    await paid.house.post(f"{paid.project}/ads/meta/pending/{asked['pendingId']}/approve", {})
    paid.house.clock.advance(timedelta(hours=7))

    after = (await paid.get(f"/ads/meta/campaigns/{campaign}"))["status"]

    assert (asked["status"], again["pendingId"], before, after) == ("pending", asked["pendingId"], "active", "paused")
    assert (queued["entityId"], queued["currentValue"], queued["newValue"]) == (campaign, {"status": "active"}, {"status": "paused"})
    assert [one["data"]["outcome"] for one in await paid.log(eventType="ads.pause_campaign")] == ["pending", "dispatched"]


@pytest.mark.parametrize(
    ("change", "reason"), [({"structural": "off"}, "authority_axis_off"), ({"kill_switch": True}, "layer_kill_switch")]
)
async def test_the_authority_and_the_kill_switch_deny_it(paid, campaign, change, reason):
    """layers-api: off is denied; the customer's kill switch denies every write to the layer."""
    paid.layer(**change)

    told = await turn(paid, campaign, "pause", 403)

    assert (told["error"]["code"], told["error"]["details"]["reason"]) == ("AUTHORITY_DENIED", reason)
    assert (await paid.get(f"/ads/meta/campaigns/{campaign}"))["status"] == "active"


async def test_what_neither_runs_nor_is_paused_can_not_be_turned(paid, campaign):
    """A deleted campaign is no campaign to resume (drift)."""
    with writing(paid.world.engine) as connection:
        connection.execute(update(tables.campaigns).values(status="deleted"))

    assert (await turn(paid, campaign, "resume", 409))["error"]["code"] == "CONFLICT"


async def test_a_brake_works_in_an_archived_project_and_the_start_does_not(paid, campaign):
    """Ads of an archived project run on (drift), so they can be stopped."""
    await paid.house.call("PATCH", paid.project, {"status": "archived"})

    assert (await turn(paid, campaign, "pause"))["status"] == "dispatched"
    assert (await turn(paid, campaign, "resume", 409))["error"]["code"] == "CONFLICT"


async def test_it_takes_the_scope_of_the_lifecycle():
    """layers-api: ads, sub-scopes."""
    assert {ads_lifecycle.PAUSE.scope, ads_lifecycle.RESUME.scope} == {"ads:write:lifecycle"}
