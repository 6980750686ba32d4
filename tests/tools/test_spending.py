"""Credits: quoted first, set aside before the request goes out, asked for over a budget, given back when nothing came of it."""

from __future__ import annotations

import pytest

from layers_mcp.contract import measurement
from layers_mcp.gate.handle import fingerprint
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
CLONE = "POST /v1/content/{containerId}/clone-from-post"
ORDINARY = (-1.0, -1.1, -1.2, -1.3, -1.4)
"""Qualities of five posts that no audience likes much."""
GENERATE = "POST /v1/projects/{projectId}/content"
ROUTE = {"method": "POST", "path": "/v1/projects/{projectId}/content"}
SLIDES = {"format": "slideshow_remix", "hook": "Skip the line."}
PRICE = 50
"""Of a slideshow (layers-api: credits)."""


async def test_a_quote_says_price_and_what_is_left_and_does_nothing(story):
    """Issue 5: quote before spending."""
    project = await story.project()
    wallet = (await story.call("generate_content", projectId=project, **SLIDES, quoteOnly=True))["cost"]["available"] + PRICE

    quote = await story.call("generate_content", projectId=project, **SLIDES, variantCount=2, quoteOnly=True)

    assert quote["status"] == "done"
    assert quote["cost"] == {
        "credits": 2 * PRICE,
        "available": wallet - 2 * PRICE,
        "spentToday": 0,
        "callLimit": 600,
        "leftToday": 3000,
        "leftInAll": 30_000,
        "needsYes": False,
    }
    assert "Nothing was done" in quote["summary"]
    assert GENERATE not in story.wire.rows
    assert story.spent(project) == 0


async def test_a_quote_of_what_makes_nothing_is_nothing(story):
    """An approval makes nothing; a rejection with a brief makes a container for each."""
    post = await story.post(await story.project())

    approval = await story.call("approve_content", containerIds=[post], quoteOnly=True)
    again = await story.call(
        "approve_content", containerIds=[post], decision="reject", regenerateBrief={"hook": "Quietly."}, quoteOnly=True
    )

    assert "no credits" in approval["summary"]
    assert again["cost"]["credits"] == PRICE
    assert again["cost"]["needsYes"]
    assert "It needs a yes, as this always does." in again["summary"]
    assert (await story.content(post)).approval_status == "pending"


async def test_a_quote_says_that_the_wallet_is_too_small_or_that_a_yes_is_needed(story):
    """A quote is an answer also where the act would be refused or asked about."""
    project = await story.project()
    story.within(call=PRICE - 1)

    dear = await story.call("generate_content", projectId=project, **SLIDES, quoteOnly=True)

    assert dear["cost"]["needsYes"] is True
    assert "LAYERS_BUDGET_CALL" in dear["summary"]


async def test_over_a_budget_it_asks_with_the_numbers_and_a_yes_makes_it_once(story):
    """Issue 5: what exceeds asks, with this call, spent today, limit and wallet; the yes acts once, as the operation that the call is."""
    project = await story.project()
    await story.post(project)
    story.within(day=PRICE)

    asked = await story.call("generate_content", projectId=project, **SLIDES, topic="beans", waitSeconds=900)
    sent = story.wire.rows.count(GENERATE)
    handle = asked["confirmation"]["handle"]
    made = await story.call("generate_content", projectId=project, **SLIDES, topic="beans", waitSeconds=900, confirm=handle)
    again = await story.call("generate_content", projectId=project, **SLIDES, topic="beans", waitSeconds=900)

    credits_ = asked["confirmation"]["items"][-1]
    assert asked["status"] == "confirmation_required"
    assert sent == 1
    assert credits_["id"] == "credits"
    assert {name: credits_["facts"][name] for name in ("creditsAtMost", "spentToday", "limitPerDay")} == {
        "creditsAtMost": PRICE,
        "spentToday": PRICE,
        "limitPerDay": PRICE,
    }
    assert "LAYERS_BUDGET_DAY" in asked["confirmation"]["question"]
    assert (made["status"], made["confirmedBy"], made["cost"]["credits"]) == ("done", "agent", PRICE)
    assert again["result"]["containerIds"] == made["result"]["containerIds"]
    assert "replayed" in again
    assert story.spent(project) == 2 * PRICE


async def test_a_yes_does_not_count_once_more_was_spent(story):
    """Design §5.2: what was shown has changed, so the new preview comes back."""
    project = await story.project()
    story.within(call=PRICE - 1)
    handle = await story.handle("generate_content", projectId=project, **SLIDES)
    story.within()
    await story.post(project, topic="beans")
    story.within(call=PRICE - 1)

    asked = await story.call("generate_content", projectId=project, **SLIDES, confirm=handle)

    assert "has changed" in asked["confirmation"]["because"]
    assert story.wire.rows.count(GENERATE) == 1


async def test_a_budget_of_nothing_asks_always_and_other_principals_share_it(story):
    """Issue 5: 0 means nothing without a yes; the day is that of the store."""
    project = await story.project()
    await story.post(project)
    story.within(day=PRICE)

    other = await story.call("generate_content", house=story.of("somebody else"), projectId=project, **SLIDES, topic="beans")
    story.within(total=0)
    none = await story.call("generate_content", projectId=project, **SLIDES, topic="milk")

    assert other["status"] == none["status"] == "confirmation_required"
    assert "LAYERS_BUDGET_TOTAL" in none["confirmation"]["question"]


async def test_the_policy_decides_whose_yes_goes_past_a_budget(story):
    """Issue 5: the same machinery; what is within the budget needs no yes, and so the policy's default does not hold it."""
    project = await story.project()
    story.under("deny")

    within = await story.call("generate_content", projectId=project, **SLIDES)
    story.within(call=0)
    over = await story.call("generate_content", projectId=project, **SLIDES, topic="beans")

    assert within["status"] == "running"
    assert over["error"]["code"] == "POLICY_FORBIDS"


async def test_a_policy_that_denies_generating_refuses_before_anything_is_sent(story):
    """An entry of `actions` always holds, within the budget too; not even a price is asked for."""
    project = await story.project()
    story.under("ask", generate_content="deny", approve_content="deny")
    before = len(story.wire.rows)

    calls = [{}, {"quoteOnly": True}, {"confirm": "cf_" + "a" * 32}]
    told = [await story.call("generate_content", projectId=project, **SLIDES, **more) for more in calls]
    told.append(await story.call("approve_content", containerIds=["cnt_1"]))

    assert {one["error"]["code"] for one in told} == {"POLICY_FORBIDS"}
    assert len(story.wire.rows) == before


@pytest.mark.parametrize("tier", ["ask", "human", "outside"])
async def test_a_policy_that_names_generating_asks_whatever_it_costs(story, tier):
    """An entry of `actions` always holds; the same tier as the default only holds over a budget."""
    project = await story.project()
    story.under("human", generate_content=tier)

    quote = await story.call("generate_content", projectId=project, **SLIDES, quoteOnly=True)
    shown = await story.call("generate_content", projectId=project, **SLIDES)
    handle = shown["confirmation"]["handle"]
    told = await story.call("generate_content", projectId=project, **SLIDES, confirm=handle)
    sent = story.wire.rows.count(GENERATE)
    story.store.confirmations.answer(fingerprint(handle), yes=True, how="command", now=story.clock.now())
    done = await story.call("generate_content", projectId=project, **SLIDES, confirm=handle)

    assert (quote["cost"]["needsYes"], shown["status"]) == (True, "confirmation_required")
    assert (told["status"], sent) == (("needs_action", 0) if tier != "ask" else ("running", 1))
    assert done["status"] == "running"
    assert story.wire.rows.count(GENERATE) == 1


async def test_new_projects_bring_no_budget_beyond_the_total(story):
    """Each project has a day's budget of its own; what all may spend together has an end by itself, and names its setting."""
    assert story.budget.total == 30_000
    story.within(total=2 * PRICE)

    told = [
        await story.call("generate_content", projectId=await story.project(customerExternalId=f"{one}"), **SLIDES, waitSeconds=0)
        for one in range(3)
    ]

    assert [one["status"] for one in told] == ["running", "running", "confirmation_required"]
    assert "LAYERS_BUDGET_TOTAL" in told[2]["confirmation"]["question"]


def _measured_late(story, looks: int) -> None:
    """For so many looks nothing is measured yet, so that the verdict is to wait."""
    send, seen = story.layers.send, []

    async def late(endpoint, request, **more):
        reply = await send(endpoint, request, **more)
        seen.extend([endpoint] if endpoint is measurement.TOP else [])
        return reply.model_copy(update={"items": ()}) if endpoint is measurement.TOP and len(seen) <= looks else reply

    story.layers.send = late


async def test_a_yes_to_what_cost_nothing_then_does_not_pay_for_clones_the_verdict_allows_by_now(story):
    """Issue 5: quote before spending; nobody agrees to a price that was not shown, and what exceeds a budget asks with the numbers."""
    project = await story.project()
    *_, (_, post) = await story.fed(project, *ORDINARY, 3.0)
    story.within(call=0)
    story.under("ask", generate_content="ask")
    asked = {"projectId": project, "sourcePostId": post, "waitSeconds": 0}
    _measured_late(story, 2)
    free = await story.call("generate_content", **asked)
    before = story.spent(project)

    told = await story.call("generate_content", **asked, confirm=free["confirmation"]["handle"])
    sent, spent = story.wire.rows.count(CLONE), story.spent(project)
    made = await story.call("generate_content", **asked, confirm=told["confirmation"]["handle"])

    assert [one["id"] for one in free["confirmation"]["items"]] == [project]
    assert (told["status"], sent, spent) == ("confirmation_required", 0, before)
    assert "costs more by now" in told["confirmation"]["because"]
    assert "LAYERS_BUDGET_CALL" in told["confirmation"]["question"]
    assert (made["status"], story.wire.rows.count(CLONE)) == ("running", 1)
    assert story.spent(project) > before


async def test_a_verdict_that_turns_between_price_and_act_makes_nothing_that_was_not_set_aside(story):
    """Issue 5: credits are set aside before the request goes out; one call goes by one verdict."""
    project = await story.project()
    *_, (_, post) = await story.fed(project, *ORDINARY, 3.0)
    before = story.spent(project)
    _measured_late(story, 1)

    told = await story.call("generate_content", projectId=project, sourcePostId=post, waitSeconds=0)

    assert (told["status"], story.wire.rows.count(CLONE), story.spent(project)) == ("needs_action", 0, before)


@pytest.mark.parametrize("trouble", [{"code": "CONFLICT"}, {"job_error": "GENERATION_FAILED"}])
async def test_what_came_to_nothing_is_given_back(story, trouble):
    """layers-api: credits: nothing is charged when the job fails; a refusal charges nothing either."""
    project = await story.project()
    story.world.script(Fault(**ROUTE, **trouble))

    await story.call("generate_content", projectId=project, **SLIDES, waitSeconds=900)

    assert story.spent(project) == 0


async def test_a_job_that_fails_later_is_given_back_when_it_is_waited_for(story):
    """Settled when a waiting tool sees it."""
    project = await story.project()
    story.world.script(Fault(**ROUTE, job_error="GENERATION_FAILED"))
    begun = await story.call("generate_content", projectId=project, **SLIDES, waitSeconds=0)
    before = story.spent(project)

    await story.call("wait_for_job", jobId=begun["result"]["job"]["jobId"], waitSeconds=900)

    assert (before, story.spent(project)) == (PRICE, 0)


async def test_a_repeat_after_a_lost_answer_counts_once(story):
    """Issue 5: keyed by the operation, so that a repeat counts once; the budget does not stand in its way."""
    project = await story.project()
    story.within(day=PRICE)
    story.world.script(Fault(**ROUTE, lose_answer=True, times=4))

    lost = await story.call("generate_content", projectId=project, **SLIDES, waitSeconds=900)
    kept = story.spent(project)
    done = await story.call("generate_content", projectId=project, **SLIDES, waitSeconds=900)

    assert lost["error"]["code"] == "TIMEOUT"
    assert (kept, story.spent(project)) == (PRICE, PRICE)
    assert done["status"] == "done"


async def test_of_several_new_generations_the_refused_one_is_given_back(story):
    """Each part of a call has its own key and its own credits."""
    project = await story.project()
    one, two = await story.post(project), await story.post(project, topic="beans")
    before = story.spent(project)
    wanted = {"containerIds": [one, two], "decision": "reject", "regenerateBrief": {"hook": "Quietly."}}
    asked = await story.call("approve_content", **wanted)
    story.world.script(Fault(method="POST", path="/v1/content/{containerId}/reject", code="CONFLICT"))

    done = await story.call("approve_content", **wanted, confirm=asked["confirmation"]["handle"])

    assert f"at most {2 * PRICE} of" in asked["confirmation"]["question"]
    assert [item["outcome"] for item in done["result"]["items"]] == ["failed", "rejected"]
    assert story.spent(project) - before == PRICE
