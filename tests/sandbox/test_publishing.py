"""Accounts and posts."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from layers_mcp.database import writing
from layers_mcp.sandbox import tables

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]

SOON = "2026-04-18T20:00:00Z"


async def _ready(house):
    project = await house.project()
    return project, await house.account(project), f"/v1/content/{await house.content(project)}"


async def test_a_schedule_waits_for_the_approval_and_is_then_kept(house):
    """layers-api: schedule-content; approve: pendingSchedulePromotion."""
    project, account, content = await _ready(house)
    asked = {"targets": [{"socialAccountId": account}], "scheduledFor": SOON}

    blocked = await house.post(f"{content}/schedule", asked, status=202)
    before = await house.get(f"{project}/scheduled-posts")
    decision = await house.post(f"{content}/approve")

    (post,) = (await house.get(f"{project}/scheduled-posts"))["items"]
    assert blocked == {"scheduledPostIds": [], "gateStatus": "blocked_on_approval", "scheduledFor": SOON}
    assert before["items"] == []
    assert decision["pendingSchedulePromotion"] == {"status": "ok", "scheduledPostIds": [post["id"]]}
    assert (post["status"], post["scheduledFor"]) == ("queued", SOON)


async def test_a_schedule_whose_hour_is_past_is_not_kept(house):
    """layers-api: approve: the approval stands, the promotion failed."""
    project, account, content = await _ready(house)
    await house.post(f"{content}/schedule", {"targets": [{"socialAccountId": account}], "scheduledFor": SOON}, status=202)
    house.world.advance(86_400)

    decision = await house.post(f"{content}/approve")

    assert (decision["approvalStatus"], decision["pendingSchedulePromotion"]["status"]) == ("approved", "failed")
    assert (await house.get(f"{project}/scheduled-posts"))["items"] == []


async def test_publishing_now_needs_the_approval_and_keeps_nothing(house):
    """Seed 004, step 7; layers-api: publish."""
    project, account, content = await _ready(house)
    asked = {"targets": [{"socialAccountId": account, "mode": "publish"}]}

    refused = await house.post(f"{content}/publish", asked, status=403)
    decision = await house.post(f"{content}/approve")
    out = await house.post(f"{content}/publish", asked)
    house.wait(5)
    during = await house.get(f"/v1/scheduled-posts/{out['scheduledPostIds'][0]}")

    assert refused["error"]["code"] == "APPROVAL_REQUIRED"
    assert refused["error"]["details"]["approvalStatus"] == "pending"
    assert "pendingSchedulePromotion" not in decision
    assert (during["status"], during["mode"], during["publishedAt"]) == ("publishing", "direct_publish", None)
    assert (await house.get(f"{project}/scheduled-posts?status=publishing&status=queued"))["items"] == [during]


async def test_content_without_media_is_not_published(house):
    """A world from before media were drawn holds approved content that has none."""
    _, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    with writing(house.world.engine) as connection:
        connection.execute(update(tables.containers).values(media=[]))

    refused = await house.post(f"{content}/publish", {"targets": [{"socialAccountId": account}]}, status=409)

    assert refused["error"]["code"] == "CONFLICT"
    assert "has no media; generate it again" in refused["error"]["message"]


async def test_rejected_content_never_goes_out(house):
    """layers-api: CONTENT_REJECTED everywhere."""
    _, account, content = await _ready(house)
    await house.post(f"{content}/reject", {"reason": "Off brand"})
    targets = [{"socialAccountId": account}]

    for path, body in (("schedule", {"targets": targets, "scheduledFor": SOON}), ("publish", {"targets": targets})):
        assert (await house.post(f"{content}/{path}", body, status=409))["error"]["code"] == "CONTENT_REJECTED"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ({"socialAccountId": "sa_nope"}, "targets.1.socialAccountId"),
        ({"mode": "reels"}, "targets.1.mode"),
        ({"shareReelToFeed": True}, "targets.1.shareReelToFeed"),
        ({"captionOverride": "x" * 4001}, "targets.1.captionOverride"),
        ({"tiktokMusic": {}}, "targets.1.tiktokMusic"),
    ],
)
async def test_one_wrong_target_stops_all_of_them(house, target, path):
    """layers-api: schedule: every target validated before any write."""
    project, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    targets = [{"socialAccountId": account}, {"socialAccountId": account, **target}]

    refused = await house.post(f"{content}/schedule", {"targets": targets, "scheduledFor": SOON}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == path
    assert (await house.get(f"{project}/scheduled-posts"))["items"] == []


async def test_the_past_is_forgiven_for_half_a_minute(house):
    """layers-api: schedule: about 30 s of clock skew."""
    _, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    asked = {"targets": [{"socialAccountId": account}]}
    house.world.set_clock(at=house.world.now().replace(hour=19, minute=0, second=30))

    kept = await house.post(f"{content}/schedule", asked | {"scheduledFor": "2026-04-18T19:00:00Z"})
    refused = await house.post(f"{content}/schedule", asked | {"scheduledFor": "2026-04-18T18:59:59.999Z"}, status=422)
    far = await house.post(f"{content}/schedule", asked | {"scheduledFor": "9999-12-31T23:59:59Z"}, status=422)
    odd = await house.post(f"{content}/schedule", asked | {"scheduledFor": "0001-01-01T00:00:00+14:00"}, status=422)

    assert (await house.get(f"/v1/scheduled-posts/{kept['scheduledPostIds'][0]}"))["status"] == "publishing"
    assert {one["error"]["details"]["issues"][0]["path"] for one in (refused, far, odd)} == {"scheduledFor"}


async def test_a_queued_post_moves_and_is_canceled_once(house):
    """layers-api: reschedule; DELETE /v1/scheduled-posts/:scheduledPostId."""
    _, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    post = (await house.post(f"{content}/schedule", {"targets": [{"socialAccountId": account}], "scheduledFor": SOON}))["scheduledPostIds"][
        0
    ]
    path = f"/v1/scheduled-posts/{post}"

    moved = await house.post(f"{path}/reschedule", {"scheduledFor": "2026-04-18T23:00:00+02:00"})
    canceled = await house.call("DELETE", path, {"reason": "Changed my mind"}, status=200)
    again = await house.call("DELETE", path, status=409)
    late = await house.post(f"{path}/reschedule", {"scheduledFor": SOON}, status=409)

    assert (moved["status"], moved["scheduledFor"]) == ("queued", "2026-04-18T21:00:00Z")
    assert (canceled["status"], (await house.get(path))["status"]) == ("canceled", "canceled")
    assert again["error"]["details"]["status"] == late["error"]["details"]["status"] == "canceled"
    await house.get("/v1/scheduled-posts/sp_nope", status=404)


async def test_posts_are_listed_by_their_hour(house):
    """layers-api: GET …/scheduled-posts: scheduledFor desc, since and until inclusive."""
    project, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    for hour in (20, 22, 21):
        await house.post(f"{content}/schedule", {"targets": [{"socialAccountId": account}], "scheduledFor": f"2026-04-18T{hour}:00:00Z"})

    async def hours(query: str) -> list[str]:
        return [item["scheduledFor"][11:13] for item in (await house.get(f"{project}/scheduled-posts?{query}"))["items"]]

    assert await hours("") == ["22", "21", "20"]
    assert await hours("since=2026-04-18T21:00:00Z&until=2026-04-18T21:00:00Z") == ["21"]
    assert await hours("socialAccountId=sa_nope") == []
    assert await hours("status=published") == []


async def test_a_draft_ends_in_the_inbox_and_is_not_published(house):
    """layers-api: publishing: status draft, terminal; delivered as a draft, so nothing is out."""
    project, account, content = await _ready(house)
    await house.post(f"{content}/approve")
    targets = [{"socialAccountId": account, "mode": "draft"}]
    out = await house.post(f"{content}/publish", {"targets": targets})
    path = f"/v1/scheduled-posts/{out['scheduledPostIds'][0]}"
    house.wait(12)

    post = await house.get(path)

    assert (post["status"], post["externalId"], post["externalUrl"], post["publishedAt"]) == ("draft", None, None, None)
    assert post["attemptedAt"] == out["scheduledFor"]
    assert (await house.get(f"{project}/scheduled-posts?status=draft"))["items"] == [post]
    assert (await house.call("DELETE", path, status=409))["error"]["details"]["status"] == "draft"
