"""The guide of seed 004, from an empty world to a published post."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]

PROJECT = {"name": "Quinns Coffee Co", "customerExternalId": "quinn-coffee-001", "timezone": "America/Los_Angeles", "primaryLanguage": "en"}
BRIEF = {"hook": "Your cafe, skip the line.", "cta": "Download Quinns Coffee", "targetPlatforms": ["tiktok", "instagram"]}


async def test_a_created_project_prints_what_the_seed_prints(house):
    """Seed 004, step 1."""
    made = await house.post("/v1/projects", PROJECT, status=201)

    now = "2026-04-18T17:22:14Z"
    assert made == PROJECT | {
        "id": made["id"],
        "organizationId": made["organizationId"],
        "status": "active",
        "ownerEmail": None,
        "brand": None,
        "brandContext": None,
        "ingestState": {"github": None, "website": None, "appstore": None},
        "requiresApproval": False,
        "firstNPostsBlocked": None,
        "currentBlockedCount": 0,
        "metadata": None,
        "createdAt": now,
        "updatedAt": now,
    }


async def test_an_ingest_reveals_what_the_seed_prints(house):
    """Seed 004, steps 2 to 5."""
    project = await house.project()
    installed = await house.installation()

    job = await house.ingest(project, branch="main", sdkConfig={"includePlatforms": ["ios", "web"]})

    assert installed["githubAccount"] == {"login": "quinns-coffee", "type": "Organization"}
    assert (job["status"], job["stage"], job["progress"]) == ("completed", "finalizing", 1)
    assert job["result"]["prUrl"] == "https://github.com/quinns-coffee/quinns-app/pull/142"
    assert job["result"]["brandContext"]["tagline"] == "Your cafe, skip the line."
    assert job["result"]["platforms"] == ["ios", "web"]
    shown = await house.get(project)
    assert shown["brandContext"] == job["result"]["brandContext"]
    assert shown["approvalPolicy"] == {"requiresApproval": True, "firstNPostsBlocked": 3, "currentBlockedCount": 0}
    assert [layer["kind"] for layer in shown["layers"]] == ["content", "distribution", "distribution"]
    (ambassador,) = (await house.get(f"{project}/influencers"))["items"]
    assert ambassador["status"] == "ready"
    assert await house.get(f"/v1/influencers/{ambassador['influencerId']}") == ambassador


async def test_a_post_goes_from_brief_to_published(house):
    """Seed 004, steps 6 to 10."""
    project = await house.project()
    started = await house.post(f"{project}/content", {"format": "auto", "variantCount": 1, "brief": BRIEF}, status=202)
    await house.world.work_done()
    house.wait(135)
    path = f"/v1/content/{started['containerIds'][0]}"
    shown = await house.get(path)
    account = await house.account(project)
    decision = await house.post(f"{path}/approve", {"note": "Matches brief"})
    targets = [{"socialAccountId": account, "mode": "direct_publish"}]
    scheduled = await house.post(f"{path}/schedule", {"targets": targets, "scheduledFor": "2026-04-18T22:00:00Z"})
    before = await house.get(f"/v1/scheduled-posts/{scheduled['scheduledPostIds'][0]}")

    house.world.advance(5 * 3600)
    post = await house.get(f"/v1/scheduled-posts/{scheduled['scheduledPostIds'][0]}")

    assert (started["status"], started["format"]) == ("running", "video_remix")
    assert (shown["approvalStatus"], shown["hook"]) == ("pending", BRIEF["hook"])
    assert [caption["platform"] for caption in shown["captionVariants"]] == ["tiktok", "instagram"]
    assert [(media["kind"], media["durationMs"]) for media in shown["mediaAssets"]] == [("video", 9000)]
    assert decision["approvalStatus"] == "approved"
    assert scheduled["gateStatus"] == "queued"
    assert before["status"] == "queued"
    assert (post["status"], post["publishedAt"]) == ("published", "2026-04-18T22:00:11.412Z")
    assert post["externalUrl"] == f"https://www.tiktok.com/@quinnscoffee/video/{post['externalId']}"
