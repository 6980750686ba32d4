"""The review policy: which content waits for a person's decision."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from layers_mcp.contract import review
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.review import GetReviewPolicy, ReviewPolicy, SetReviewPolicy
from layers_mcp.contract.scalars import Id
from layers_mcp.tool.call import Call
from layers_mcp.tool.declaration import Control, Effect, Look, tool
from layers_mcp.tool.outcome import Next, Outcome, Shown, ShownItem, View

__all__ = ["update_review_policy"]


class UpdateReviewPolicyArguments(Control):
    """Arguments of update_review_policy."""

    project_id: Id = Field(description="The project.")
    policy: Literal["auto_approve", "review_first_n", "review_all"] = Field(description="auto_approve lets everything out unseen.")
    first_n: int | None = Field(default=None, ge=1, le=50, description="With review_first_n: how many are decided on first.")


class PolicyNow(View):
    """The policy as it stands after the call."""

    policy: ReviewPolicy


def _in_words(policy: str, first_n: int | None) -> str:
    if policy == "review_all":
        return "every post waits for a decision"
    if policy == "review_first_n":
        return f"the first {first_n} posts wait for a decision, later ones go out without one"
    return "no post waits for a decision"


async def show_policy(request: UpdateReviewPolicyArguments, call: Call) -> Shown:
    """The policy as it is and as it would be, in words.

    Raises:
        Invalid: `firstN` is missing beside review_first_n, or given beside another policy.
    """
    if (request.policy == "review_first_n") != (request.first_n is not None):
        issue: JsonValue = {"path": "firstN", "message": "goes with review_first_n, and only with it"}
        raise Invalid("update_review_policy got arguments that don't fit together", details={"issues": [issue]})
    now = await call.layers.send(review.GET_POLICY, GetReviewPolicy(project_id=request.project_id))
    before, after = _in_words(now.policy, now.first_n), _in_words(request.policy, request.first_n)
    item = ShownItem(id=now.project_id, before=before, after=after, facts={"pendingNow": now.pending_count})
    return Shown(question=f"Change the review policy of project {now.project_id}, so that {after}? Now {before}.", items=(item,))


@tool(
    calls=(review.GET_POLICY, review.SET_POLICY),
    effect=Effect.SPEAKS,
    ask=show_policy,
    look=lambda request: Look("get_project", {"projectId": request.project_id}),
    sets=lambda _: True,
)
async def update_review_policy(request: UpdateReviewPolicyArguments, call: Call) -> Outcome[PolicyNow]:
    """Change which content of a project waits for a decision. Without confirm it only shows what would change and a handle.

    Use it only when the user asks for it: the policy is what stands between generated content and an audience.
    """
    fields: dict[str, object] = {"project_id": request.project_id, "policy": request.policy}
    if request.first_n is not None:
        fields["first_n"] = request.first_n
    policy = await call.layers.send(review.SET_POLICY, SetReviewPolicy.model_validate(fields), key=call.key)
    step = Next(tool="list_content", arguments={"projectId": request.project_id, "approvalStatus": "pending"}, why="See what waits now.")
    say = f"Project {request.project_id}: {_in_words(policy.policy, policy.first_n)}."
    return Outcome(say=say, result=PolicyNow(policy=policy), next=(step,))
