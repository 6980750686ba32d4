"""The optimizer by hand: what a real run may do, what it decided, and actions that no longer wait."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.tools import optimizer

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
AUTO = {"creative": "auto", "tactical": "auto", "structural": "auto"}
RUN = {"platform": "meta_ads", "dryRun": False}


@pytest.fixture
async def paid(story, paid_of):
    """A project with one campaign that has run for six weeks."""
    made = paid_of(story.world, await story.project())
    made.account_id = made.account()
    made.campaign_id = made.campaign(made.account_id)
    return made


async def _pending(story, paid) -> str:
    paid.layer(target_cpa_cents=300)
    story.clock.advance(DAY)
    listed = (await story.call("explain_decision", projectId=paid.id))["result"]["decisions"]
    return next(one["pendingId"] for one in listed if one.get("outcome") == "pending")


async def test_a_preview_of_a_real_run_names_campaigns_that_act_by_themselves(story, paid, monkeypatch):
    """layers-api: ads, "Authority model": layer defaults apply only where a campaign has no block of its own."""
    wild = paid.campaign(paid.account_id, name="Wild", authority=AUTO)

    item = (await story.call("run_optimizer", projectId=paid.id, **RUN))["confirmation"]["items"][0]
    monkeypatch.setattr(optimizer, "_MOST_CAMPAIGNS", 1)
    cut = (await story.call("run_optimizer", projectId=paid.id, **RUN))["confirmation"]["items"][0]

    assert item["facts"]["defaults"] == {"creative": "draft", "tactical": "draft", "structural": "draft"}
    assert item["facts"]["campaignsWithTheirOwn"] == [{"campaignId": wild, "name": "Wild", **AUTO}]
    assert "instead of the defaults: 1" in item["after"]
    assert "campaignsNotLookedAt" not in item["facts"]
    assert (cut["facts"]["campaignsNotLookedAt"], "may have their own: 1" in cut["after"]) == (1, True)


async def test_with_the_kill_switch_on_no_run_is_promised(story, paid):
    """layers-api: ads/defaults: when it is true every write to that layer is denied."""
    paid.layer(kill_switch=True)

    item = (await story.call("run_optimizer", projectId=paid.id, **RUN))["confirmation"]["items"][0]

    assert item["before"] == "the customer's kill switch is on: nothing of this layer is changed"
    assert "Layers denies a real run" in item["after"]


async def test_a_run_counts_all_that_it_decided_though_not_all_fits(story, paid, monkeypatch):
    """Design §4: what does not fit is counted."""
    paid.layer(target_cpa_cents=300)
    monkeypatch.setattr(optimizer, "fitting", lambda rows: tuple(rows[:1]))

    told = await story.call("run_optimizer", projectId=paid.id, platform="meta_ads", waitSeconds=900)

    result = told["result"]
    assert (result["returned"], len(result["proposals"])) == (1, 1)
    assert result["leftOut"] > 0
    assert f"would do {result['leftOut'] + 1} things beside holds" in told["summary"]


async def test_a_real_run_that_asks_names_its_reasons_and_its_question(story, paid):
    """Design §4: the next call is named, with complete arguments."""
    paid.layer(target_cpa_cents=300)

    done = await story.yes("run_optimizer", projectId=paid.id, **RUN, waitSeconds=900)
    asked = [one["pendingId"] for one in done["result"]["proposals"] if one.get("outcome") == "pending"]

    assert [step["tool"] for step in done["next"]] == ["explain_decision", "review_pending_action"]
    assert done["next"][1]["arguments"] == {"projectId": paid.id, "pendingId": asked[0]}


async def test_a_run_that_outlasts_its_wait_is_read_in_the_reasons_of_its_decisions(story, paid):
    """Same place: what a run brought is told by explain_decision, not by the project."""
    running = await story.call("run_optimizer", projectId=paid.id, platform="meta_ads", waitSeconds=0)

    done = await story.call("wait_for_job", **running["next"][0]["arguments"] | {"waitSeconds": 900})

    assert (done["status"], done["next"][0]["tool"]) == ("done", "explain_decision")


async def test_an_action_is_named_by_its_bare_uuid_too_and_shown_with_its_currency(story, paid):
    """Ids of the older pages are bare UUIDs; an amount is nothing without its currency."""
    pending = await _pending(story, paid)

    shown = await story.call("review_pending_action", projectId=paid.id, pendingId=pending.removeprefix("pa_"))
    done = await story.yes("review_pending_action", projectId=paid.id, pendingId=pending.removeprefix("pa_"))

    assert (shown["confirmation"]["items"][0]["id"], done["result"]["action"]["pendingId"]) == (pending, pending)
    assert shown["confirmation"]["items"][0]["facts"]["currency"] == "USD"


async def test_with_accounts_of_two_currencies_no_currency_is_guessed(story, paid):
    """Nothing of the queue says which account an action is on."""
    paid.account(currency="EUR", name="There")

    shown = await story.call("review_pending_action", projectId=paid.id, pendingId=await _pending(story, paid))

    assert shown["confirmation"]["items"][0]["facts"]["currency"] == "that of its ad account"


async def test_what_no_longer_waits_is_told_from_what_never_did(story, paid):
    """House rule: each refusal names the field and the way out."""
    pending = await _pending(story, paid)
    unknown = await story.call("review_pending_action", projectId=paid.id, pendingId="pa_00000000-0000-4000-8000-000000000000")
    await story.yes("review_pending_action", projectId=paid.id, pendingId=pending)
    approved = await story.call("review_pending_action", projectId=paid.id, pendingId=pending)

    for refused in (unknown, approved):
        assert refused["error"]["code"] == "NOT_FOUND"
        assert refused["error"]["details"]["issues"][0]["path"] == "pendingId"
        assert "explain_decision" in refused["error"]["message"]
    assert "is no action of this project" in unknown["error"]["message"]
    assert "is approved already" in approved["error"]["message"]
    assert approved["error"]["details"]["status"] == "approved"


async def test_what_waited_too_long_is_told_as_turned_down_or_lapsed(story, paid):
    """layers-api: ads/pending shows both as rejected; the log tells them apart, and explain_decision reads it."""
    pending = await _pending(story, paid)
    story.clock.advance(8 * DAY)

    late = await story.call("review_pending_action", projectId=paid.id, pendingId=pending)

    assert "lapsed unanswered" in late["error"]["message"]
    assert late["error"]["details"]["status"] == "rejected"
