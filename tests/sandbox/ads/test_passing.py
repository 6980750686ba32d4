"""Ticks: what the optimizer does as time passes, whoever looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.sandbox.ads import passing
from layers_mcp.sandbox.ads.making import next_tick
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio
AUTO = {"creative": "auto", "tactical": "auto", "structural": "auto"}
OFF = dict.fromkeys(AUTO, "off")
DAY = 86_400


async def decisions(paid) -> list[tuple[str, str, str]]:
    """What the optimizer did, as the log tells it: when, what, and what became of it."""
    return [(one["occurredAt"], one["eventType"], one["data"]["outcome"]) for one in await paid.log() if "outcome" in one["data"]]


async def _told(tmp_path, clock, house, paid_of, steps):
    """The optimizer's log after three weeks that were looked at in `steps`."""
    world = await World.open(tmp_path / f"{len(steps)}", wall=HandClock(clock.now()))
    mine = type(house)(world, world.wall)
    paid = paid_of(mine, await mine.project())
    account = paid.account()
    paid.campaign(account, authority=AUTO)
    paid.layer(target_cpa_cents=1500)
    paid.pool("Hook A", "Hook B", "Hook C")
    for step in steps:
        mine.wait(step * DAY)
        await paid.get("/ads/ads")
    told = await decisions(paid)
    metrics = await paid.get("/ads-metrics", groupBy="ad", metrics=["spend", "conversions"])
    await mine.client.aclose()
    await world.close()
    return told, [(one["name"], one["spend"], one["conversions"]) for one in metrics["series"]]


async def test_it_is_all_the_same_who_looks_and_when(tmp_path, clock, house, paid):
    """Design §8: reading changes nothing; the same seed gives the same weeks."""
    once = await _told(tmp_path, clock, house, type(paid), [21])
    often = await _told(tmp_path, clock, house, type(paid), [0.1, 0.4, 6, 0.01, 3.49, 5, 6])

    assert once == often
    assert {outcome for _, _, outcome in once[0]} == {"dispatched"}
    assert {at[11:] for at, _, _ in once[0]} <= {"00:00:00Z", "06:00:00Z", "12:00:00Z", "18:00:00Z"}


async def test_authority_decides_what_becomes_of_a_decision(house, paid):
    """layers-api: ads, authority: off denied, draft queued, auto dispatched."""
    account = paid.account()
    paid.campaign(account, name="Loose", authority=AUTO)
    paid.campaign(account, name="Asked")
    paid.campaign(account, name="Shut", authority=OFF)
    paid.layer(target_cpa_cents=600)

    house.wait(DAY)
    outcomes = {outcome for _, _, outcome in await decisions(paid)}
    waiting = await paid.get("/ads/meta/pending")
    paused = (await paid.get("/ads/ads", status="paused"))["items"]

    assert outcomes == {"dispatched", "pending", "denied"}
    assert (await paid.get("/ads/meta/pending/count"))["count"] == len(waiting["items"]) > 0
    assert paused
    asked = waiting["items"][0]
    assert asked["rationale"]
    assert asked["expiresAt"] > asked["createdAt"]
    assert {ad["campaignId"] for ad in paused} == {paused[0]["campaignId"]}


async def _one_pause(house, paid) -> dict:
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=600)
    house.wait(DAY)
    return (await paid.get("/ads/meta/pending", actionType="pause_ad"))["items"][0]


async def test_an_approved_action_goes_out_on_the_next_tick(house, paid):
    """layers-api: ads/pending/approve: dispatched on the next 6 h tick."""
    asked = await _one_pause(house, paid)
    path = f"{paid.project}/ads/meta/pending/{asked['pendingId']}"

    approved = await house.post(f"{path}/approve", {"comment": "Yes."})
    at_once = (await paid.get("/ads/ads", status="paused"))["items"]
    again = await house.post(f"{path}/approve", {}, status=409)
    house.wait(6 * 3600)
    (done,) = (await paid.get("/ads/meta/pending", status="dispatched"))["items"]

    assert (approved["status"], approved["dispatched"], approved["dispatchedAt"]) == ("approved", False, None)
    assert at_once == []
    assert again["error"]["details"]["status"] == "approved"
    assert done["dispatchedAt"][14:] == "00:00Z"
    assert [one["adId"] for one in (await paid.get("/ads/ads", status="paused"))["items"]] == [asked["entityId"]]


async def test_a_rejected_action_is_not_carried_out(house, paid):
    """layers-api: ads/pending/reject; the log names who decided."""
    asked = await _one_pause(house, paid)

    await house.post(f"{paid.project}/ads/meta/pending/{asked['pendingId']}/reject", {}, status=422)
    await house.post(f"{paid.project}/ads/meta/pending/{asked['pendingId']}/reject", {"reason": "It is our best."})
    house.wait(12 * 3600)

    assert (await paid.get("/ads/ads", status="paused"))["items"] == []
    assert [one["eventType"] for one in await paid.log() if one["actor"] == "partner_api"] == ["ads.pending.rejected"]
    assert (await paid.get("/ads/meta/pending", status="rejected"))["items"][0]["pendingId"] == asked["pendingId"]


async def test_what_nobody_decides_on_is_rejected_after_seven_days(house, paid):
    """layers-api: ads/pending: auto-reject after 7 days; the same is not asked again while it waits."""
    asked = await _one_pause(house, paid)

    house.wait(6 * DAY)
    waits = {one["pendingId"]: one["entityId"] for one in (await paid.get("/ads/meta/pending"))["items"]}
    house.wait(DAY)
    late = await house.post(f"{paid.project}/ads/meta/pending/{asked['pendingId']}/approve", {}, status=409)

    assert asked["pendingId"] in waits
    assert len(set(waits.values())) == len(waits)
    assert late["error"]["details"]["status"] == "rejected"


async def test_a_run_tells_what_became_of_each_question(house, paid):
    """layers-api: ads/pending: decided, dispatched, or rejected after 7 days; the log has each at its instant."""
    paid.pool("Fresh A", "Fresh B")
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=600)
    house.wait(DAY)
    first, second, third = (await paid.get("/ads/meta/pending"))["items"][:3]
    for one, verdict, words in ((first, "approve", {}), (second, "reject", {"reason": "No."})):
        await house.post(f"{paid.project}/ads/meta/pending/{one['pendingId']}/{verdict}", words)
    runs = {one["data"]["runId"] for one in await paid.log(eventType="ads.optimizer.run.completed")}

    async def outcomes() -> dict[str, str]:
        made = [one for run in runs for one in (await paid.get(f"/ads/optimizer/runs/{run}"))["decisions"]]
        return {one["pendingId"]: one["outcome"] for one in made if one.get("pendingId")}

    early = await outcomes()
    house.wait(7 * DAY)
    late = await outcomes()
    lapsed = {one["data"]["pendingId"]: one["occurredAt"] for one in await paid.log(eventType="ads.pending.expired")}

    ids = [one["pendingId"] for one in (first, second, third)]
    assert [early[one] for one in ids] == ["approved", "rejected", "pending"]
    assert [late[one] for one in ids] == ["dispatched", "rejected", "rejected"]
    assert lapsed[third["pendingId"]] == third["expiresAt"]
    assert not {ids[0], ids[1]} & set(lapsed)
    assert (await paid.get("/ads/meta/pending/count", status="rejected"))["count"] == len(lapsed) + 1


async def test_an_approval_that_can_be_kept_no_more_fails_with_its_reason(house, paid):
    """layers-api: ads/pending: dispatch_failed, dispatchFailureReason; nothing ever empties an ad set."""
    paid.campaign(paid.account(), hooks=("Hook 0", "Hook 1", "Hook 2"))
    paid.layer(target_cpa_cents=100)
    house.wait(DAY)
    for _ in range(8):
        for one in (await paid.get("/ads/meta/pending", actionType="pause_ad"))["items"]:
            await house.post(f"{paid.project}/ads/meta/pending/{one['pendingId']}/approve", {})
        house.wait(DAY)

    running = (await paid.get("/ads/ads", status="active"))["items"]
    failed = (await paid.get("/ads/meta/pending", status="dispatch_failed"))["items"]

    assert len(running) == 1
    assert all(one["dispatchFailureReason"] for one in failed)


async def test_a_dry_run_shows_what_would_be_done_and_does_nothing(house, paid):
    """layers-api: ads/optimizer/run, dryRun."""
    paid.campaign(paid.account(), authority=AUTO)
    layer = await paid.get("/ads/meta/defaults")
    paid.layer(target_cpa_cents=600, next_at=datetime(2027, 1, 1, tzinfo=UTC))
    body = {"layerId": layer["layerId"], "platform": "meta_ads"}

    dry = await house.post(f"{paid.project}/ads/optimizer/run", {**body, "dryRun": True}, status=202)
    early = await paid.get(f"/ads/optimizer/runs/{dry['runId']}")
    house.wait(600)
    shown = await paid.get(f"/ads/optimizer/runs/{dry['runId']}")
    untouched = (await paid.get("/ads/ads", status="paused"))["items"]
    real = await house.post(f"{paid.project}/ads/optimizer/run", body, status=202)
    house.wait(600)
    done = await paid.get(f"/ads/optimizer/runs/{real['runId']}")
    job = await house.get(f"/v1/jobs/{real['jobId']}")

    assert (early["status"], early["decisions"]) == ("running", [])
    assert {one["outcome"] for one in shown["decisions"]} == {"proposed", "held"}
    assert untouched == []
    assert "dispatched" in {one["outcome"] for one in done["decisions"]}
    assert (await paid.get("/ads/ads", status="paused"))["items"]
    assert (job["status"], job["result"]) == ("completed", {"runId": real["runId"]})
    await house.post(f"{paid.project}/ads/optimizer/run", {**body, "platform": "tiktok_ads"}, status=422)
    await house.post(f"{paid.project}/ads/optimizer/run", {**body, "layerId": "lyr_nobody"}, status=404)


async def test_bids_move_on_apple_and_nothing_is_paused_there(house, paid):
    """layers-api: optimizer: adjust bid; ads/ads: ASA has no ad-level object."""
    paid.campaign(paid.account("apple_ads"), name="Search", bid=180, authority=AUTO)
    paid.layer(target_cpa_cents=1)

    house.wait(10 * DAY)
    (adset,) = (await paid.get("/ads/adsets"))["items"]

    assert adset["bidAmountCents"] < 180
    assert {event for _, event, _ in await decisions(paid)} <= {"ads.update_bid", "ads.update_budget"}


async def test_a_denial_is_recorded_once_and_takes_nobodys_place(house, paid):
    """layers-api: ads, authority: off denies; safety-guardrails: the caps count actions."""
    account = paid.account()
    paid.campaign(account, name="Shut", hooks=tuple(f"Shut {place}" for place in range(8)), authority=OFF)
    paid.layer(target_cpa_cents=600)

    house.wait(5 * DAY)
    told = [one["data"] for one in await paid.log() if one["data"].get("outcome") == "denied"]
    runs = dict.fromkeys(one["runId"] for one in told)
    made = [one for run in runs for one in (await paid.get(f"/ads/optimizer/runs/{run}"))["decisions"] if one["outcome"] == "denied"]

    ads = [(one["adId"], one["state"]) for one in made if one.get("adId")]
    others = [(one["campaignId"], one.get("adsetId")) for one in made if not one.get("adId")]
    assert len(made) == len(told)
    assert len({name for name, _ in ads}) > 1
    assert all([state for other, state in ads[place + 1 :] if other == name][:1] != [state] for place, (name, state) in enumerate(ads))
    assert len(set(others)) == len(others)
    assert {one["blockedBy"] for one in made} == {"authority_axis_off"}
    assert (await paid.get("/ads/ads", status="paused"))["items"] == []


async def test_a_dry_run_keeps_no_hold_from_the_record(house, paid):
    """layers-api: ads/optimizer/run, dryRun: it does nothing, so the next tick records what it finds."""
    paid.campaign(paid.account())
    layer = await paid.get("/ads/meta/defaults")
    body = {"layerId": layer["layerId"], "platform": "meta_ads", "dryRun": True}

    dry = await house.post(f"{paid.project}/ads/optimizer/run", body, status=202)
    house.wait(600)
    shown = await paid.get(f"/ads/optimizer/runs/{dry['runId']}")
    house.wait(DAY / 4)
    runs = {one["data"]["runId"] for one in await paid.log(eventType="ads.optimizer.run.completed")} - {dry["runId"]}
    ticks = [one for run in runs for one in (await paid.get(f"/ads/optimizer/runs/{run}"))["decisions"]]

    held = {one["adId"] for one in shown["decisions"] if one["outcome"] == "held" and one.get("adId")}
    assert held
    assert held <= {one.get("adId") for one in ticks}


@pytest.mark.parametrize("how", ["canceled", "archived"])
async def test_a_run_that_never_runs_makes_its_layer_due_once_at_most(house, paid, monkeypatch, how):
    """Design §8: reading changes nothing; layers-api: concepts/jobs, cancel; DELETE /v1/projects/:id."""
    paid.campaign(paid.account())
    layer = await paid.get("/ads/meta/defaults")
    paid.layer(next_at=next_tick(paid.now() + timedelta(days=300)))
    run = await house.post(f"{paid.project}/ads/optimizer/run", {"layerId": layer["layerId"], "platform": "meta_ads"}, status=202)
    if how == "canceled":
        await house.post(f"/v1/jobs/{run['jobId']}/cancel", status=202)
    else:
        await house.call("DELETE", paid.project, {"reason": "gone"}, status=200)
    house.wait(3600)
    passed: list[str] = []
    once = passing._pass_layer
    monkeypatch.setattr(passing, "_pass_layer", lambda connection, layer, now: (passed.append(layer.id), once(connection, layer, now)))

    for _ in range(3):
        await house.get("/v1/whoami")

    assert len(passed) <= (how == "archived")
    assert (await paid.get(f"/ads/optimizer/runs/{run['runId']}"))["decisions"] == []
