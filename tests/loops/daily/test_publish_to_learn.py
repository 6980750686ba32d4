"""Publish-to-learn, a day of it at a time, against the sandbox."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from layers_mcp.contract import clones, creatives, publishing, review
from layers_mcp.gate.budget import Budget
from layers_mcp.loops.hands import Hands
from layers_mcp.loops.planned import place
from layers_mcp.loops.publish_to_learn import publish_to_learn
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio
FRESH = (3.0, 0.0, 0.0, 0.0, 0.0)
"""One post that does well, and four that do as posts do."""


async def test_a_fresh_project_is_skipped(shop, writes) -> None:
    """Seed 000, loop 2: "Fresh project, no data yet. Skip this cycle"."""
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        with writes(shop) as written:
            came = await shop.day(loop)

    assert (came.skipped, came.cloned, came.posted) == ("no_performance_data", (), ())
    assert written == []


async def test_the_best_post_is_cloned_twice_and_the_clones_wait_for_review(shop, writes) -> None:
    """Seed 000, loop 2: "Clone the best performer as 2 variants"; approval is the policy's, or a person's."""
    (best, post), *_ = await shop.fed(*FRESH)
    await shop.reviews("review_all")
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        with writes(shop) as written:
            came = await shop.day(loop)

    made = await shop.contents()
    assert (came.metric, came.source, came.skipped) == ("engagement_rate", post, None)
    assert [made[one].cloned_from for one in came.cloned] == [best, best]
    assert {made[one].approval_status for one in came.cloned} == {"pending"}
    assert (came.posted, came.left, await shop.waiting()) == ((), 0, [])
    assert written == [clones.CLONE.name]


async def test_nothing_below_the_floor_is_cloned(shop, writes) -> None:
    """Seed 000, loop 2, "What failure looks like": only above 0.04."""
    await shop.fed(0.0, 0.0, 0.0, 0.0, 0.0)
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        with writes(shop) as written:
            came = await shop.day(loop)

    assert (came.source, came.cloned, written) == (None, (), [])


async def test_approved_content_goes_into_the_slots_of_the_plan_and_only_once(shop) -> None:
    """Issue 7: schedules only approved content, inside a standing plan; the day after finds it queued."""
    first, second = await shop.makes("First."), await shop.makes("Second.")
    shop.plans(slots=("10:00",), zone="America/Los_Angeles", a_day=1)
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)
        again = await shop.day(loop)

    queued = dict(await shop.waiting())
    assert set(queued) == {first, second}
    assert {at.strftime("%H:%M") for at in queued.values()} == {"17:00"}
    assert queued[second] - queued[first] == timedelta(days=1)
    assert (len(came.posted), came.left, again.posted, again.left) == (2, 0, (), 0)


async def test_content_that_waits_for_review_is_never_posted(shop) -> None:
    """Issue 7: it never approves; a rejected one stays in, too."""
    await shop.reviews("review_all")
    await shop.makes("Waits.")
    turned_down = await shop.makes("Turned down.")
    await shop.layers.send(review.REJECT, review.RejectContent(container_id=turned_down))
    shop.plans()
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)

    assert (came.posted, came.left, await shop.waiting()) == ((), 0, [])


async def test_what_a_person_canceled_does_not_come_back(shop) -> None:
    """Content that had a post is a person's business from then on."""
    made = await shop.makes("Canceled.")
    shop.plans()
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        (post,) = (await shop.day(loop)).posted
        await shop.layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id=post))
        again = await shop.day(loop)

    assert (again.posted, again.left, await shop.waiting()) == ((), 0, [])
    assert made in await shop.contents()


async def test_what_a_person_canceled_stays_out_of_a_run_that_had_it_in_hand_for_days(shop) -> None:
    """A run lies for days where writes are halted, and its list of what is ripe with it; the key it sends under is forgotten by then."""
    made = await shop.makes("Canceled.")
    shop.plans()
    hands = Hands(shop.town.house, "publish_to_learn")
    first = await place(hands, shop.project, made, key="one", run_id="run a")
    await shop.layers.send(publishing.CANCEL, publishing.CancelPost(scheduled_post_id=first.scheduled_post_ids[0]))
    shop.clock.advance(timedelta(hours=30))

    again = await place(hands, shop.project, made, key="one", run_id="run b")

    assert (again.why, again.scheduled_post_ids, await shop.waiting()) == ("taken_back", (), [])


async def test_a_key_that_went_out_for_another_time_is_in_doubt_and_sends_nothing_more(shop) -> None:
    """Whether the first attempt took effect is Layers' to show; until it does, or has forgotten the key, nothing goes out twice."""
    made, other = await shop.makes("First."), await shop.makes("Second.")
    shop.plans(slots=("10:00", "15:00"))
    hands = Hands(shop.town.house, "publish_to_learn")
    await place(hands, shop.project, other, key="one", run_id="run a")

    again = await place(hands, shop.project, made, key="one", run_id="run b")
    shop.clock.advance(timedelta(hours=25))
    later = await place(hands, shop.project, made, key="one", run_id="run c")

    assert (again.why, again.scheduled_post_ids, later.why) == ("in_doubt", (), "")
    assert [container for container, _ in await shop.waiting()].count(made) == 1


async def test_what_was_turned_down_is_left_and_said(shop) -> None:
    """`left` is what a person would look for: approved, and nowhere."""
    await shop.makes("First.")
    shop.plans()
    route = publishing.SCHEDULE
    shop.town.world.script(Fault(method=route.method, path=route.path, status=403, times=9))
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)

    assert (came.posted, came.left, len(came.failed)) == ((), 1, 1)


async def test_after_a_plan_was_revoked_a_new_one_is_asked_for(shop) -> None:
    """Approved content that waits without a plan is told each time that a plan is gone."""
    await shop.makes("First.")
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        before = await shop.day(loop)
        for asked in before.asked:
            shop.store.questions.withdraw(asked, shop.clock.now())  # as `set_plan` does
        shop.plans(until=date(2026, 4, 19))
        shop.store.plans.revoke(shop.owner, shop.project, shop.clock.now())
        after = await shop.day(loop)

    assert (len(before.asked), len(after.asked)) == (1, 1)
    assert before.asked != after.asked


async def test_without_a_plan_it_leaves_one_question_and_posts_nothing(shop) -> None:
    """Issue 7: without a plan it leaves a question."""
    await shop.makes("First.")
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)
        await shop.day(loop)

    asked = shop.town.asked("plan")
    assert (came.posted, came.left, came.asked) == ((), 1, (asked.id,))
    assert shop.project in asked.words
    assert await shop.waiting() == []


@pytest.mark.parametrize("given", [{"until": date(2026, 4, 1)}, {"accounts": ("sa_nobody",)}])
async def test_a_plan_that_is_over_or_names_no_account_of_this_project_lets_nothing_out(shop, given) -> None:
    """Issue 7: accounts and an end date."""
    await shop.makes("First.")
    accounts = given.pop("accounts", (shop.account,))
    shop.town.plan(shop.project, *accounts, **given)
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        came = await shop.day(loop)

    assert (came.posted, came.left, await shop.waiting()) == ((), 1, [])


async def test_clones_past_a_budget_are_asked_about_and_made_on_a_yes(shop) -> None:
    """Issue 7: everything else is a question; the yes is worth what was asked."""
    await shop.fed(*FRESH)
    house = shop.town.furnished(budget=Budget(call=1))
    loop = publish_to_learn(house)
    async with shop.town.working(loop):
        run_id = await shop.starts(loop)
        await shop.town.lies_by(run_id, "2 clones of post")
        asked = shop.town.asked("spend")
        before = len(await shop.contents())
        await shop.town.answer(asked, "yes")
        look = await shop.town.over(run_id)

    came = loop.came.model_validate_json(look.row.came)
    assert asked.facts["over"] == ["call"]
    assert before == 5
    assert len(came.cloned) == 2


async def test_clones_that_nobody_says_yes_to_are_not_made_and_asked_about_anew_the_next_day(shop) -> None:
    """Issue 7: one review queue; a question of yesterday's price does not stand in it."""
    await shop.fed(*FRESH)
    house = shop.town.furnished(budget=Budget(call=1))
    loop = publish_to_learn(house)
    async with shop.town.working(loop):
        first = await shop.day(loop)
        second = await shop.day(loop)

    assert first.cloned == second.cloned == ()
    assert first.asked != second.asked
    assert shop.town.kinds() == []
    assert len(await shop.contents()) == 5


async def test_the_waiting_posts_of_a_worn_out_source_are_canceled_and_its_clones_posted_no_more(shop) -> None:
    """Issue 7: retire means stop cloning the source, cancel our own unpublished clones of it; a person's post stays."""
    (_, post), *_ = await shop.fed(3.0, 1.0, 1.0, 1.0, 1.0)
    for number in range(2):
        await shop.out(await shop.clones(post, number), 0.0)
    filler = await shop.makes("Filler.")
    ours, hers = await shop.clones(post, 2), await shop.clones(post, 3)
    person = await shop.queues(hers, days=5)
    shop.plans(slots=("23:30",), a_day=1)
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        first = await shop.day(loop)
        queued = dict(await shop.waiting())
        shop.clock.advance(timedelta(days=2, hours=3))
        later_clone = await shop.clones(post, 4)
        second = await shop.day(loop)

    left = dict(await shop.waiting())
    assert set(queued) == {filler, ours, hers}
    assert len(second.canceled) == 1
    assert set(second.canceled) < set(first.posted)
    assert person not in second.canceled
    assert hers in left
    assert not {ours, later_clone} & set(left)
    assert second.source != post


async def test_losers_and_kept_out_winners_of_a_project_with_ads_are_asked_about_a_few_at_a_time(shop, paid_of) -> None:
    """Issue 7: ask for exclude, ask for include; it never overrides. Without ads no score matters, and nobody is asked."""
    await shop.fed(4.0, 4.0, -2.0, -2.2, -2.4, -2.6, 4.0)
    shop.plans()
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        without = await shop.day(loop)
        paid_of(shop.town.world, shop.project).account()
        came = await shop.day(loop)
        await shop.day(loop)

    asked = shop.store.questions.waiting(shop.owner, kind="exclude", limit=99)
    include = shop.store.questions.waiting(shop.owner, kind="include", limit=99)
    listed = (await shop.layers.send(creatives.LIST, creatives.ListCreatives(project_id=shop.project))).items
    assert {one.facts["adsContentId"] for one in (*asked, *include)} <= {one.ads_content_id for one in listed}
    assert without.asked == ()
    assert 0 < len(asked) <= 3
    assert {one.id for one in asked} == set(came.asked)
    assert all([option.word for option in one.options] == ["exclude", "no"] and one.options[0].weighs for one in asked)


async def test_halted_in_the_middle_it_lies_until_it_is_let_go_and_repeats_nothing(shop) -> None:
    """Issue 7: pausable; a halt holds what is under way, too."""
    await shop.fed(*FRESH)
    loop = publish_to_learn(shop.town.house)
    async with shop.town.working(loop):
        shop.town.house.gate.hold(shop.project, by="person")
        run_id = await shop.starts(loop)
        held = await shop.town.until(run_id, lambda look: look.row.code == "HALTED", moving=False)
        before = len(await shop.contents())
        shop.town.house.gate.lift(shop.project, by="person")
        look = await shop.town.over(run_id)

    assert held.row.state == "sleeping"
    assert before == 5
    assert len(loop.came.model_validate_json(look.row.came).cloned) == 2
    assert len(await shop.contents()) == 7
