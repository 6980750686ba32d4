"""Onboarding as a loop: one of everything for each customer, whatever people and machines do meanwhile."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import delete

from layers_mcp.contract import content, github, projects, sdk_apps, social
from layers_mcp.contract.projects import CreateProject
from layers_mcp.database import writing
from layers_mcp.gate.budget import Budget
from layers_mcp.gate.policy import Policy
from layers_mcp.loops.customer import Onboard, Onboarded
from layers_mcp.loops.office import Office
from layers_mcp.loops.onboarding import onboarding
from layers_mcp.loops.questions import RENEWALS
from layers_mcp.loops.run import key_of
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.sandbox import tables
from layers_mcp.store.asked import Question

pytestmark = pytest.mark.anyio
SAMPLE = "quinns-coffee/quinns-app"
EXTERNAL_ID = "quinn-coffee-001"
RETURN = "https://app.your-partner.com/done"
WAITS = {"id": "q_1", "principal": "p", "kind": "install", "words": "", "options": (), "asked_at": datetime(2026, 4, 18, tzinfo=UTC)}


async def test_a_customer_is_onboarded_with_people_who_take_days(town) -> None:
    """Seed 000, loop 1: project, ingest, SDK, accounts, first batch through approval; issue: it waits for people, days if need be."""
    async with town.working():
        run_id = await town.onboard(repo_full_name=SAMPLE, connect=("tiktok",), timezone="America/Los_Angeles")
        await town.lies_by(run_id, "install 3 answer 5")
        await town.answer(town.asked("install"), "link")
        await town.until(run_id, lambda look: (look.row.name or "").startswith("install 4"), moving=False)
        await town.install(town.asked("install"))
        await town.answer(town.asked("install"), "installed")
        project_id = (await town.lies_by(run_id, "people")).row.project_id
        town.clock.advance(timedelta(days=3))
        await town.lies_by(run_id, "people 6")
        await town.decide(town.asked("review"))
        stale = town.asked("connect")
        await town.answer(stale, "link")
        await town.until(run_id, lambda _: "connect" in town.kinds() and town.asked("connect").id != stale.id, moving=False)
        await town.press(town.asked("connect"))
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (came.project_id, came.created, came.ingest, came.sdk_platforms) == (project_id, True, "completed", ("ios",))
    assert came.pull_request_url.startswith(f"https://github.com/{SAMPLE}/pull/")
    assert (len(came.accounts), len(came.containers), came.approved) == (1, 1, came.containers)
    assert came.scheduled == ()
    assert town.kinds() == ["plan"]
    assert town.jobs() == ["content_generate", "project_ingest_github"]
    assert town.count(tables.projects) == 1
    links = Counter(step.name.rpartition(" ")[2] for step in look.steps if step.name.startswith("tiktok"))
    assert links["link"] == RENEWALS + 2
    assert town.store.customers.find(town.house.gate.principal, EXTERNAL_ID).stage == "active"


async def test_what_a_customer_has_already_is_found_and_not_made_again(town) -> None:
    """Seed 004, step 1: `customerExternalId` finds the project; what was read and made before is taken as it is."""
    made = await town.layers.send(projects.CREATE, CreateProject(name="Quinn", customer_external_id=EXTERNAL_ID))
    await town.review_all(made.id)
    await town.layers.send(content.GENERATE, content.GenerateContent(project_id=made.id, format="slideshow_remix"))
    async with town.working():
        run_id = await town.onboard()
        await town.lies_by(run_id, "people")
        await town.decide(town.asked("review"), approve=False)
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (came.project_id, came.created, came.ingest, came.approved) == (made.id, False, "none", ())
    assert came.rejected == came.containers
    assert (town.count(tables.projects), town.count(tables.containers), town.jobs()) == (1, 1, ["content_generate"])
    assert town.kinds() == []


async def test_an_onboarding_asked_for_twice_is_one_run(town) -> None:
    """Issue: "one call, durable; resumes when called again"."""
    async with town.working():
        run_id = await town.onboard(posts=0)
        again = await town.onboard(posts=0)
        await town.over(run_id)

    assert again == run_id
    assert town.count(tables.projects) == 1


async def test_approved_posts_go_out_by_a_standing_plan_only(town) -> None:
    """Issue: "It schedules only approved content, inside a standing plan that a person confirmed"."""
    async with town.working():
        run_id = await town.onboard(connect=("tiktok",), posts=1)
        project_id = (await town.lies_by(run_id, "people")).row.project_id
        await town.press(town.asked("connect"))
        await town.until(run_id, lambda look: any('"accounts": {"tiktok"' in step.came for step in look.steps))
        (account,) = await town.accounts(project_id)
        plan = town.plan(project_id, account)
        await town.decide(town.asked("review"))
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    (post,) = await town.posts(project_id)
    assert (came.scheduled, came.accounts) == ((post.id,), (account,))
    assert (post.container_id, post.social_account_id) == (came.containers[0], account)
    assert post.scheduled_for.strftime("%H:%M") in plan.slots
    trail = [(one.outcome, one.effect, one.confirmed_by) for one in town.store.trail.recent() if one.tool.endswith("/schedule")]
    assert trail == [("done", "speaks", "person"), ("acting", "speaks", "person")]


async def test_a_post_that_may_not_go_out_keeps_no_customer_from_the_daily_loops(town) -> None:
    """A refusal at the very end fails no onboarding, and is told: the daily loops come back to what was approved."""
    town.furnished(policy=Policy(actions={"schedule_content": "deny"}))
    async with town.working():
        run_id = await town.onboard(connect=("tiktok",))
        project_id = (await town.lies_by(run_id, "people")).row.project_id
        await town.press(town.asked("connect"))
        town.plan(project_id, *await town.accounts(project_id))
        await town.decide(town.asked("review"))
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (came.approved, came.scheduled, came.failed) == (came.containers, (), ("POLICY_FORBIDS",))
    assert town.store.customers.find(town.house.gate.principal, EXTERNAL_ID).stage == "active"


async def test_a_first_post_that_is_gone_is_waited_for_no_more(town) -> None:
    """Somebody deletes or archives it at Layers: nothing of it goes out, and the rest goes on."""
    async with town.working():
        run_id = await town.onboard()
        project_id = (await town.lies_by(run_id, "people")).row.project_id
        with writing(town.world.engine) as connection:
            connection.execute(delete(tables.containers).where(tables.containers.c.project_id == project_id))
        await town.runner.ring(f"project:{project_id}")
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (came.approved, came.rejected, town.kinds()) == ((), came.containers, [])
    assert town.store.customers.find(town.house.gate.principal, EXTERNAL_ID).stage == "active"


@pytest.mark.parametrize(("word", "made"), [("yes", 1), ("skip", 0)])
async def test_what_exceeds_a_budget_is_asked_and_only_made_with_a_yes(town, word: str, made: int) -> None:
    """design.md §5: budgets hold for loops, too; what exceeds one is a question."""
    town.furnished(Budget(call=1))
    async with town.working():
        run_id = await town.onboard()
        project_id = (await town.lies_by(run_id, "batch 0 answer")).row.project_id
        asked = town.asked("spend")
        await town.review_all(project_id)
        await town.answer(asked, word)
        if made:
            await town.lies_by(run_id, "people")
            await town.decide(town.asked("review"))
        look = await town.over(run_id)

    assert asked.facts["over"] == ["call"]
    assert [(one.word, one.weighs) for one in asked.options] == [("yes", True), ("skip", False)]
    assert town.count(tables.containers) == len(Onboarded.model_validate_json(look.row.came).containers) == made


async def test_a_source_that_can_not_be_read_is_asked_about(town) -> None:
    """Seed 004, step 3, "Failure paths": the person mends it, and it is tried again, or goes on without."""
    async with town.working():
        run_id = await town.onboard(url="http://nowhere.invalid/", posts=0)
        await town.lies_by(run_id, "ingest 0 answer")
        await town.answer(town.asked("ingest"), "again")
        await town.until(run_id, lambda look: (look.row.name or "").startswith("ingest 1 answer"))
        await town.answer(town.asked("ingest"), "skip")
        look = await town.over(run_id)

    assert Onboarded.model_validate_json(look.row.came).ingest == "skipped"
    assert look.row.state == "completed"


@pytest.mark.parametrize(
    ("url", "domain"),
    [("https://exämple.invalid/", "xn--exmple-cua.invalid"), ("https://my_shop.invalid/", None), ("https://[::1/x", None)],
)
async def test_a_source_whose_name_fits_no_sdk_app_is_no_reason_to_fail(town, url, domain) -> None:
    """layers-api, POST …/sdk-apps: only some names fit; a host in other letters has one that does, and the rest goes without an app."""
    async with town.working():
        run_id = await town.onboard(posts=0, url=url)
        await town.lies_by(run_id, "ingest 0 answer")
        await town.answer(town.asked("ingest"), "skip")
        look = await town.over(run_id)

    page = await town.layers.send(sdk_apps.LIST, sdk_apps.ListSdkApps(project_id=look.row.project_id))
    assert (look.row.state, [one.web_domain for one in page.items]) == ("completed", [domain] if domain else [])


async def test_a_halt_holds_a_run_in_its_middle_until_it_is_lifted(town) -> None:
    """design.md §4, halt: "hold our loops"; nothing is written meanwhile."""
    async with town.working():
        run_id = await town.onboard(connect=("tiktok",))
        project_id = (await town.lies_by(run_id, "people")).row.project_id
        town.house.gate.hold(project_id, by="person")
        town.clock.advance(timedelta(hours=7))
        held = await town.until(run_id, lambda look: look.row.code == "HALTED", moving=False)
        before = town.count(tables.oauth_states)
        town.clock.advance(timedelta(days=1))
        await town.until(run_id, lambda look: look.row.code == "HALTED" and look.row.turn > held.row.turn, moving=False)
        after = town.count(tables.oauth_states)
        town.house.gate.lift(project_id, by="person")
        await town.decide(town.asked("review"))
        await town.answer(town.asked("connect"), "skip")
        look = await town.over(run_id)

    assert before == after
    assert look.row.state == "completed"


async def test_an_answer_in_the_very_moment_in_which_a_link_is_made_anew_counts(town, monkeypatch) -> None:
    """A person's word is never lost: the account that was skipped is not asked for again."""
    questions = town.store.questions
    withdrawn = questions.withdraw

    def late(question_id: str, now: datetime) -> None:
        questions.answer(question_id, "skip", by="person", now=now)
        withdrawn(question_id, now)

    async with town.working():
        run_id = await town.onboard(connect=("tiktok",))
        await town.lies_by(run_id, "people")
        await town.decide(town.asked("review"))
        monkeypatch.setattr(questions, "withdraw", late)
        look = await town.over(run_id)

    assert Onboarded.model_validate_json(look.row.came).accounts == ()
    assert town.count(tables.oauth_states) == 1


async def test_customers_wait_for_the_next_day_however_early_a_day_s_writes_are_used_up(town) -> None:
    """A fan-out uses a day's writes up in three hours; who stands behind it is onboarded the day after, and not given up."""
    early = (town.clock.now() + timedelta(days=1)).replace(hour=3, minute=0, second=0)
    town.clock.advance(early - town.clock.now())
    await town.layers.send(projects.LIST, projects.ListProjects(limit=1))
    line = town.layers.pace._lines["write-light"]
    line.level = line.level._replace(used=10_000_000, day=int(early.timestamp() // 86_400), told=True)
    town.layers.pace._shelf.change("write-light", lambda _kept: (line.level, line.level))

    async with town.working():
        run_id = await town.onboard(posts=0)
        lies = await town.until(run_id, lambda look: look.row.state in ("sleeping", "failed"), moving=False)
        look = await town.over(run_id)

    assert (lies.row.code, lies.row.tries) == ("RATE_LIMITED", 0)
    assert lies.row.until - early > timedelta(hours=20)
    assert look.row.state == "completed"


class Dying:
    """A run whose process dies after each step before that is on record; a day later, when Layers has forgotten its keys, it goes on."""

    def __init__(self, town, acts) -> None:
        self.id, self.born_us, self._town, self._acts = "onboard:1", 1, town, acts

    def key(self, step: str) -> str:
        """The same key at each try."""
        return key_of(self.id, step)

    async def step(self, name: str, do, *, came):
        """Do it, die, and do it again."""
        await do()
        self._town.clock.advance(timedelta(hours=25))
        return TypeAdapter(came).validate_json(TypeAdapter(came).dump_json(await do(), by_alias=True))

    async def nap(self, name: str, *, until=None, bell=None) -> str:
        """Let people act."""
        del bell
        await self._acts(name)
        self._town.clock.advance(max(until - self._town.clock.now(), timedelta(0)))
        return "bell"

    async def about(self, **_: str) -> None:
        """Nobody lists it."""

    async def check(self) -> None:
        """Nobody holds it."""


async def test_dying_in_every_step_and_coming_back_a_day_later_makes_nothing_twice(town) -> None:
    """design.md §7: "look-up by natural key before a repeat older than 24 h"; issue: one project, one ingest, one batch, one schedule."""

    async def people(name: str) -> None:
        if name == "people 0 nap":
            asked = town.asked("connect")
            wanted = social.CreateOauthUrl(project_id=asked.project_id, platform="tiktok", return_url=RETURN)
            fresh = await town.layers.send(social.OAUTH_URL, wanted)
            await town.press(asked.model_copy(update={"facts": {"authorizeUrl": fresh.authorize_url}}))
            town.plan(asked.project_id, *await town.accounts(asked.project_id))
        elif name.startswith("people"):
            await town.decide(town.asked("review"))

    town.runner = EngineRunner(town.store, town.engine, town.clock, ())
    page = await town.layers.send(github.INSTALL_URL, github.GetInstallUrl())
    offered = [{"installationId": one.installation_id, "orgLogin": one.org_login} for one in page.sandbox_installations]
    await town.install(Question(**WAITS, facts={"sandboxInstallations": offered, "state": page.state}))
    given = Onboard(customer_external_id=EXTERNAL_ID, name="Quinn", repo_full_name=SAMPLE, connect=("tiktok",))

    came = await onboarding(town.house).do(Dying(town, people), given)

    assert (town.count(tables.projects), town.count(tables.containers), town.count(tables.posts)) == (1, 1, 1)
    assert town.jobs() == ["content_generate", "project_ingest_github"]
    assert (came.ingest, len(came.accounts), len(came.approved)) == ("completed", 1, 1)
    assert came.scheduled == ((await town.posts(came.project_id))[0].id,)


async def test_a_priority_is_kept_and_changed_by_asking_once_more_with_another(town) -> None:
    """`layers-mcp onboard` with the same file and another priority; one that is not named stays."""
    given, kept = {"customer_external_id": EXTERNAL_ID, "name": "Quinn", "posts": 0}, []
    async with town.working():
        office = Office(town.house, town.runner, [onboarding(town.house)])
        for more in ({"priority": 2}, {}, {"priority": 7}):
            await office.onboard(Onboard.model_validate(given | more))
            await town.over(office.run_of(EXTERNAL_ID))
            kept.append(office.customer(EXTERNAL_ID).priority)

    assert kept == [2, 2, 7]


async def test_a_run_that_waits_for_people_looks_rarely_while_they_do_much_and_by_itself_as_ever(town) -> None:
    """A project whose owner approves posts all day would fill the run's record, and a consent whose event is lost be found hours later."""
    async with town.working() as runner:
        run_id = await town.onboard(posts=0, connect=("tiktok",))
        await town.until(run_id, lambda look: look.row.name == "people 0 nap", moving=False)
        project_id = town.asked("connect").project_id
        for times in range(3):
            await runner.ring(f"project:{project_id}")
            await town.until(run_id, lambda look, times=times: look.row.name == f"people {times + 1} nap", moving=False)
        by_itself = (await runner.look(run_id)).row.until - town.clock.now()
        for _ in range(20):
            await runner.ring(f"project:{project_id}")
            await town.until(run_id, lambda look: look.row.name == "people 3 gathers" and look.row.state == "sleeping", moving=False)
        steps = [step.name for step in (await runner.look(run_id)).steps if step.name.startswith("people")]

    assert by_itself <= timedelta(minutes=1)
    assert len(steps) == 8


async def test_content_that_no_loop_posts_any_more_is_no_first_post(town) -> None:
    """An approved "Merry Christmas sale!" of 50 days ago goes out by no plan, and the post that was asked for is made."""
    made = await town.layers.send(projects.CREATE, CreateProject(name="Quinn", customer_external_id=EXTERNAL_ID, timezone="UTC"))
    wanted = content.GenerateContent(project_id=made.id, format="slideshow_remix", brief=content.Brief(hook="Merry Christmas sale!"))
    old = (await town.layers.send(content.GENERATE, wanted)).container_ids[0]
    town.clock.advance(timedelta(days=50))
    async with town.working():
        run_id = await town.onboard(connect=("tiktok",))
        await town.lies_by(run_id, "people")
        await town.press(town.asked("connect"))
        town.plan(made.id, *await town.accounts(made.id))
        await town.decide(town.asked("review"))
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (len(came.containers), old in came.containers, len(came.scheduled)) == (1, False, 1)
    assert [one.container_id for one in await town.posts(made.id)] == list(came.containers)


async def test_the_project_of_another_customer_is_never_taken_however_layers_filters(town, monkeypatch) -> None:
    """What would be made, read and posted there would be a stranger's: only the very id that was asked for counts."""
    other = await town.layers.send(projects.CREATE, CreateProject(name="Ann", customer_external_id="ann-1", timezone="UTC"))
    send = town.layers.send

    async def loosely(endpoint, request, **named):
        loose = projects.ListProjects() if endpoint is projects.LIST else request
        return await send(endpoint, loose, **named)

    monkeypatch.setattr(town.layers, "send", loosely)
    async with town.working():
        run_id = await town.onboard(posts=0)
        look = await town.over(run_id)

    came = Onboarded.model_validate_json(look.row.came)
    assert (came.created, came.project_id == other.id, town.count(tables.projects)) == (True, False, 2)
