"""A post that failed is told with its cause and the call that mends it: issue 3, "Posts can fail"."""

from __future__ import annotations

import pytest

from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
RETURN = "https://app.your-partner.com/done"


async def _failed(story, code):
    """A post on a connected account that the platform refuses with `code`: its project, container, account and what the wait told."""
    project = await story.project()
    account = await story.account(project)
    container = await story.approved(project)
    story.world.script(Fault(path="/v1/content/{containerId}/schedule", job_error=code))
    targets = [{"socialAccountId": account}]
    queued = await story.yes("schedule_content", containerId=container, scheduledFor=story.at(minutes=5), targets=targets)
    post = queued["result"]["schedule"]["scheduledPostIds"][0]
    return project, container, account, await story.call("wait_for_job", scheduledPostId=post, waitSeconds=900)


async def test_an_expired_token_is_mended_by_connecting_again_and_posting_again(story):
    """Seed 004, step 10: expired token."""
    project, container, account, told = await _failed(story, "CREDENTIAL_INVALID")
    connect, post = told["next"]

    assert told["status"] == "failed"
    assert told["summary"].endswith("is failed: the account's token is no longer valid (CREDENTIAL_INVALID).")
    assert told["result"]["post"]["lastError"]["platformCode"] == "access_token_invalid"
    renewed = {"projectId": project, "platform": "tiktok", "socialAccountId": account}
    assert (connect["tool"], connect["arguments"]) == ("connect_account", renewed)
    assert "Add returnUrl" in connect["why"]
    await story.press(await story.call("connect_account", **renewed, returnUrl=RETURN))
    mended = await story.yes(post["tool"], **post["arguments"])
    (again,) = mended["result"]["schedule"]["scheduledPostIds"]
    assert (await story.call("wait_for_job", scheduledPostId=again, waitSeconds=900))["result"]["post"]["status"] == "published"
    assert mended["result"]["containerId"] == container


async def test_a_rate_limit_of_the_platform_is_mended_by_another_day(story):
    """Seed 004, step 10: rate-limited by the platform."""
    *_, told = await _failed(story, "RATE_LIMITED")
    (later,) = told["next"]

    assert "(RATE_LIMITED)" in told["summary"]
    preview = await story.call(later["tool"], **later["arguments"])
    assert preview["status"] == "confirmation_required"
    assert "in 23 h 59 m" in preview["confirmation"]["question"] or "in 1 d" in preview["confirmation"]["question"]


@pytest.mark.parametrize("code", ["PLATFORM_REJECTED", "SOMETHING_NEW"])
async def test_rejected_media_are_looked_at_first(story, code):
    """Seed 004, step 10: media rejected; codes may be new."""
    _, container, _, told = await _failed(story, code)
    look, again = told["next"]

    assert code in told["summary"]
    assert (look["tool"], look["arguments"]) == ("list_content", {"containerId": container})
    assert (await story.call(again["tool"], **again["arguments"]))["status"] == "confirmation_required"
