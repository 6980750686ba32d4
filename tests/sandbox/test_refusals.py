"""Posts that a platform refuses: issue 3, "Posts can fail"; seed 004, step 10."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox.faults import Fault

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]

DAY_S = 86_400


async def _ready(house, platform="tiktok", **content):
    """A project, its account, and the path of approved content."""
    project = await house.project()
    account = await house.account(project, platform)
    path = f"/v1/content/{await house.content(project, **content)}"
    await house.post(f"{path}/approve")
    return project, account, path


async def _scheduled(house, content, account, *, days=0.0, seconds=60.0, **target):
    at = house.world.now() + timedelta(days=days, seconds=seconds)
    asked = {"targets": [{"socialAccountId": account, **target}], "scheduledFor": wire_time(at)}
    return f"/v1/scheduled-posts/{(await house.post(f'{content}/schedule', asked))['scheduledPostIds'][0]}"


async def _ended(house, post):
    house.world.advance(180)
    return await house.get(post)


async def test_a_post_after_the_tokens_end_fails_and_stays_failed_when_the_account_is_connected_again(house):
    """Seed 004, step 10: expired token; layers-api: CREDENTIAL_INVALID."""
    project, account, content = await _ready(house)
    before = await _scheduled(house, content, account, days=59)
    after = await _scheduled(house, content, account, days=61)
    house.world.advance(61 * DAY_S)
    house.world.advance(300)
    failed = await house.get(after)
    assert await house.account(project) == account
    again = await _ended(house, await _scheduled(house, content, account))

    assert (await house.get(before))["status"] == "published"
    assert (failed["status"], failed["publishedAt"], failed["externalUrl"]) == ("failed", None, None)
    assert failed["lastError"] == {
        "code": "CREDENTIAL_INVALID",
        "message": "the account's token is not valid any more; its owner has to connect it again",
        "platformCode": "access_token_invalid",
    }
    assert failed["attemptedAt"] == failed["scheduledFor"]
    assert again["status"] == "published"
    assert await house.get(after) == failed


async def test_the_sixteenth_post_of_a_day_is_one_too_many_and_the_next_day_has_room(house):
    """Seed 004, step 10: rate-limited by the platform."""
    _, account, content = await _ready(house)
    posts = [await _scheduled(house, content, account, seconds=60.0 * number) for number in range(1, 18)]
    await house.call("DELETE", posts[0], status=200)
    tomorrow = await _scheduled(house, content, account, days=1, seconds=3600)
    house.world.advance(DAY_S)

    ended = [await house.get(post) for post in posts]

    assert [post["status"] for post in ended] == ["canceled"] + ["published"] * 15 + ["failed"]
    assert (ended[-1]["lastError"]["code"], ended[-1]["lastError"]["platformCode"]) == ("RATE_LIMITED", "spam_risk_too_many_posts")
    house.world.advance(3700)
    assert (await house.get(tomorrow))["status"] == "published"


async def test_what_the_platform_refused_uses_nothing_of_its_day_up(house):
    """Meta, content publishing limit: it counts what was published; a refused post is none."""
    _, account, content = await _ready(house)
    bad = [await _scheduled(house, content, account, seconds=60.0 * number, captionOverride="x" * 2201) for number in range(1, 16)]
    good = await _scheduled(house, content, account, seconds=3600)
    house.world.advance(2 * 3600)

    assert (await house.get(good))["status"] == "published"
    assert {(await house.get(post))["status"] for post in bad} == {"failed"}


@pytest.mark.parametrize(
    ("target", "format_", "code"),
    [
        ({"captionOverride": "x" * 2201}, "auto", "2207010"),
        ({"mode": "reels"}, "slideshow_remix", "2207023"),
    ],
)
async def test_what_breaks_a_rule_of_the_platform_is_rejected_when_it_goes_out(house, target, format_, code):
    """Seed 004, step 10: media rejected; the API itself takes 4,000 characters."""
    project, account, content = await _ready(house, "instagram", format=format_)

    bad = await _ended(house, await _scheduled(house, content, account, **target))
    good = await _ended(house, await _scheduled(house, content, account, captionOverride="x" * 2200))

    assert (bad["status"], bad["lastError"]["code"], bad["lastError"]["platformCode"]) == ("failed", "PLATFORM_REJECTED", code)
    assert good["status"] == "published"
    assert (await house.get(f"{project}/scheduled-posts?status=failed"))["items"] == [bad]


async def test_scripted_trouble_takes_the_token_or_fails_the_one_post(house):
    """Design §8: trouble is scripted: failed with a given code."""
    project, account, content = await _ready(house)
    ends = {}
    next_one = await _scheduled(house, content, account, seconds=600)
    for code in ("PLATFORM_REJECTED", "SOMETHING_NEW", "CREDENTIAL_INVALID"):
        house.world.script(Fault(path="/v1/content/{containerId}/schedule", job_error=code))
        ends[code] = (await _ended(house, await _scheduled(house, content, account)))["lastError"]
    refused = await house.post(f"{content}/publish", {"targets": [{"socialAccountId": account}]}, status=422)
    next_one = await _ended(house, next_one)
    await house.account(project)
    mended = await _ended(house, await _scheduled(house, content, account))

    assert ends["PLATFORM_REJECTED"]["platformCode"] == "file_format_check_failed"
    assert ends["SOMETHING_NEW"] == {"code": "SOMETHING_NEW", "message": "tiktok refused the post"}
    assert ends["CREDENTIAL_INVALID"] == next_one["lastError"]
    assert next_one["lastError"]["code"] == "CREDENTIAL_INVALID"
    assert refused["error"]["details"]["issues"][0]["path"] == "targets.0.socialAccountId"
    assert mended["status"] == "published"
