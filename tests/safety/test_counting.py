"""The counter can fail: what nobody said yes to is seen, however it came."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from counting import Budgets, count
from sqlalchemy import update

from layers_mcp.contract import content, publishing, review
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
