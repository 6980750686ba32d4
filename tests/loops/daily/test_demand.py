"""What a customer's day sends, held against what a forecast takes it for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import httpx2
import pytest

from layers_mcp.loops.forecast import DAILY, Demand
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.optimization import optimization
from layers_mcp.loops.publish_to_learn import publish_to_learn

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many requests of each class went out, refused ones included."""
    counted: Counter[str] = Counter()
    send = httpx2.ASGITransport.handle_async_request

    async def counting(self: httpx2.ASGITransport, request: httpx2.Request) -> httpx2.Response:
        answer = await send(self, request)
        counted[answer.headers.get("X-RateLimit-Endpoint-Class", "")] += 1
        return answer

    monkeypatch.setattr(httpx2.ASGITransport, "handle_async_request", counting)
    return counted


async def _day(shop, sent: Counter[str], aloud) -> tuple[Demand, list]:
    """What both loops of one day sent, and what came of them."""
    loops = publish_to_learn(shop.town.house), optimization(shop.town.house)
    async with shop.town.working(*loops):
        sent.clear()
        came = [await shop.day(loop) for loop in loops]
    demand = Demand(sent["read-light"], sent["write-light"], sent["long-running"])
    aloud(f"a day of a customer: {demand.reads} reads, {demand.writes} writes, {demand.starts} starts")
    return demand, came


async def test_a_typical_day_sends_less_than_a_forecast_takes_it_for(shop, sent, aloud) -> None:
    """The best post is cloned, and a slot of the plan filled; nothing is advertised."""
    await shop.fed(3.0, 0.0, 0.0, 0.0, 0.0)
    shop.plans(slots=("10:00",), a_day=1)
    first, _ = await _day(shop, sent, aloud)
    shop.clock.advance(DAY)

    second, (looped, _) = await _day(shop, sent, aloud)

    assert (len(looped.cloned), len(looped.posted), looped.failed) == (2, 1, ())
    assert all(one <= most for day in (first, second) for one, most in zip(day, DAILY, strict=True))
    assert second.writes * 2 <= DAILY.writes


async def test_a_full_day_sends_what_a_forecast_takes_a_day_for(shop, paid_of, sent, aloud) -> None:
    """Two clones of one source, three posts, the three waiting clones of a worn-out one withdrawn, and a campaign to review."""
    (_, worn), (_, good), *_ = await shop.fed(3.0, 2.5, 0.0, 0.0, 0.0)
    for number, (post, quality) in enumerate([(worn, 0.0), (worn, 0.0), (good, 4.0), (good, 4.0), (good, 4.0)]):
        await shop.out(await shop.clones(post, number), quality)
    gate = Hands(shop.town.house, "publish_to_learn").gate
    for number in range(3):
        waits = await shop.queues(await shop.clones(worn, 10 + number), days=9)
        gate.began("post", waits, tool="publish_to_learn", arguments="", project_id=shop.project)
    for number in range(3):
        await shop.makes(f"Fresh {number}.")
    paid = paid_of(shop.town.world, shop.project)
    paid.campaign(paid.account(days=50))
    paid.layer(target_cpa_cents=300)
    shop.plans(slots=("23:30",), a_day=1)
    shop.clock.advance(3 * DAY)

    demand, (looped, _) = await _day(shop, sent, aloud)

    assert (len(looped.cloned), len(looped.posted), len(looped.canceled), looped.failed) == (2, 3, 3, ())
    assert (demand.writes, demand.starts) == (DAILY.writes, DAILY.starts)
    assert 0.8 * DAILY.reads <= demand.reads <= DAILY.reads
