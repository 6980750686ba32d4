"""The tools of the loops: one call onboards, people are asked in one queue, and only a person's plan lets posts out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.store.asked import Customer, Option, Question
from layers_mcp.tool.asking import Said

pytestmark = pytest.mark.anyio
SAMPLE = "quinns-coffee/quinns-app"
CUSTOMER = {"customerExternalId": "quinn-1", "name": "Quinns Coffee Co", "timezone": "America/Los_Angeles"}
SLOTS = {"slots": ["10:00", "18:30"], "postsADay": 2, "until": "2026-05-31"}


class Person:
    """A client that can ask, and whose person always says the same."""

    said = None

    def __init__(self, answer: str = "yes") -> None:
        self._answer = answer

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """What the person says."""
        del question, within_s
        return Said(answer=self._answer, token=token)


async def until(story, kind: str | None) -> dict:
    """The customer's run once it waits by a question of this kind, or with None is over; time goes on meanwhile, where it lies."""
    async with asyncio.timeout(60):
        while True:
            run = await story.call("get_run", customerExternalId="quinn-1", waitSeconds=0)
            kinds = [one["kind"] for one in run["result"].get("questions", [])]
            if kind in kinds or (kind is None and run["status"] in ("done", "failed")):
                return run
            if lies := run["result"].get("liesUntil"):
                story.clock.advance(max(datetime.fromisoformat(lies) - story.clock.now(), timedelta(0)))
            await asyncio.sleep(0.02)


async def over(story, run_id: str) -> dict:
    """A run, once it is over."""
    async with asyncio.timeout(30):
        while True:
            run = await story.call("get_run", runId=run_id, waitSeconds=0)
            if run["status"] != "running":
                return run
            await asyncio.sleep(0.02)


def asked(run: dict, kind: str) -> dict:
    """The question of a kind that a run waits by."""
    return next(one for one in run["result"]["questions"] if one["kind"] == kind)


def put(story, **given) -> Question:
    """A question that a loop has left."""
    options = (Option(word="yes", means="It is done.", weighs=True), Option(word="no", means="It is not."))
    known = {"id": "q_1", "kind": "spend", "words": "Spend 9 credits?", "options": options, "asked_at": story.clock.now(), **given}
    return story.store.questions.ask(Question(principal=story.house.gate.principal, **known))


async def test_one_call_onboards_and_says_what_people_have_to_do(story) -> None:
    """Issue: `onboard_customer`: "one call, durable, progress; resumes when called again"."""
    async with story.working():
        begun = await story.call("onboard_customer", **CUSTOMER, repoFullName=SAMPLE, connect=["tiktok"], waitSeconds=0)
        facts = asked(await until(story, "install"), "install")["facts"]
        (offered,) = [one for one in facts["sandboxInstallations"] if one["orgLogin"] == "quinns-coffee"]
        pair = {"installationId": offered["installationId"], "state": facts["state"]}
        again = await story.call("onboard_customer", **CUSTOMER, repoFullName=SAMPLE, connect=["tiktok"], **pair, waitSeconds=0)
        waits = await until(story, "review")
        await story.press({"result": asked(waits, "connect")["facts"]})
        await story.yes("approve_content", containerIds=asked(waits, "review")["facts"]["containerIds"])
        done = await until(story, None)

    assert again["result"]["runId"] == begun["result"]["runId"]
    assert (waits["status"], done["status"], done["result"]["state"]) == ("needs_action", "done", "completed")
    steps = {step["name"]: step.get("requests", {}) for step in done["result"]["steps"]}
    cost = done["result"]["cost"]
    assert steps["project"]["write-light"] == 1
    assert cost["requests"]["long-running"] == 3  # an ingest that lacked the App, one that had it, a batch
    assert cost["credits"] == story.spent(done["result"]["projectId"]) > 0
    assert cost["waitedSeconds"] > 0
    came = done["result"]["came"]
    assert (came["ingest"], len(came["accounts"]), len(came["approved"])) == ("completed", 1, 1)
    assert [step["name"] for step in done["result"]["steps"]][:2] == ["project", "ingest 0"]


async def test_the_key_of_an_sdk_app_that_an_onboarding_made_is_kept_nowhere_and_a_person_is_told_how_to_see_one(story, tmp_path) -> None:
    """Layers-api: POST …/sdk-apps shows it once, and a rotation shows a new one; nobody uses the first."""
    async with story.working():
        await story.call("onboard_customer", **CUSTOMER, url="https://nowhere.invalid/", posts=0, waitSeconds=0)
        waits = await until(story, "ingest")
        await story.call("answer_question", questionId=asked(waits, "ingest")["questionId"], answer="skip")
        done = await until(story, None)
        first = done["next"][0]
        seen = await story.yes(first["tool"], **first["arguments"])

    assert (first["tool"], done["result"]["came"]["sdk_key_unseen"]) == ("update_sdk_app", True)
    assert seen["result"]["app"]["apiKey"].startswith("lsk_")
    kept = [one for one in tmp_path.rglob("*.db*") if one.name.startswith(("engine", "layers"))]
    assert kept
    assert not any(b"lsk_" in one.read_bytes() for one in kept)


async def test_an_onboarding_that_failed_is_begun_anew_by_the_same_call_which_says_so_and_why(story, monkeypatch) -> None:
    """Issue 8: the way on after a failure is the call that began it; the code of what went wrong is told, once."""

    def broken(*_: object) -> None:
        raise ValueError

    async with story.working():
        with monkeypatch.context() as patched:
            patched.setattr(story.store.customers, "keep", broken)
            await story.call("onboard_customer", **CUSTOMER, posts=0, waitSeconds=0)
            await until(story, None)
            failed = await story.result("get_run", customerExternalId="quinn-1", waitSeconds=0)
        anew = await story.result("onboard_customer", **CUSTOMER, posts=0, waitSeconds=0)
        done = await until(story, None)

    assert "is failed (SERVER_MISTAKE). onboard_customer begins it anew." in failed.text
    assert "The onboarding failed (SERVER_MISTAKE) and was begun anew, with what is given now;" in anew.text
    assert (anew.record["result"]["runId"], done["status"]) == (failed.record["result"]["runId"], "done")


async def test_arguments_that_do_not_go_together_are_refused_by_name(story) -> None:
    """House style: an error says what happened, with the value's name."""
    both = await story.call("onboard_customer", **CUSTOMER, repoFullName=SAMPLE, url="https://quinnscoffee.com")
    alone = await story.call("onboard_customer", **CUSTOMER, repoFullName=SAMPLE, state="gh_1")
    none = await story.call("get_run")
    unknown = await story.call("get_run", runId="onboard:nobody")

    assert [one["error"]["code"] for one in (both, alone, none, unknown)] == ["VALIDATION", "VALIDATION", "VALIDATION", "NOT_FOUND"]
    paths = [one["error"]["details"]["issues"][0]["path"] for one in (both, alone, none)]
    assert paths == ["repoFullName", "installationId", "runId"]


async def test_an_answer_that_spends_takes_a_yes_and_any_other_does_not(story) -> None:
    """Issue: `answer_question` through the gate; control where the answer speaks or spends."""
    put(story)
    put(story, id="q_2")

    listed = await story.call("list_questions", kind="spend")
    preview = await story.call("answer_question", questionId="q_1", answer="yes")
    declined = await story.call(
        "answer_question", questionId="q_1", answer="yes", confirm=preview["confirmation"]["handle"], asker=Person("no")
    )
    still = story.house.office.question("q_1")
    done = await story.yes("answer_question", questionId="q_1", answer="yes")
    plain = await story.call("answer_question", questionId="q_2", answer="no")
    late = await story.call("answer_question", questionId="q_2", answer="yes")
    wrong = await story.call("answer_question", questionId="q_2", answer="maybe")

    assert [one["questionId"] for one in listed["result"]["questions"]] == ["q_1", "q_2"]
    assert (preview["status"], declined["status"], still.open) == ("confirmation_required", "canceled", True)
    assert (done["status"], plain["status"]) == ("done", "done")
    assert [story.house.office.question(one).answer for one in ("q_1", "q_2")] == ["yes", "no"]
    assert (late["error"]["code"], wrong["error"]["code"]) == ("CONFLICT", "VALIDATION")
    assert (await story.call("list_questions"))["result"]["returned"] == 0


@pytest.mark.parametrize(("theirs", "ends"), [("yes", "failed"), ("no", "done")])
async def test_who_answers_after_somebody_else_hears_what_counts(story, monkeypatch, theirs: str, ends: str) -> None:
    """The first answer is what the loop goes by."""
    put(story)
    office = story.house.office
    inner = office.answer

    async def overtaken(question: Question, word: str, *, by: str) -> bool:
        assert await inner(question, theirs, by="person")
        return await inner(question, word, by=by)

    monkeypatch.setattr(office, "answer", overtaken)
    said = await story.call("answer_question", questionId="q_1", answer="no")

    assert said["status"] == ends
    assert ends == "done" or (said["error"]["code"], "was answered with yes" in said["error"]["message"]) == ("CONFLICT", True)
    assert office.question("q_1").answer == theirs


async def test_questions_come_in_pages_and_a_made_up_cursor_is_refused(story) -> None:
    """Lists say `returned`, `hasMore`, `nextCursor`."""
    for number in range(25):
        put(story, id=f"q_{number:02}")

    first = (await story.call("list_questions"))["result"]
    second = (await story.call("list_questions", cursor=first["nextCursor"]))["result"]
    wrong = await story.call("list_questions", cursor="tomorrow")

    assert (first["returned"], first["hasMore"], second["returned"], second["hasMore"]) == (20, True, 5, False)
    assert wrong["error"]["details"]["issues"][0]["path"] == "cursor"


async def test_a_yes_to_exclude_a_creative_is_carried_out_by_the_answer(story) -> None:
    """Issue: retire asks for `exclude`; a loop never overrides, the person's answer does."""
    project = await story.project()
    ((container, _),) = await story.fed(project, 2)
    creative = (await story.call("list_ads_content", projectId=project))["result"]["items"][0]["adsContentId"]
    options = (Option(word="exclude", means="Ads take it no more.", weighs=True), Option(word="no", means="Its score decides."))
    put(story, kind="exclude", project_id=project, options=options, facts={"adsContentId": creative})

    await story.call("answer_question", questionId="q_1", answer="exclude")
    before = (await story.call("list_ads_content", projectId=project))["result"]["items"][0].get("override")
    await story.yes("answer_question", questionId="q_1", answer="exclude")
    after = (await story.call("list_ads_content", projectId=project))["result"]["items"][0]

    assert container
    assert (before, after["override"]) == (None, "exclude")
    assert story.house.office.question("q_1").answer == "exclude"


async def test_a_plan_takes_a_persons_own_yes_and_is_ended_without_asking(story) -> None:
    """Issue: a standing plan that a person confirmed once through the gate: accounts, slots, posts a day, end date, revocable."""
    project = await story.project()
    account = await story.account(project)
    put(story, kind="plan", project_id=project, options=())
    wanted = {"projectId": project, "socialAccountIds": [account], **SLOTS}

    agents = await story.yes("set_plan", **wanted)
    none = story.house.office.plan(project)
    handle = (await story.call("set_plan", **wanted, asker=Person()))["confirmation"]["handle"]
    done = await story.call("set_plan", **wanted, confirm=handle, asker=Person())
    plan = story.house.office.plan(project)
    ended = await story.call("set_plan", projectId=project, revoke=True)

    assert (agents["status"], none) == ("needs_action", None)
    assert (done["status"], done["confirmedBy"], plan.confirmed_by) == ("done", "person", "person")
    assert (plan.accounts, plan.slots, plan.a_day, plan.zone) == ((account,), ("10:00", "18:30"), 2, "America/Los_Angeles")
    assert not story.house.office.question("q_1").open
    assert (ended["status"], story.house.office.plan(project)) == ("done", None)
    assert "no plan" in (await story.call("set_plan", projectId=project, revoke=True))["summary"]


async def test_a_plan_that_no_loop_would_act_on_says_so_before_and_after_the_yes(story) -> None:
    """Nobody shall wait for posts of a project that no loop runs for."""
    project = await story.project(customerExternalId="quinn-1")
    wanted = {"projectId": project, "socialAccountIds": [await story.account(project)], **SLOTS}
    told = "No loop runs for this project yet"

    shown = await story.call("set_plan", **wanted, asker=Person())
    done = await story.call("set_plan", **wanted, confirm=shown["confirmation"]["handle"], asker=Person())
    active(story, project)
    known = await story.call("set_plan", **wanted, asker=Person())

    assert told in shown["summary"]
    assert told in done["summary"]
    assert [step["tool"] for step in done["next"]] == ["onboard_customer"]
    assert done["next"][0]["arguments"]["customerExternalId"] == "quinn-1"
    assert told not in known["summary"]


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("until", {"until": "2026-04-01"}),
        ("until", {"until": "2026-13-01"}),
        ("until", {"until": "2028-01-01"}),
        ("slots", {"slots": []}),
        ("slots", {"slots": ["10:00", "10:00"]}),
        ("socialAccountIds", {"socialAccountIds": []}),
        ("socialAccountIds", {"socialAccountIds": ["sa_other"]}),
    ],
)
async def test_a_plan_that_can_not_stand_is_refused_by_name(story, path: str, given: dict) -> None:
    """House style: an error says what happened, with the value's name."""
    project = await story.project()
    wanted = {"projectId": project, "socialAccountIds": [await story.account(project)], **SLOTS, **given}

    refused = await story.call("set_plan", **wanted)

    assert refused["error"]["details"]["issues"][0]["path"] == path


async def test_what_is_of_another_project_is_neither_shown_nor_answered(story) -> None:
    """Setting LAYERS_PROJECTS, and tokens narrowed to projects."""
    own, other = await story.project(customerExternalId="own"), await story.project(customerExternalId="other")
    fenced = replace(story.house, projects=frozenset({own}))
    put(story, project_id=other)
    put(story, id="q_2", project_id=own)

    listed = await story.call("list_questions", house=fenced)
    answered = await story.call("answer_question", house=fenced, questionId="q_1", answer="no")
    begun = await story.call("onboard_customer", house=fenced, **CUSTOMER, waitSeconds=0)
    run = await story.call("get_run", house=fenced, customerExternalId="other")

    assert [one["questionId"] for one in listed["result"]["questions"]] == ["q_2"]
    assert [one["error"]["code"] for one in (answered, begun, run)] == ["NOT_FOUND", "OUTSIDE_PROJECTS", "NOT_FOUND"]
    assert story.house.office.customer("quinn-1") is None


def active(story, project: str, *, external_id: str = "quinn-1", zone: str = "America/Los_Angeles") -> None:
    """A customer who takes part in the daily loops."""
    owner, now = story.house.gate.principal, story.clock.now()
    known = Customer(principal=owner, external_id=external_id, name="Quinn", zone=zone, asked={}, since=now)
    story.store.customers.keep(known)
    story.store.customers.belongs(owner, external_id, project)
    story.store.customers.move(owner, external_id, "active", now)


async def test_a_day_is_run_once_whoever_asks_for_it(story) -> None:
    """Issue: `run_loop`; the day's run under its daily id, so that calling twice, or after the dispatcher, is one run."""
    project = await story.project()
    active(story, project)
    wanted = {"loop": "optimization", "customerExternalId": "quinn-1"}

    async with story.working():
        none = await story.call("get_run", **wanted)
        begun = await story.call("run_loop", **wanted, waitSeconds=0)
        done = await over(story, begun["result"]["runId"])
        again = await story.call("run_loop", loop="optimization", projectId=project, waitSeconds=0)
        dispatcher = Dispatcher(
            store=story.store,
            runner=story.runner(),
            clock=story.clock,
            principal=story.house.gate.principal,
            loops={"opt": story.loops[2], "p2l": story.loops[1]},
        )
        await dispatcher.tick()
        story.clock.advance(timedelta(days=1))
        await dispatcher.tick()
        tomorrow = await story.call("get_run", projectId=project, loop="optimization", waitSeconds=0)

    assert none["error"]["code"] == "NOT_FOUND"
    assert (begun["status"], done["status"], done["result"]["loop"]) == ("running", "done", "optimization")
    assert (done["result"]["projectId"], done["result"]["customerExternalId"]) == (project, "quinn-1")
    assert again["result"]["runId"] == begun["result"]["runId"]
    assert begun["result"]["runId"].endswith(story.clock.now().date().isoformat()[:8] + f"{story.clock.now().day - 1:02}")
    assert tomorrow["result"]["runId"] != begun["result"]["runId"]
    assert len(story.store.runs.recent(loop="optimization")) == 2


async def test_a_day_that_can_not_be_run_is_refused_with_the_way_out(story) -> None:
    """Issue: refusals name the field and the way out."""
    project, other = await story.project(), await story.project(customerExternalId="other")
    active(story, other, external_id="other")
    loop = {"loop": "publish_to_learn", "waitSeconds": 0}
    fenced = replace(story.house, projects=frozenset({project}))

    unknown = await story.call("run_loop", **loop, customerExternalId="nobody")
    nobodys = await story.call("run_loop", **loop, projectId=project)
    both = await story.call("run_loop", **loop, projectId=project, customerExternalId="other")
    outside = await story.call("run_loop", **loop, house=fenced, customerExternalId="other")
    story.store.customers.keep(
        Customer(principal=story.house.gate.principal, external_id="young", name="Y", zone="UTC", asked={}, since=story.clock.now())
    )
    young = await story.call("run_loop", **loop, customerExternalId="young")
    await story.call("halt", projectId=other)
    halted = await story.call("run_loop", **loop, customerExternalId="other")

    refused = [one["error"] for one in (unknown, nobodys, both, outside, young, halted)]
    assert [one["code"] for one in refused] == ["NOT_FOUND", "NOT_FOUND", "VALIDATION", "NOT_FOUND", "CONFLICT", "HALTED"]
    paths = [one["details"]["issues"][0]["path"] for one in refused[:4]]
    assert paths == ["customerExternalId", "projectId", "customerExternalId", "customerExternalId"]
    assert refused[0]["message"].startswith("customerExternalId names no customer of the loops; onboard_customer")
    assert "get_run" in refused[4]["message"]
    assert story.store.runs.recent() == ()
