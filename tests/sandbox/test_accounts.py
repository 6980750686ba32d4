"""Taking a customer's own account off its project, at the sandbox's edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def test_a_disconnected_account_posts_nothing_more_until_its_owner_consents_again(house):
    """Layers-api, DELETE social-accounts: queued posts canceled, upstream posts stay, 404 when already disconnected."""
    project = await house.project()
    account, other = await house.account(project), await house.account(project, "instagram")
    container = await house.content(project)
    await house.post(f"/v1/content/{container}/approve")
    (out,) = (await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]}))["scheduledPostIds"]
    house.wait(12)
    later = {
        "targets": [{"socialAccountId": account}, {"socialAccountId": other}],
        "scheduledFor": (house.clock.now() + timedelta(days=2)).isoformat(),
    }
    waits, stays = (await house.post(f"/v1/content/{container}/schedule", later))["scheduledPostIds"]

    gone = await house.call("DELETE", f"/v1/social-accounts/{account}", status=200)

    assert (gone["status"], gone["disconnectedReason"], gone["canceledScheduledPosts"]) == ("disconnected", "revoked_by_partner", 1)
    shown = [(await house.get(f"/v1/scheduled-posts/{post}"))["status"] for post in (out, waits, stays)]
    assert shown == ["published", "canceled", "queued"]
    await house.call("DELETE", f"/v1/social-accounts/{account}", status=404)
    await house.post(f"/v1/content/{container}/schedule", later, status=422)
    assert await house.account(project) == account
    await house.post(f"/v1/content/{container}/schedule", later)
    assert (await house.get(f"/v1/scheduled-posts/{waits}"))["status"] == "canceled"


async def test_a_leased_account_is_given_back_and_not_disconnected(house):
    """Layers-api, release of a leased account: 409 CONFLICT on the other endpoint; nobody else's account is there at all."""
    project = await house.project()
    asked = {"projectId": project.rpartition("/")[2], "count": 1, "niche": {"vertical": "Coffee"}}
    await house.post(f"{project}/leased-accounts/request", asked, status=201)
    house.wait(86_400)
    leased = (await house.get(f"{project}/leased-accounts"))["items"][0]["socialAccountId"]

    refused = await house.call("DELETE", f"/v1/social-accounts/{leased}", status=409)

    assert refused["error"]["code"] == "CONFLICT"
    assert (await house.get(f"{project}/social-accounts"))["items"][0]["status"] == "connected"
    await house.call("DELETE", "/v1/social-accounts/sa_nobody", status=404)
