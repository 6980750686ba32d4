"""The optimization review, a day of it at a time, against the sandbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from layers_mcp.contract import content, creatives
from layers_mcp.contract.errors import Unauthenticated, Unreachable
from layers_mcp.gate.budget import Budget
from layers_mcp.loops import optimization as optimizing
from layers_mcp.loops.checking import of_loops, report
from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.loops.optimization import optimization
from layers_mcp.store.asked import Customer
from layers_mcp.store.rows import EVERY, Halt, RunRow
from layers_mcp.store.told import Known

pytestmark = pytest.mark.anyio
PLACE = "https://api.layers.com"


@pytest.fixture
def ads(shop, paid_of):
    """A campaign that has run for six weeks, and an optimizer that may act."""
    paid = paid_of(shop.town.world, shop.project)
    paid.campaign(paid.account(days=50))
    paid.layer(target_cpa_cents=300)
    return paid


async def test_a_customer_without_ads_is_only_asked_how_they_do(shop, writes) -> None:
    """Seed 000, loop 3: the shortest loop."""
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        with writes(shop) as written:
            came = await shop.day(loop)

    assert (came.decided, came.material, came.lacks, came.asked, came.alerts) == (0, (), 0, (), ())
    assert written == []
    assert shop.store.pulses.of(shop.owner, shop.project).alerts == ()


async def test_what_the_optimizer_did_since_the_last_review_is_told_once(shop, ads) -> None:
    """Seed 000, loop 3: "Read the decision log and surface material decisions to the customer"; it approves and overrides nothing."""
    del ads
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        await shop.day(loop)
        shop.clock.advance(timedelta(days=6))
        first = await shop.day(loop)
        again = await shop.day(loop)

    assert first.decided > 0
    assert first.material
    assert all(one.at >= first.since - timedelta(minutes=1) for one in first.material)
    assert {one.action for one in first.material} <= {"pause_ad", "replace_creative", "update_budget", "push_creative", "pause_adset"}
    assert again.since > first.since
    assert not {str(one.ids) for one in again.material} & {str(one.ids) for one in first.material if one.outcome != "pending"}


async def test_a_review_that_is_repeated_tells_all_the_same_what_the_optimizer_did(shop, ads, monkeypatch) -> None:
    """A step may end at any moment, and is done again: its second try must not begin where the first one came to."""
    del ads
    inner, tries = optimizing.lame_of, list[str]()

    def dies_once(hands, project_id, accounts):
        tries.append(project_id)
        if len(tries) == 1:
            raise Unreachable("the process ended here")
        return inner(hands, project_id, accounts)

    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        await shop.day(loop)
        shop.clock.advance(timedelta(days=6))
        monkeypatch.setattr(optimizing, "lame_of", dies_once)
        came = await shop.day(loop)

    assert len(tries) == 2
    assert came.decided > 0
    assert came.material


async def test_ads_that_spend_in_vain_are_named(shop, ads) -> None:
    """Seed 000, loop 3: `ad.spend > 50 && ad.conversions === 0`."""
    campaign = ads.campaign(ads.account("tiktok_ads", name="Second"), hooks=())
    vain = ads.ledger(campaign, spend_cents=6_000, hook="In vain")
    sells = ads.ledger(campaign, spend_cents=6_000, conversions=3, hook="Sells")
    young = ads.ledger(campaign, spend_cents=4_000, hook="Young")
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)

    assert vain in came.worrying
    assert not {sells, young} & set(came.worrying)


async def test_a_thin_pool_is_asked_about_and_filled_on_a_yes(shop, paid_of) -> None:
    """Seed 000, loop 3: "Inject fresh creative when the pool gets thin"."""
    paid = paid_of(shop.town.world, shop.project)
    paid.account()
    paid.pool("Only one")
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        run_id = await shop.starts(loop)
        await shop.town.lies_by(run_id, "creative answer")
        asked = shop.town.asked("creative")
        before = len(await shop.contents())
        await shop.town.answer(asked, "yes")
        look = await shop.town.over(run_id)
        nobody = await shop.day(loop)

    came = loop.came.model_validate_json(look.row.came)
    assert (asked.facts["lacks"], before) == (2, 0)
    assert len(came.made) == len(await shop.contents()) == 2
    assert (nobody.lacks, nobody.made) == (0, ())


@pytest.fixture(params=[20, 25])
def lost(request, shop, monkeypatch) -> bool:
    """The answer to the first wish for content never arrives, and the machine sleeps for hours; whether for longer than a key is good."""
    sent, inner = list[str](), shop.layers.send

    async def send(endpoint, wanted, **more):
        came = await inner(endpoint, wanted, **more)
        if endpoint.name == content.GENERATE.name:
            sent.append(endpoint.name)
            if len(sent) == 1:
                shop.clock.advance(timedelta(hours=request.param))
                raise Unreachable("the connection broke")
        return came

    monkeypatch.setattr(shop.layers, "send", send)
    return request.param > 24


@pytest.mark.parametrize("dear", [False, True])
async def test_creatives_whose_answer_was_lost_are_never_made_twice_however_late_the_run_goes_on(shop, paid_of, lost, dear) -> None:
    """Seed 000: keys are good for 24 hours; after that nobody can tell a repeat from a new wish."""
    paid = paid_of(shop.town.world, shop.project)
    paid.account()
    paid.pool("Only one")
    loop = optimization(shop.town.furnished(Budget(call=1) if dear else None))
    async with shop.town.working(loop):
        run_id = await shop.starts(loop)
        await shop.town.lies_by(run_id, "creative answer")
        shop.clock.advance(timedelta(hours=15))
        await shop.town.answer(shop.town.asked("creative"), "yes")
        if dear:
            await shop.town.until(run_id, lambda look: (look.row.name or "").startswith("2 fresh creatives answer"), moving=False)
            await shop.town.answer(shop.town.asked("spend"), "yes")
        await shop.town.until(run_id, lambda look: look.row.code == "UNREACHABLE", moving=False)
        look = await shop.town.over(run_id)

    came = loop.came.model_validate_json(look.row.came)
    assert (len(came.made), came.failed) == ((0, ("IN_DOUBT",)) if lost else (2, ()))
    assert len(await shop.contents()) == 2


async def test_a_habit_of_overriding_is_asked_about_once_a_month_and_stands_in_the_pulse(shop, ads) -> None:
    """Seed 000: "the tuning needs to happen on project config"."""
    del ads
    listed = (await shop.layers.send(creatives.LIST, creatives.ListCreatives(project_id=shop.project))).items
    for one in listed[:4]:
        wanted = creatives.OverrideCreative(project_id=shop.project, id=one.ads_content_id, override="include")
        await shop.layers.send(creatives.OVERRIDE, wanted)
    shop.clock.advance(timedelta(days=6))
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)
        await shop.day(loop)

    (asked,) = shop.store.questions.waiting(shop.owner, kind="overrides", limit=9)
    assert asked.facts["overridden"] == 4
    assert [one.code for one in came.alerts] == ["NO_POSTS", "OVERRIDDEN"][-len(came.alerts) :]
    assert "OVERRIDDEN" in {one.code for one in came.alerts}
    assert shop.store.pulses.ailing(shop.owner, limit=9)[0].project_id == shop.project


async def test_a_fortnight_without_posts_is_told_with_what_stands_in_the_way(shop) -> None:
    """Seed 000, "Monitoring your agent"."""
    await shop.reviews("review_all")
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        shop.clock.advance(timedelta(days=10))
        await shop.makes("Waits.")
        shop.clock.advance(timedelta(days=5))
        came = await shop.day(loop)

    (alert,) = came.alerts
    assert (alert.code, alert.facts["cause"], alert.facts["waiting"]) == ("NO_POSTS", "review", 1)
    assert (alert.project_id, alert.customer) == (shop.project, shop.external_id)


async def test_average_scores_of_the_days_are_kept_for_a_month(shop) -> None:
    """Seed 000: dropping organic_score averages; Layers keeps none of them."""
    await shop.makes("One.")
    loop = optimization(shop.town.house)
    async with shop.town.working(loop):
        for _ in range(3):
            await shop.day(loop)
            shop.clock.advance(timedelta(days=12))
        await shop.day(loop)

    scores = shop.store.pulses.of(shop.owner, shop.project).scores
    assert [one.creatives for one in scores] == [1, 1, 1]
    assert [one.average for one in scores] == sorted((one.average for one in scores), reverse=True)


def test_rounds_that_nobody_started_and_runs_that_nobody_took_on_are_late(workshop, clock) -> None:
    """Issue 7: loops late."""
    store, row = workshop.store, RunRow(id="p2l:x", loop="publish_to_learn", given="{}", state="queued", began_at=clock.now())
    store.runs.add(row)
    store.customers.keep(Customer(principal="key_1", external_id="q", name="Q", zone="UTC", asked={}, since=clock.now(), stage="active"))
    store.customers.belongs("key_1", "q", "prj_q")
    store.rounds.enter("key_1", "p2l", [("q", clock.now())])
    soon = of_loops(store, "key_1", clock.now() + timedelta(hours=1), (), place=PLACE)

    late = report(store, "key_1", clock.now() + timedelta(hours=3), place=PLACE)

    assert soon == ()
    assert [one.code for one in late.alerts] == ["LOOPS_LATE", "RUNS_STUCK"]


async def test_reviews_that_fail_each_day_are_told_though_nobody_looks_at_the_project_any_more(shop, monkeypatch) -> None:
    """README: `RUNS_FAILED`, `REVIEW_MISSING`; a key that is revoked leaves every project with what was found of it last."""

    async def refused(*_: object, **__: object) -> None:
        raise Unauthenticated("the key is revoked")

    store, loop = shop.store, optimization(shop.town.house)
    monkeypatch.setattr(shop.layers, "send", refused)
    async with shop.town.working(loop) as runner:
        dispatcher = Dispatcher(store=store, runner=runner, clock=shop.clock, principal=shop.owner, loops={"opt": loop})
        for _ in range(4):
            shop.clock.advance(timedelta(days=1))
            await dispatcher.tick()
            for row in store.runs.recent():
                await shop.town.over(row.id)
    told = report(store, shop.owner, shop.clock.now(), place=PLACE, project_id=shop.project)
    store.halts.hold(Halt(project_id=EVERY, what=loop.name, at=shop.clock.now(), by="person", principal=shop.owner))
    paused = report(store, shop.owner, shop.clock.now(), place=PLACE)

    failed, missing = told.alerts
    assert (failed.code, failed.facts["loop"], failed.facts["code"]) == ("RUNS_FAILED", "optimization", "UNAUTHENTICATED")
    assert (missing.code, missing.project_id, missing.customer) == ("REVIEW_MISSING", shop.project, shop.external_id)
    assert {one.code for one in paused.alerts} == {"LOOPS_PAUSED", "RUNS_FAILED"}


def test_webhooks_are_silent_where_those_of_this_api_are_whatever_another_tells(workshop, clock) -> None:
    """Issue 7: webhook silence; one store may know endpoints of the live API and of a sandbox."""
    told, silent = "http://localhost:8080", workshop.store.endpoints
    for name, place in (("whe_1", PLACE), ("whe_2", told)):
        silent.keep(Known(id=name, place=place, url=f"https://{name}.example.com", made_at=clock.now(), secret=SecretStr("whsec_1")))
    clock.advance(timedelta(hours=25))
    silent.heard(silent.at(told)[0], clock.now())

    codes = {place: [one.code for one in report(workshop.store, "key_1", clock.now(), place=place).alerts] for place in (PLACE, told, "x")}

    assert codes == {PLACE: ["WEBHOOKS_SILENT"], told: [], "x": []}
