"""A post that is changed after its approval does not go out by a standing plan until somebody decides anew."""

from __future__ import annotations

from datetime import timedelta

import pytest

from layers_mcp.contract import content, content_edits, review
from layers_mcp.contract.content import Brief
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.planned import place

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("before", [True, False])
async def test_what_was_changed_after_the_yes_waits_for_another_yes(shop, before) -> None:
    """Also where it is changed between the look at its approval and the request that schedules it."""
    await shop.reviews("review_all")
    post = await shop.makes("Skip the line.")
    shop.plans()
    await shop.layers.send(review.APPROVE, review.ApproveContent(container_id=post))
    hands, inner = Hands(shop.town.house, "publish_to_learn"), shop.layers.send

    async def change() -> None:
        wanted = content_edits.RegenerateContent(container_id=post, brief=Brief(hook="Sleep in."))
        await inner(content_edits.REGENERATE, wanted)
        await shop.town.world.work_done()
        shop.clock.advance(timedelta(seconds=200))

    async def changing(endpoint, request, **more):
        reply = await inner(endpoint, request, **more)
        if endpoint is content.GET:
            shop.layers.send = inner
            await change()
        return reply

    if before:
        await change()
    else:
        shop.layers.send = changing
    placed = await place(hands, shop.project, post, key="a", run_id="run a")
    assert (placed.scheduled_post_ids, await shop.waiting()) == ((), [])

    decision = await shop.layers.send(review.APPROVE, review.ApproveContent(container_id=post))
    promoted = decision.pending_schedule_promotion
    assert (promoted is not None) is not before, "what was asked for after the change waits for the yes to it"
