"""What stands between generated content and an audience changes only with a yes."""

from __future__ import annotations

import pytest

from layers_mcp.contract import review
from layers_mcp.contract.review import GetReviewPolicy

pytestmark = pytest.mark.anyio


async def policy(story, project):
    """The policy, read back past every tool."""
    return await story.layers.send(review.GET_POLICY, GetReviewPolicy(project_id=project))


@pytest.mark.parametrize("wrong", ["", "true", "cf_" + "a" * 32])
async def test_without_a_handle_the_policy_stays(story, wrong):
    """Issue 3: a review-policy change is a control action."""
    project = await story.project()

    asked = await story.call("update_review_policy", projectId=project, policy="auto_approve", confirm=wrong)

    assert asked["status"] == "confirmation_required"
    assert "no post waits for a decision" in asked["confirmation"]["question"]
    assert asked["confirmation"]["items"][0]["before"].startswith("the first 3 posts wait")
    assert (await policy(story, project)).policy == "review_first_n"


async def test_with_its_handle_the_policy_changes_once(story):
    """Issue 3; the new policy decides about what is generated next."""
    project = await story.project()

    done = await story.yes("update_review_policy", projectId=project, policy="auto_approve")
    made = await story.call("generate_content", projectId=project, format="slideshow_remix", waitSeconds=900)

    assert done["result"]["policy"]["policy"] == "auto_approve"
    assert made["result"]["containers"][0]["approvalStatus"] == "not_required"


async def test_a_yes_does_not_count_when_somebody_else_changed_it_meanwhile(story):
    """Design §5.2: what was shown as the present is no longer so."""
    project = await story.project()
    handle = await story.handle("update_review_policy", projectId=project, policy="auto_approve")
    await story.yes("update_review_policy", projectId=project, policy="review_all")

    asked = await story.call("update_review_policy", projectId=project, policy="auto_approve", confirm=handle)

    assert "has changed" in asked["confirmation"]["because"]
    assert (await policy(story, project)).policy == "review_all"


@pytest.mark.parametrize(
    "wrong", [{"policy": "review_first_n"}, {"policy": "review_all", "firstN": 3}, {"policy": "review_first_n", "firstN": 51}]
)
async def test_a_policy_that_does_not_fit_together_is_refused_by_field(story, wrong):
    """Layers-api: firstN goes with review_first_n, 1 to 50."""
    answer = await story.result("update_review_policy", projectId=await story.project(), **wrong)

    assert [issue["path"] for issue in answer.record["error"]["details"]["issues"]] == ["firstN"]
