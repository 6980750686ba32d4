"""A customer who is onboarded again: nothing is made twice, and nothing that was said the first time counts the second."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from layers_mcp.contract import content, jobs
from layers_mcp.database import reading, writing
from layers_mcp.gate.budget import Budget
from layers_mcp.loops.customer import Onboard, Onboarded
from layers_mcp.loops.office import Office
from layers_mcp.loops.onboarding import onboarding
from layers_mcp.loops.run import Came, Given, Loop, Run
from layers_mcp.loops.runner import KEPT, EngineRunner
from layers_mcp.sandbox import tables
from layers_mcp.store.asked import Question
from layers_mcp.store.rows import RunRow

pytestmark = pytest.mark.anyio
EXTERNAL_ID = "quinn-coffee-001"


async def _months_later(town) -> None:
    """The run that is over is forgotten."""
    town.clock.advance(KEPT + timedelta(days=1))
    assert await town.runner.forget(KEPT) == 1


async def test_a_yes_to_an_earlier_onboarding_s_credits_spends_nothing_in_the_next_one(town) -> None:
    """design.md §5: what exceeds a budget takes a yes to that very price; the run that was said yes to is long forgotten."""
    town.furnished(budget=Budget(call=0, day=0, total=0))
    async with town.working():
        run_id = await town.onboard()
        await town.lies_by(run_id, "batch 0 answer")
        first = town.asked("spend")
        await town.answer(first, "yes")
        await town.lies_by(run_id, "batch 1 job")
        with reading(town.world.engine) as connection:
            (job_id,) = connection.execute(select(tables.jobs.c.id)).scalars()
        await town.layers.send(jobs.CANCEL, jobs.CancelJob(job_id=job_id))
        await town.until(run_id, lambda _: "generate" in town.kinds())
        await town.answer(town.asked("generate"), "skip")
        await town.over(run_id)
        await _months_later(town)
        await town.onboard(posts=5)
        await town.lies_by(run_id, "batch 0 answer")
        second = town.asked("spend")

    assert second.facts["creditsAtMost"] > first.facts["creditsAtMost"]
    assert town.jobs() == ["content_generate"]


async def test_a_yes_spends_in_the_next_onboarding_too_and_only_that_batch(town) -> None:
    """The keys are another run's, so that credits that were set aside under the old ones let nothing pass."""
    town.furnished(budget=Budget(call=0, day=0, total=0))
    async with town.working():
        for _ in range(2):
            run_id = await town.onboard()
            await town.lies_by(run_id, "batch 0 answer")
            await town.answer(town.asked("spend"), "yes")
            project_id = (await town.lies_by(run_id, "people")).row.project_id
            await town.decide(town.asked("review"))
            look = await town.over(run_id)
            with writing(town.world.engine) as connection:
                connection.execute(delete(tables.containers).where(tables.containers.c.project_id == project_id))
            await _months_later(town)

    assert look.credits > 0
    assert town.jobs() == ["content_generate", "content_generate"]


@pytest.mark.parametrize(
    ("given", "kind", "name"),
    [
        ({"connect": ("tiktok",)}, "connect", "people"),
        ({"url": "http://nowhere.invalid/"}, "ingest", "ingest 0 answer"),
        ({"repo_full_name": "quinns-coffee/quinns-app"}, "install", "install 0 answer"),
    ],
)
async def test_what_was_skipped_once_is_asked_again_when_the_customer_is_onboarded_again(town, given, kind, name) -> None:
    """A person's answer is to the question they saw: another onboarding's is another one."""
    async with town.working():
        run_id = await town.onboard(posts=0, **given)
        await town.lies_by(run_id, name)
        first = town.asked(kind)
        await town.answer(first, "skip")
        await town.over(run_id)
        await _months_later(town)
        await town.onboard(posts=0, **given)
        await town.until(run_id, lambda look: kind in town.kinds() or look.row.state == "completed", moving=False)
        second = town.asked(kind)

    assert second.id != first.id


async def test_a_question_stays_the_same_however_often_its_run_is_taken_on(town) -> None:
    """A run that goes on elsewhere, or whose engine has lost its record, finds what it asked; nobody is asked twice."""
    async with town.working():
        run_id = await town.onboard(posts=0, connect=("tiktok",))
        await town.lies_by(run_id, "people")
        first = town.asked("connect")
    town.engine.forget([run_id])
    async with town.working():
        turn = (await town.runner.look(run_id)).row.turn
        await town.answer(first, "link")
        await town.until(run_id, lambda look: look.row.turn > turn and look.row.state == "waiting", moving=False)
        asked = town.asked("connect")

    assert asked.id != first.id
    assert town.store.questions.find(town.house.gate.principal, first.id).answer == "link"


def _office(town) -> Office:
    return Office(town.house, town.runner, [onboarding(town.house)])


def _wish(**given) -> Onboard:
    return Onboard.model_validate({"customer_external_id": EXTERNAL_ID, "name": "Quinns Coffee Co", **given})


async def _fails(town, monkeypatch) -> str:
    """An onboarding that has made all but its end, and fails there; the id of its run."""

    def broken(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(town.store.customers, "move", broken)
        run_id = await town.onboard(url="https://quinnscoffee.invalid/", connect=("tiktok",))
        await town.lies_by(run_id, "ingest 0 answer")
        await town.answer(town.asked("ingest"), "skip")
        await town.lies_by(run_id, "people")
        await town.decide(town.asked("review"))
        await town.answer(town.asked("connect"), "skip")
        look = await town.over(run_id)
    assert (look.row.state, look.row.code) == ("failed", "SERVER_MISTAKE")
    return run_id


async def test_an_onboarding_that_failed_is_begun_anew_and_makes_and_pays_nothing_twice(town, monkeypatch) -> None:
    """Issue 8: "onboard_customer" is the way on; each step finds what was made by what the customer is known by."""
    async with town.working():
        run_id = await _fails(town, monkeypatch)
        spent = (await town.runner.look(run_id)).credits
        began = await _office(town).onboard(_wish(posts=3))
        look = await town.over(run_id)

    assert (began.new, began.before.state, began.before.code) == (True, "failed", "SERVER_MISTAKE")
    assert look.row.state == "completed"
    came = Onboarded.model_validate_json(look.row.came)
    assert (came.created, came.ingest, came.accounts, came.approved) == (False, "none", (), came.containers)
    assert (town.count(tables.projects), town.count(tables.containers), town.jobs()) == (
        1,
        1,
        ["content_generate", "project_ingest_website"],
    )
    assert (spent > 0, look.credits, town.store.spending.counted("2026-04-18").in_all) == (True, 0, spent)
    assert town.count(tables.sdk_apps) == 1


async def test_an_onboarding_under_way_or_completed_stays_as_it_is(town) -> None:
    """Issue: "resumes when called again"; only what can't go on any more is begun anew."""
    async with town.working():
        run_id = await town.onboard(posts=0, connect=("tiktok",))
        born_us = (await town.lies_by(run_id, "people")).row.born_us
        under_way = await _office(town).onboard(_wish(posts=5))
        await town.answer(town.asked("connect"), "skip")
        await town.over(run_id)
        completed = await _office(town).onboard(_wish(posts=5))
        look = await town.over(run_id)

    assert (under_way.new, completed.new, look.row.born_us) == (False, False, born_us)
    assert town.jobs() == []


async def test_a_customer_who_was_forgotten_can_come_back(town) -> None:
    """They signed up once more: what was emptied is filled by what is given now, and the daily loops take them on."""
    async with town.working():
        run_id = await town.onboard(posts=0)
        project_id = (await town.over(run_id)).row.project_id
        town.store.forget(project_id, now=town.clock.now())
        town.engine.forget([run_id])
        began = await _office(town).onboard(_wish(posts=0, name="Quinn again", timezone="Europe/Paris"))
        look = await town.over(run_id)

    known = town.store.customers.find(town.house.gate.principal, EXTERNAL_ID)
    assert (began.new, look.row.state) == (True, "completed")
    assert (known.stage, known.name, known.zone, known.project_id) == ("active", "Quinn again", "Europe/Paris", project_id)
    assert town.count(tables.projects) == 1


async def test_an_onboarding_that_was_cancelled_asks_anew_and_its_old_questions_are_closed(town) -> None:
    """A question without a run that waits for it would only mislead who answers it."""
    async with town.working():
        run_id = await town.onboard(posts=0, connect=("tiktok",))
        await town.lies_by(run_id, "people")
        first = town.asked("connect")
        await town.runner.cancel(run_id)
        began = await _office(town).onboard(_wish(posts=0, connect=("tiktok",)))
        await town.lies_by(run_id, "people")
        second = town.asked("connect")
        await town.answer(second, "skip")
        look = await town.over(run_id)

    assert (began.before.state, look.row.state) == ("cancelled", "completed")
    assert second.id != first.id


async def test_an_onboarding_that_is_cancelled_in_a_step_is_begun_anew_only_once_that_is_over(town, monkeypatch) -> None:
    """Fencing: what the step sends may still arrive, and a second turn beside it would make the same once more."""
    begun, go, posted = asyncio.Event(), asyncio.Event(), town.layers.send

    async def slow(endpoint, *args, **named):
        if endpoint is content.GENERATE:
            begun.set()
            await go.wait()
        return await posted(endpoint, *args, **named)

    async with town.working():
        with monkeypatch.context() as patched:
            patched.setattr(town.layers, "send", slow)
            run_id = await town.onboard()
            await asyncio.wait_for(begun.wait(), 60)
            await town.runner.cancel(run_id)
            early = await _office(town).onboard(_wish())
            go.set()
        await town.until(run_id, lambda look: look.row.worker is None, moving=False)
        late = await _office(town).onboard(_wish())
        await town.lies_by(run_id, "people")
        await town.decide(town.asked("review"))
        await town.over(run_id)

    assert (early.new, late.new) == (False, True)
    assert (town.count(tables.containers), town.jobs()) == (1, ["content_generate"])


async def test_of_two_who_begin_an_onboarding_anew_at_once_one_does(town) -> None:
    """The file and an agent at the same time: one run, and the other goes with it."""
    town.runner = EngineRunner(town.store, town.engine, town.clock, (), owner=town.house.gate.principal)
    run_id = await town.onboard(posts=0)
    await town.runner.cancel(run_id)

    began = await asyncio.gather(*(_office(town).onboard(_wish(posts=0)) for _ in range(8)))
    async with town.working():
        look = await town.over(run_id)

    assert sum(one.new for one in began) == 1
    assert (look.row.state, look.row.turn) == ("completed", 1)


async def test_what_people_answered_is_forgotten_with_its_run_and_a_link_long_closed_says_nothing_any_more(town) -> None:
    """Nothing is kept for good that nobody reads; what was said about a thing that lasts still counts."""
    asked = []
    async with town.working():
        run_id = await town.onboard(posts=0, connect=("tiktok",), url="http://nowhere.invalid/")
        for kind, name in (("ingest", "ingest 0 answer"), ("connect", "people")):
            await town.lies_by(run_id, name)
            asked.append(town.asked(kind))
            await town.answer(asked[-1], "skip")
        await town.over(run_id)
        town.clock.advance(KEPT - timedelta(days=1))
        await town.runner.forget(KEPT)
        young = [town.store.questions.find(town.house.gate.principal, one.id) for one in asked]
        town.clock.advance(timedelta(days=2))
        await town.runner.forget(KEPT)
        ingest, connect = (town.store.questions.find(town.house.gate.principal, one.id) for one in asked)

    assert [one.answer for one in young] == ["skip", "skip"]
    assert young[1].facts["authorizeUrl"]
    assert (ingest, connect.answer, connect.words, connect.facts) == (None, "skip", "", {})


async def test_what_is_open_or_answered_to_a_run_that_still_waits_is_never_swept(town) -> None:
    """A run that was halted for months reads its answer once it goes on."""
    known = {"principal": "p", "kind": "spend", "words": "Spend?", "options": (), "asked_at": town.clock.now(), "run_id": "r"}
    for name in ("q_open", "q_answered"):
        town.store.questions.ask(Question(id=name, **known))
    town.store.questions.answer("q_answered", "yes", by="person", now=town.clock.now())
    town.store.runs.add(RunRow(id="r", loop="toy", given="{}", state="sleeping", began_at=town.clock.now()))

    town.store.questions.sweep(town.clock.now() + timedelta(days=90), lasting=())

    assert town.store.questions.find("p", "q_open").open
    assert town.store.questions.find("p", "q_answered").answer == "yes"


class Wish(Given):
    """Nothing in particular."""


class Made(Came):
    """What came of it."""

    total: int


async def test_on_a_server_runs_are_begun_anew_and_forgotten_as_in_a_file(on_postgres, workshop_at, clock) -> None:
    """Issue 7: "with the same code on many machines with Postgres"."""
    broken = True

    async def one() -> int:
        if broken:
            raise ValueError
        return 1

    async def do(run: Run, _given: Wish) -> Made:
        return Made(total=await run.step("one", one, came=int))

    workshop, toy = workshop_at(on_postgres, on_postgres), Loop("toy", Wish, Made, do)
    async with workshop.open(toy) as runner:
        await runner.start(toy, "run", Wish())
        failed = await workshop.reaches("failed")
        asked = Question(id="q_1", principal="p", kind="spend", words="Spend?", options=(), asked_at=clock.now(), run_id="run")
        workshop.store.questions.ask(asked)
        broken = False
        before = await runner.begin_anew(toy, "run", Wish())
        completed = await workshop.reaches("completed")
        again = await runner.begin_anew(toy, "run", Wish())
        closed = workshop.store.questions.find("p", "q_1")
        clock.advance(KEPT + timedelta(days=1))
        gone = await runner.forget(KEPT)

    assert (before.state, again, gone) == ("failed", None, 1)
    assert completed.row.born_us > failed.row.born_us
    assert not closed.open
    assert workshop.store.questions.find("p", "q_1") is None
