"""Leased accounts and the auto-pilot at the sandbox's edge."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from layers_mcp.sandbox.faults import Fault
from layers_mcp.sandbox.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]
DAY_S = 86_400
NICHE = {"vertical": "Specialty coffee", "audience": "Commuters", "language": "en-US", "geo": ["US"]}


async def _request(house, project, count=2, **more):
    asked = {"projectId": project.rpartition("/")[2], "count": count, "niche": NICHE, **more}
    return await house.post(f"{project}/leased-accounts/request", asked, status=201)


async def test_accounts_are_leased_by_people_within_two_days_and_then_are_like_any_other(house):
    """Layers-api, leased accounts: asked for by niche, assigned by hand, `leased: true`, $150 a month from the assignment on."""
    project = await house.project()
    await house.account(project)
    asked = await _request(house, project, note="Warm, please.")
    path = f"{project}/leased-accounts/requests/{asked['requestId']}"
    before = await house.get(path)
    none = await house.get(f"{project}/leased-accounts")
    house.wait(2 * DAY_S)

    assigned = await house.get(path)
    leased = (await house.get(f"{project}/leased-accounts"))["items"]
    accounts = (await house.get(f"{project}/social-accounts?leased=true"))["items"]

    assert (asked["status"], before["status"], none["items"]) == ("requested", "requested", [])
    assert asked["requestId"].startswith("lreq_")
    assert (assigned["status"], assigned["assignedAt"]) == ("assigned", "2026-04-19T17:22:14Z")
    assert assigned["assignedSocialAccountIds"] == sorted(
        (one["socialAccountId"] for one in leased), key=assigned["assignedSocialAccountIds"].index
    )
    assert {one["handle"] for one in leased} == {"specialty_coffee_daily_1", "specialty_coffee_daily_2"}
    assert {(one["status"], one["monthlyPriceCents"], one["nextRenewalAt"]) for one in leased} == {
        ("assigned", 15_000, "2026-05-19T17:22:14Z")
    }
    assert all(one["followers"] > 0 for one in leased)
    assert [(one["leased"], one["status"], one["tokenExpiresAt"]) for one in accounts] == [(True, "connected", None)] * 2
    assert len((await house.get(f"{project}/social-accounts?leased=false"))["items"]) == 1


async def test_posts_go_out_on_leased_accounts_and_a_release_cancels_those_that_wait(house):
    """Layers-api, release: immediate, queued posts canceled; the account is disconnected, and a second release finds none."""
    project = await house.project()
    asked = await _request(house, project)
    house.wait(DAY_S)
    one, other = (await house.get(f"{project}/leased-accounts/requests/{asked['requestId']}"))["assignedSocialAccountIds"]
    container = await house.content(project)
    await house.post(f"/v1/content/{container}/approve")
    out = await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": one}, {"socialAccountId": other}]})
    house.wait(12)
    later = {"targets": [{"socialAccountId": one}], "scheduledFor": (house.clock.now() + timedelta(days=2)).isoformat()}
    waits = (await house.post(f"/v1/content/{container}/schedule", later))["scheduledPostIds"][0]

    released = await house.call("DELETE", f"/v1/leased-accounts/{one}", {"reason": "Enough."}, status=200)

    assert (released["status"], released["disconnectedReason"]) == ("disconnected", "released_by_partner")
    assert [(await house.get(f"/v1/scheduled-posts/{post}"))["status"] for post in out["scheduledPostIds"]] == ["published", "published"]
    assert (await house.get(f"/v1/scheduled-posts/{waits}"))["status"] == "canceled"
    assert [gone["socialAccountId"] for gone in (await house.get(f"{project}/leased-accounts?status=disconnected"))["items"]] == [one]
    assert [left["socialAccountId"] for left in (await house.get(f"{project}/leased-accounts"))["items"]] == [other]
    assert (await house.get(f"{project}/social-accounts?status=disconnected"))["items"][0]["socialAccountId"] == one
    await house.post(f"/v1/content/{container}/schedule", later, status=422)
    await house.call("DELETE", f"/v1/leased-accounts/{one}", status=404)


async def test_an_account_of_the_customers_own_is_not_released_and_a_leased_one_is_not_consented_to(house):
    """Layers-api: release is for leased accounts; a leased account has no owner to ask."""
    project = await house.project()
    own = await house.account(project)
    asked = await _request(house, project, count=1)
    house.wait(DAY_S)
    (leased,) = (await house.get(f"{project}/leased-accounts/requests/{asked['requestId']}"))["assignedSocialAccountIds"]

    await house.call("DELETE", f"/v1/leased-accounts/{own}", status=404)
    again = {"socialAccountId": leased, "returnUrl": "https://app.your-partner.com/done"}
    await house.post(f"{project}/social/reauth-url", again, status=422)
    assert await house.account(project) == own


@pytest.mark.parametrize(
    ("trouble", "count", "status", "many"),
    [("LEASE_PARTIAL", 5, "partial", 2), ("NO_CAPACITY", 5, "rejected", 0), ("LEASE_PARTIAL", 1, "rejected", 0)],
)
async def test_people_may_assign_fewer_or_none(house, trouble, count, status, many):
    """Layers-api: partial fulfilment, status partial; rejected."""
    project = await house.project()
    house.world.script(Fault(method="POST", path="/v1/projects/{projectId}/leased-accounts/request", job_error=trouble))
    asked = await _request(house, project, count)
    house.wait(DAY_S)

    found = await house.get(f"{project}/leased-accounts/requests/{asked['requestId']}")

    assert (found["status"], len(found["assignedSocialAccountIds"])) == (status, many)
    assert (found["note"] is not None, found["assignedAt"] is not None) == (status == "rejected", many > 0)


async def test_the_outcome_of_a_lease_is_told(tmp_path, clock, house):
    """Seed 000: lease_request.assigned, "Leased-account request fulfilled"; layers-api: lease_request.rejected, social_account.revoked."""
    bodies = []

    async def send(url, headers, body):
        bodies.append(body)
        return 200

    world = await World.open(tmp_path / "told", wall=clock, send=send)
    other = type(house)(world, clock)
    asked = {"url": "https://example.com/h", "events": ["lease_request.assigned", "lease_request.rejected", "social_account.revoked"]}
    await other.post("/v1/webhook-endpoints", asked, status=201)
    project = await other.project()
    first = await _request(other, project, requestId="mine-1")
    await other.post(f"{project}/leased-accounts/request", {"count": 1, "niche": NICHE, "requestId": "mine-1"}, status=409)
    other.wait(DAY_S)
    await world.told()
    (_, leased) = (await other.get(f"{project}/leased-accounts/requests/mine-1"))["assignedSocialAccountIds"]
    await other.call("DELETE", f"/v1/leased-accounts/{leased}", status=200)
    world.script(Fault(method="POST", path="/v1/projects/{projectId}/leased-accounts/request", job_error="NO_CAPACITY"))
    await _request(other, project)
    other.wait(DAY_S)
    await world.told()
    await other.client.aclose()
    await world.close()

    said = [json.loads(body) for body in bodies]
    assert [one["type"] for one in said] == ["lease_request.assigned", "social_account.revoked", "lease_request.rejected"]
    assert said[0]["data"]["requestId"] == first["requestId"] == "mine-1"
    assert len(said[0]["data"]["assignedSocialAccountIds"]) == 2
    assert said[1]["data"]["disconnectedReason"] == "released_by_partner"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"count": 0}, "count"),
        ({"count": 51}, "count"),
        ({"niche": {}}, "niche.vertical"),
        ({"niche": {"vertical": "x", "geo": ["usa"]}}, "niche.geo.0"),
        ({"note": "x" * 2001}, "note"),
        ({"projectId": "prj_other"}, "projectId"),
    ],
)
async def test_a_request_out_of_bounds_is_refused(house, wrong, path):
    """Layers-api: count 1 to 50, niche.vertical required, note up to 2000, projectId as in the path."""
    project = await house.project()

    refused = await house.post(f"{project}/leased-accounts/request", {"count": 1, "niche": NICHE, **wrong}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_engagement_is_off_until_somebody_sets_it_and_changes_field_by_field(house):
    """Layers-api, reference/engagement: the printed default; PATCH is partial, deep for each block."""
    project = await house.project()
    off = await house.get(f"{project}/engagement")

    await house.call(
        "PATCH",
        f"{project}/engagement",
        {"enabled": True, "firstComment": {"targets": ["tiktok"], "commentTemplate": "What is yours?", "strategy": "literal"}},
        status=200,
    )
    now = await house.call(
        "PATCH",
        f"{project}/engagement",
        {
            "firstComment": {"targets": ["tiktok", "instagram"]},
            "replyToComments": {"tone": "warm", "autoReplyDelay": "PT1H", "maxPerPostPerHour": 3},
        },
        status=200,
    )

    assert off == {
        "projectLayerId": off["projectLayerId"],
        "enabled": False,
        "firstComment": {"targets": [], "commentTemplate": ""},
        "replyToComments": {"targets": [], "autoReplyDelay": "PT3M"},
    }
    assert now["enabled"]
    assert now["firstComment"] == {"targets": ["tiktok", "instagram"], "commentTemplate": "What is yours?", "strategy": "literal"}
    assert now["replyToComments"] == {"targets": [], "autoReplyDelay": "PT1H", "tone": "warm", "maxPerPostPerHour": 3}
    assert await house.get(f"{project}/engagement") == now


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"enabled": None},
        {"projectLayerId": "pl_other", "enabled": True},
        {"firstComment": {"commentTemplate": ""}},
        {"firstComment": {"targets": ["youtube"]}},
        {"firstComment": {"strategy": None}},
        {"replyToComments": {"autoReplyDelay": "PT29S"}},
        {"replyToComments": {"autoReplyDelay": "PT1H1S"}},
        {"replyToComments": {"autoReplyDelay": "PT"}},
        {"replyToComments": {"autoReplyDelay": "3m"}},
        {"replyToComments": {"tone": "rude"}},
        {"replyToComments": {"maxPerPostPerHour": 0}},
    ],
)
async def test_engagement_out_of_bounds_is_refused_and_nothing_of_it_is_kept(house, wrong):
    """Layers-api, reference/engagement: bounds; no partial write."""
    project = await house.project()
    before = await house.get(f"{project}/engagement")

    refused = await house.call("PATCH", f"{project}/engagement", wrong, status=422)

    assert refused["error"]["code"] == "VALIDATION"
    assert await house.get(f"{project}/engagement") == before
