"""Pausing loops: a yes to exactly that, nothing begins and nothing goes on meanwhile, and all who ask are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from layers_mcp.loops.dispatching import Dispatcher
from layers_mcp.store.asked import Customer
from layers_mcp.store.rows import EVERY, Halt
from layers_mcp.tool.asking import Said

pytestmark = pytest.mark.anyio
CUSTOMER = {"customerExternalId": "quinn-1", "name": "Quinns Coffee Co"}
DAY = {"loop": "optimization", "customerExternalId": "quinn-1", "waitSeconds": 0}


class Person:
    """A client that can ask, and whose person says yes."""

    said = None

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """Yes."""
        del question, within_s
        return Said(answer="yes", token=token)


@pytest.fixture
async def project(story) -> str:
    """Of a customer who takes part in the daily loops."""
    made, owner = await story.project(), story.house.gate.principal
    known = Customer(principal=owner, external_id="quinn-1", name="Quinn", zone="UTC", asked={}, since=story.clock.now())
    story.store.customers.keep(known)
    story.store.customers.belongs(owner, "quinn-1", made)
    story.store.customers.move(owner, "quinn-1", "active", story.clock.now())
    return made


async def reaches(story, run_id: str, *, status: str | None = None, code: str | None = None) -> dict:
    """A run, once it has come to that; where it lies, time goes on."""
    async with asyncio.timeout(30):
        while True:
            run = await story.call("get_run", runId=run_id, waitSeconds=0)
            if run["status"] == status or (code is not None and run["result"].get("code") == code):
                return run
            story.clock.advance(timedelta(minutes=5))
            await asyncio.sleep(0.02)


async def test_a_pause_shows_what_rests_and_a_resuming_what_runs_again(story, project) -> None:
    """Issue 7: pause_loops and resume_loops are control; the yes is bound to what was shown."""
    preview = await story.call("pause_loops", projectId=project, loop="optimization")
    before = story.house.office.held()
    paused = await story.yes("pause_loops", projectId=project, loop="optimization")
    (held,) = story.house.office.held()
    refused = await story.call("run_loop", **DAY)
    asked = await story.call("resume_loops", customerExternalId="quinn-1")
    resumed = await story.yes("resume_loops", customerExternalId="quinn-1")
    none = await story.call("resume_loops", projectId=project)

    (item,) = preview["confirmation"]["items"]
    assert (preview["status"], before) == ("confirmation_required", ())
    assert (item["id"], item["before"], item["facts"]["loops"]) == (f"{project}:optimization", "runs", ["optimization"])
    assert (held.what, held.by, paused["result"]["pauses"][0]["loop"]) == ("optimization", "agent", "optimization")
    assert refused["error"]["code"] == "CONFLICT"
    assert "optimization of project" in refused["error"]["message"]
    assert "is paused by an assistant since 2026-" in refused["error"]["message"]
    assert "resume_loops" in refused["error"]["message"]
    assert asked["confirmation"]["items"][0]["before"].startswith("optimization of project")
    assert (resumed["status"], story.house.office.held()) == ("done", ())
    assert none["error"]["code"] == "CONFLICT"


async def test_what_a_person_paused_takes_a_persons_own_yes_to_resume(story) -> None:
    """As with halt: what a person holds back only a person lets go."""
    handle = (await story.call("pause_loops", asker=Person()))["confirmation"]["handle"]
    await story.call("pause_loops", confirm=handle, asker=Person())
    (held,) = story.house.office.held()

    agents = await story.yes("resume_loops")
    still = story.house.office.held()
    handle = (await story.call("resume_loops", asker=Person()))["confirmation"]["handle"]
    done = await story.call("resume_loops", confirm=handle, asker=Person())

    assert (held.by, held.project_id, held.what) == ("person", EVERY, "loops")
    assert (agents["status"], still) == ("needs_action", (held,))
    assert (done["status"], done["confirmedBy"], story.house.office.held()) == ("done", "person", ())


async def test_an_onboarding_lies_at_its_next_step_while_it_is_paused_and_goes_on_after(story) -> None:
    """Issue 7: running steps end, runs lie down at the next step as with halt; get_run says by whom and since when."""
    await story.yes("pause_loops", loop="onboarding")
    async with story.working():
        begun = await story.call("onboard_customer", **CUSTOMER, posts=0, waitSeconds=0)
        lies = await reaches(story, begun["result"]["runId"], code="PAUSED")
        projects = await story.call("get_project")
        await story.yes("resume_loops", loop="onboarding")
        done = await reaches(story, begun["result"]["runId"], status="done")

    assert lies["result"]["held"].startswith("onboarding of all projects is paused by an assistant since 2026-")
    assert "It rests: onboarding of all projects is paused" in lies["summary"]
    assert projects["result"]["returned"] == 0
    assert (done["status"], done["result"].get("held")) == ("done", None)


async def test_the_dispatcher_starts_no_paused_day_and_makes_up_for_it_once(story, project) -> None:
    """Issue 7: honoured by the dispatcher, per loop, per project, or all."""
    loops = {"p2l": story.loops[1], "opt": story.loops[2]}
    owner = story.house.gate.principal
    one = Dispatcher(store=story.store, runner=story.runner(), clock=story.clock, principal=owner, loops=loops)

    async def passes(days: int) -> list[str]:
        for _ in range(days * 48):
            await one.tick()
            story.clock.advance(timedelta(minutes=30))
        return sorted(row.loop for row in story.store.runs.recent())

    story.store.halts.hold(Halt(project_id=EVERY, what="optimization", at=story.clock.now(), principal="x", by="person"))
    story.store.halts.hold(Halt(project_id=project, what="publish_to_learn", at=story.clock.now(), principal="x", by="person"))
    none = await passes(3)
    alerts = story.house.office.health().alerts
    late = [alert.code for alert in alerts]
    story.store.halts.lift(project, by="person", what="publish_to_learn")
    some = await passes(0), await passes(1)
    story.store.halts.lift(EVERY, by="person", what="optimization")
    await one.tick()
    both = await passes(0)

    assert (none, late) == ([], ["LOOPS_PAUSED", "LOOPS_PAUSED"])
    assert all(str(alert.facts["since"]) in alert.words and alert.words[0].isupper() for alert in alerts)
    assert some[1] in (["publish_to_learn"], ["publish_to_learn"] * 2)
    assert both.count("optimization") == 1


async def test_health_says_what_rests_by_whom_and_since_when_and_only_of_ones_own(story, project) -> None:
    """Issue 7: get_health says that it is paused."""
    other = await story.project(customerExternalId="other")
    await story.yes("pause_loops", projectId=other)
    await story.yes("pause_loops", projectId=project, loop="publish_to_learn")

    everything = (await story.call("get_health"))["result"]["alerts"]
    fenced = replace(story.house, projects=frozenset({project}))
    own = (await story.call("get_health", house=fenced))["result"]["alerts"]
    outside = await story.call("pause_loops", house=fenced, projectId=other)
    two = replace(story.house, projects=frozenset({project, other}))
    all_of_them = await story.call("pause_loops", house=two)

    assert {(one["code"], one["projectId"]) for one in everything} == {("LOOPS_PAUSED", other), ("LOOPS_PAUSED", project)}
    (alert,) = own
    assert alert["projectId"] == project
    assert alert["words"].startswith("Publish_to_learn of project")
    assert "is paused by an assistant since 2026-" in alert["words"]
    assert [one["error"]["code"] for one in (outside, all_of_them)] == ["OUTSIDE_PROJECTS", "OUTSIDE_PROJECTS"]


async def test_a_pause_within_a_wider_one_is_told_as_that(story, project) -> None:
    """A person must not believe that something runs when it does not."""
    await story.yes("pause_loops", projectId=project)
    await story.yes("pause_loops")

    alone = await story.call("resume_loops", projectId=project, loop="optimization")
    shown = await story.call("resume_loops", projectId=project)
    lifted = await story.yes("resume_loops", projectId=project)
    unknown = await story.call("pause_loops", customerExternalId="nobody")
    both = await story.call("pause_loops", customerExternalId="quinn-1", projectId=project)

    assert "all loops of" in alone["error"]["message"]
    assert "rests all the same: all loops of all projects are paused" in shown["confirmation"]["items"][0]["after"]
    assert "Still: all loops of all projects are paused" in lifted["summary"]
    assert (unknown["error"]["code"], both["error"]["code"]) == ("NOT_FOUND", "VALIDATION")
