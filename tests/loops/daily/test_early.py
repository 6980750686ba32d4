"""What an event brings forward, over the real thing: the sandbox tells, the receiver takes it, and a loop looks before its hour."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from layers_mcp.contract import leases, publishing, review, social, webhooks
from layers_mcp.contract.events import EVENTS
from layers_mcp.loops.daily import Daily
from layers_mcp.loops.early import EARLY
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.office import Office
from layers_mcp.loops.optimization import optimization
from layers_mcp.loops.planned import place
from layers_mcp.loops.publish_to_learn import publish_to_learn
from layers_mcp.receiver.app import Receiver, route
from layers_mcp.receiver.opening import receiving
from layers_mcp.receiver.registering import register
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
PLACE = "http://sandbox.layers"
Telling = Callable[..., Any]


class Told:
    """A receiver on a port of this machine, at which the sandbox delivers."""

    def __init__(self, shop: Any, receiver: Receiver) -> None:
        self.shop, self.town, self.receiver = shop, shop.town, receiver

    async def handled(self) -> None:
        """Return once everything that happened was delivered and handled."""
        await self.town.world.told()
        async with asyncio.timeout(20):
            while self.shop.store.inbox.overview().waiting:
                self.receiver.pump.nudge()
                await asyncio.sleep(0.01)

    def runs(self, loop: str) -> list[Any]:
        """The early runs of a loop, oldest first."""
        found = self.shop.store.runs.recent(loop=loop, project_id=self.shop.project, limit=100)
        return [one for one in reversed(found) if Daily.model_validate_json(one.given).early]

    async def over(self, loop: str) -> list[Any]:
        """The same, once all are over: time goes on by what they lie until, no more than a minute."""
        await self.handled()
        began = self.shop.clock.now()
        looks = [await self.town.over(one.id) for one in self.runs(loop)]
        assert self.shop.clock.now() - began < timedelta(minutes=1)
        assert {one.row.state for one in looks} <= {"completed"}, [(one.row.code, one.row.words) for one in looks]
        return looks

    async def replayed(self, kind: str) -> None:
        """Have Layers deliver the first event of a kind once more, under an id of its own."""
        (endpoint,) = self.shop.store.endpoints.at(PLACE)
        asked = webhooks.ListDeliveries(endpoint_id=endpoint.id, event_type=kind, limit=1)
        (first,) = (await self.shop.layers.send(webhooks.DELIVERIES, asked)).items
        await self.shop.layers.send(webhooks.REPLAY, webhooks.ReplayDelivery(delivery_id=first.id))
        await self.handled()


@pytest.fixture
def telling(shop: Any) -> Telling:
    """Opens one."""

    @asynccontextmanager
    async def opened(*, projects: frozenset[str] | None = None) -> AsyncIterator[Told]:
        async with receiving(replace(shop.town.house, clock=shop.clock, projects=projects)) as receiver:

            async def there() -> Receiver:
                return receiver

            app = Starlette(routes=[route(there)])
            server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110  it has no event for that
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            await register(shop.layers, shop.store.endpoints, f"http://127.0.0.1:{port}/webhooks/layers", place=PLACE)
            yield Told(shop, receiver)
            server.should_exit = True
            await serving

    return opened


async def _approve(shop: Any, container: str) -> None:
    await shop.layers.send(review.APPROVE, review.ApproveContent(container_id=container))


def test_only_events_that_are_known_start_loops_that_there_are():
    """The table can't go stale on either side; each kind that issue 7 names for a deed has it."""
    assert EARLY.keys() <= EVENTS.keys()
    assert {loop for loops in EARLY.values() for loop in loops} == {"publish_to_learn", "optimization"}
    assert {"content.approved", "ads.decision", "lease_request.assigned", "social_account.needs_reauth"} <= EARLY.keys()


async def test_approved_content_is_scheduled_by_the_plan_within_seconds_and_once_however_often_it_is_told(shop, telling) -> None:
    """Seed 000, "Webhook events to subscribe to": content.approved, "Schedule for distribution"; the day's own run was over."""
    await shop.reviews("review_all")
    waits, stays = await shop.makes("First."), await shop.makes("Second.")
    shop.plans()
    loop = publish_to_learn(shop.town.house)
    async with telling() as told, shop.town.working(loop):
        day = await shop.day(loop)
        shop.town.world.script(Fault(method="EVENT", path="content.approved", doubled=True))
        await _approve(shop, waits)
        first = await told.over("publish_to_learn")
        await told.replayed("content.approved")
        every = await told.over("publish_to_learn")
        after = await shop.day(loop)

    queued = await shop.waiting()
    came = [loop.came.model_validate_json(one.row.came) for one in every]
    assert (day.posted, after.posted) == ((), ())
    assert [container for container, _ in queued] == [waits]
    assert (len(first), len(every)) == (1, 2)
    assert [len(one.posted) for one in came] == [1, 0]
    assert stays in await shop.contents()


async def test_a_burst_of_approvals_is_looked_at_once_and_keeps_within_the_plan(shop, telling) -> None:
    """Issue 7: inside a standing plan (slots, posts a day)."""
    await shop.reviews("review_all")
    made = [await shop.makes(f"Hook {number}.") for number in range(4)]
    shop.plans(slots=("10:00", "16:00", "19:00"), a_day=2)
    loop = publish_to_learn(shop.town.house)
    async with telling() as told, shop.town.working(loop):
        for one in made:
            await _approve(shop, one)
        looks = await told.over("publish_to_learn")

    days = Counter(at.date() for _, at in await shop.waiting())
    assert len(looks) == 1
    assert sorted(container for container, _ in await shop.waiting()) == sorted(made)
    assert max(days.values()) == 2


async def test_two_runs_at_once_do_not_take_the_same_opening(shop) -> None:
    """Issue 7: a plan's slots and posts a day hold whoever posts: the day's run, an early one, an onboarding."""
    first, second = await shop.makes("First."), await shop.makes("Second.")
    shop.plans(a_day=1)
    hands, looking, go_on = Hands(shop.town.house, "publish_to_learn"), asyncio.Event(), asyncio.Event()
    inner = shop.layers.send

    async def slow(endpoint: Any, request: Any, **more: Any) -> Any:
        if endpoint.name == publishing.SCHEDULE.name and not looking.is_set():
            looking.set()
            await go_on.wait()
        return await inner(endpoint, request, **more)

    shop.layers.send = slow
    one = asyncio.create_task(place(hands, shop.project, first, key="a", run_id="run a"))
    await looking.wait()
    with pytest.raises(Exception, match="another run puts content into the plan"):
        await place(hands, shop.project, second, key="b", run_id="run b")
    go_on.set()
    await one
    await place(hands, shop.project, second, key="b", run_id="run b")

    days = [at.date() for _, at in await shop.waiting()]
    assert len(set(days)) == len(days) == 2


async def test_without_a_plan_the_question_stands_and_nothing_goes_out(shop, telling) -> None:
    """Issue 7: without a plan it leaves a question."""
    await shop.reviews("review_all")
    waits = await shop.makes("First.")
    async with telling() as told, shop.town.working(publish_to_learn(shop.town.house)):
        await _approve(shop, waits)
        await told.over("publish_to_learn")

    assert shop.town.asked("plan").facts["approved"] == 1
    assert await shop.waiting() == []


async def test_a_new_plan_lets_out_what_waited_for_one_within_seconds(shop) -> None:
    """Who has just said when posts may go out does not wait for the next day's run."""
    waits, loop = await shop.makes("First."), publish_to_learn(shop.town.house)
    plan = shop.plans()
    async with shop.town.working(loop):
        await Office(shop.town.house, shop.town.runner, [loop]).set_plan(plan)
        (row,) = shop.store.runs.recent(loop=loop.name)
        look = await shop.town.over(row.id)

    assert look.row.state == "completed"
    assert [container for container, _ in await shop.waiting()] == [waits]


async def test_what_is_told_while_the_project_is_halted_waits_in_one_run_until_it_is_let_go(shop, telling) -> None:
    """Design §5: a halt holds what loops write."""
    await shop.reviews("review_all")
    made = [await shop.makes("First."), await shop.makes("Second.")]
    shop.plans()
    async with telling() as told, shop.town.working(publish_to_learn(shop.town.house)):
        shop.town.house.gate.hold(shop.project, by="person")
        await _approve(shop, made[0])
        await told.handled()
        (run,) = told.runs("publish_to_learn")
        await shop.town.until(run.id, lambda look: look.row.code == "HALTED")
        await _approve(shop, made[1])
        await told.handled()
        held = await shop.waiting()
        shop.town.house.gate.lift(shop.project, by="person")
        await shop.town.over(run.id)

    assert (held, len(told.runs("publish_to_learn"))) == ([], 1)
    assert sorted(container for container, _ in await shop.waiting()) == sorted(made)


@pytest.mark.parametrize("whose", ["nobody's", "pinned away", "being onboarded"])
async def test_what_is_told_of_a_project_that_is_not_ours_to_touch_starts_nothing_and_is_kept(shop, telling, whose) -> None:
    """Issue 7: not ours, not allowed by pinning; of one that is being onboarded its own run sees to that."""
    await shop.reviews("review_all")
    waits = await shop.makes("First.")
    shop.plans()
    if whose == "being onboarded":
        shop.store.customers.move(shop.owner, shop.external_id, "onboarding", shop.clock.now())
    if whose == "nobody's":
        shop.store.customers.belongs(shop.owner, shop.external_id, "prj_of_another")
    async with telling(projects=frozenset({"prj_of_another"}) if whose == "pinned away" else None) as told:
        await _approve(shop, waits)
        await told.handled()

    assert shop.store.runs.recent() == ()
    assert shop.store.inbox.overview().given_up == 0


async def test_content_that_found_no_account_goes_out_as_soon_as_one_works_again(shop, telling) -> None:
    """`social_account.connected`, which seed 000 names: the question about the account is over, and so is what waited for it."""
    waits = await shop.makes("First.")
    shop.plans()
    loops = (publish_to_learn(shop.town.house), optimization(shop.town.house))
    shop.clock.advance(timedelta(days=58))
    async with telling() as told, shop.town.working(*loops):
        shop.clock.advance(timedelta(days=3))
        await told.over("optimization")
        (asked,) = shop.store.questions.waiting(shop.owner, kind="connect", limit=9)
        alerts = {one.code for pulse in shop.store.pulses.ailing(shop.owner, limit=9) for one in pulse.alerts}
        again = social.CreateReauthUrl(
            project_id=shop.project, social_account_id=shop.account, return_url="https://app.your-partner.com/done"
        )
        made = await shop.layers.send(social.REAUTH_URL, again)
        await shop.town.press(asked.model_copy(update={"facts": {"authorizeUrl": made.authorize_url}}))
        await told.over("optimization")
        await told.over("publish_to_learn")

    assert asked.facts["socialAccountId"] == shop.account
    assert "TOKENS_EXPIRE" in alerts
    assert shop.store.questions.waiting(shop.owner, kind="connect", limit=9) == ()
    assert "TOKENS_EXPIRE" not in {one.code for pulse in shop.store.pulses.ailing(shop.owner, limit=9) for one in pulse.alerts}
    assert waits in await shop.contents()


async def test_leased_accounts_that_were_assigned_are_asked_into_the_plan_once(shop, telling) -> None:
    """Seed 000: lease_request.assigned, "Notify customer, attach to project"; a plan is a person's."""
    shop.plans()
    niche = leases.Niche(vertical="specialty coffee")
    loop = optimization(shop.town.house)
    async with telling() as told, shop.town.working(loop):
        await shop.layers.send(leases.REQUEST, leases.RequestAccounts(project_id=shop.project, count=2, niche=niche))
        shop.clock.advance(timedelta(days=2))
        await told.over("optimization")
        await shop.day(loop)

    accounts = {one for one in await shop.town.accounts(shop.project) if one != shop.account}
    asked = shop.store.questions.waiting(shop.owner, kind="plan", limit=9)
    assert len(accounts) == 2
    assert {one.facts["socialAccountId"] for one in asked} == accounts


async def test_what_the_optimizer_decided_is_told_now_and_by_the_next_review_as_well(shop, paid_of, telling) -> None:
    """Seed 000: ads.decision, "Surface in dashboard"; an early look takes nothing away from the day's review, and asks for no creatives."""
    paid = paid_of(shop.town.world, shop.project)
    paid.campaign(paid.account(days=50))
    paid.layer(target_cpa_cents=300)
    loop = optimization(shop.town.house)
    async with telling() as told, shop.town.working(loop):
        began = await shop.day(loop)
        shop.clock.advance(timedelta(days=6))
        looks = await told.over("optimization")
        after = await shop.day(loop)

    early = [loop.came.model_validate_json(one.row.came) for one in looks]
    assert any(one.material for one in early)
    assert {one.since for one in early} == {after.since}
    assert after.since > began.since
    assert {str(one.ids) for one in early[-1].material} <= {str(one.ids) for one in after.material}
