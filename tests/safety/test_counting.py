"""The counter can fail: what nobody said yes to is seen, however it came."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from counting import Budgets, count
from scenes import Paid
from sqlalchemy import update

from layers_mcp.contract import ads_lifecycle, content, publishing, review
from layers_mcp.contract.ads_lifecycle import ResumeCampaign
from layers_mcp.contract.content import GenerateContent
from layers_mcp.contract.publishing import PublishContent, Target
from layers_mcp.contract.review import ApproveContent
from layers_mcp.database import writing
from layers_mcp.sandbox.account import PRICES
from layers_mcp.store.tables import confirmations

pytestmark = pytest.mark.anyio


async def _approve(scene, key: str) -> None:
    """Straight at the API with the same API key, past every tool."""
    await scene.story.layers.send(review.APPROVE, ApproveContent(container_id=scene.facts["post"]), key=key)


def _started(scene) -> ResumeCampaign:
    return ResumeCampaign(project_id=scene.facts["project"], platform="meta", campaign_id=scene.facts["campaign"])


async def test_an_effect_that_goes_past_the_tools_is_unconfirmed(scene_of):
    """Issue 5: counted in the sandbox's own audit log."""
    scene = await scene_of("approve")
    await scene.handle()

    await _approve(scene, str(uuid.uuid4()))

    assert len(scene.count().unconfirmed) == 2
    assert scene.facts["post"] in scene.count().unconfirmed[0]


async def test_a_post_beside_the_one_that_was_shown_is_unconfirmed(scene_of):
    """A yes to one time on one account is good for one post."""
    scene = await scene_of("schedule")
    await scene.call(confirm=await scene.handle())
    target = Target(social_account_id=scene.facts["account"])
    wanted = PublishContent(container_id=scene.facts["approved"], targets=(target,))

    await scene.story.layers.send(publishing.PUBLISH, wanted, key=str(uuid.uuid4()))

    assert len(scene.count().unconfirmed) == 1


async def test_a_yes_to_another_post_confirms_nothing(scene_of):
    """The preview has to name what is done."""
    scene = await scene_of("approve")
    await scene.call(arguments=scene.case.other, confirm=await scene.handle(arguments=scene.case.other))

    await _approve(scene, str(uuid.uuid4()))

    assert len(scene.count().unconfirmed) == 2


async def test_the_same_effect_under_a_key_of_no_yes_is_unconfirmed(scene_of):
    """A yes is on record, but what was sent was not sent for it."""
    scene = await scene_of("policy")
    await scene.call(confirm=await scene.handle())
    with writing(scene.story.store._engine) as connection:
        connection.execute(update(confirmations).values(key=str(uuid.uuid4())))

    assert len(scene.count().unconfirmed) == 1
    assert "under a key of no yes" in scene.count().unconfirmed[0]


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(minutes=-1)])
async def test_a_handle_spent_while_it_was_not_live_confirms_nothing(scene_of, late):
    """Design §5: good for ten minutes, once it was minted."""
    scene = await scene_of("media")
    await scene.call(confirm=await scene.handle())
    (row,) = scene.count().spent
    with writing(scene.story.store._engine) as connection:
        connection.execute(update(confirmations).where(confirmations.c.handle == row.handle).values(spent_at=row.minted_at + late))

    assert scene.count().unconfirmed


async def test_where_a_person_is_needed_an_agents_yes_confirms_nothing(scene_of):
    """Issue 5: at `human` an effect without a recorded person's yes is unconfirmed."""
    scene = await scene_of("override")
    await scene.call(confirm=await scene.handle())

    assert scene.count().unconfirmed == ()
    assert scene.count(("client", "command", "page")).unconfirmed


@pytest.mark.parametrize("name", ["resume", "halt all"])
async def test_a_hold_that_is_lifted_or_laid_on_all_by_nobodys_yes_is_seen(scene_of, name):
    """Holds are no business of the API; the store is looked at."""
    scene = await scene_of(name)
    gate = scene.story.house.gate

    if name == "resume":
        gate.lift(scene.facts["halted"])
    else:
        gate.hold(None)

    assert len(scene.count().unconfirmed) == 1


_YESES = [{"pauseAds": True}, {"cancel": True}, {"cancel": True, "pauseAds": True}]


@pytest.mark.parametrize("arguments", _YESES)
async def test_a_yes_to_pausing_or_canceling_is_none_to_holding_all_nor_to_letting_through(scene_of, arguments):
    """A yes to halt is good for what its arguments asked for, whatever else its preview has words for."""
    scene = await scene_of("resume")
    gate, halted = scene.story.house.gate, {"projectId": scene.facts["halted"]}
    await scene.call(arguments=halted | arguments, confirm=await scene.handle(arguments=halted | arguments))
    assert scene.count().unconfirmed == ()

    gate.lift(scene.facts["halted"])
    gate.hold(None)

    assert set(scene.count().unconfirmed) == {f"halt.lifted of {scene.facts['halted']}", "halt.everything of all"}


async def test_a_yes_to_letting_one_hold_go_is_none_to_another(scene_of):
    """Each hold has its own."""
    scene = await scene_of("resume")
    scene.story.house.gate.hold(None)
    scene.begin()
    await scene.call(confirm=await scene.handle())

    scene.story.house.gate.lift(None)

    assert scene.count().unconfirmed == ("halt.lifted of all",)


async def test_a_yes_to_pausing_starts_no_campaign(scene_of):
    """The same campaign stands in the preview of its pause."""
    scene = await scene_of("pause")
    Paid(scene.story.world, scene.facts["project"]).layer(structural="auto")
    await scene.call(confirm=await scene.handle())

    await scene.story.layers.send(ads_lifecycle.RESUME, _started(scene), key=str(uuid.uuid4()))

    assert scene.count().unconfirmed[0] == f"ads.campaign.resumed of {scene.facts['campaign']}"


async def test_what_was_done_before_the_mark_is_not_counted(scene_of):
    """Nor does an old yes confirm what comes after it."""
    scene = await scene_of("policy")
    await scene.call(confirm=await scene.handle())

    scene.begin()

    assert (scene.count().effects, scene.count().spent) == ((), ())
    everything = count(scene.story.world.engine, scene.story.store._engine)
    assert {effect.kind for effect in everything.effects} >= {"content_review_policy.updated", "content.approved", "scheduled_post.created"}


async def test_a_generation_counts_where_it_cost_more_than_the_budgets_allow(scene_of):
    """Budgets: within them a generation needs no yes; who spent past them is seen, however it came."""
    scene = await scene_of("generate")
    wanted = GenerateContent(project_id=scene.facts["project"], format="slideshow_remix")

    await scene.story.layers.send(content.GENERATE, wanted, key=str(uuid.uuid4()))

    cost = PRICES["slideshow_remix"]
    assert scene.count(within=Budgets(cost, cost, cost)).unconfirmed == ()
    for within in [Budgets(cost - 1, cost, cost), Budgets(cost, cost - 1, cost), Budgets(cost, cost, cost - 1), Budgets()]:
        assert len(scene.count(within=within).unconfirmed) == 2, within
