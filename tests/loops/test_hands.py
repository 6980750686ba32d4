"""What a loop may do, and what nothing lets it do."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import layers_mcp.loops
from layers_mcp.contract import content, jobs, projects, publishing, review, social
from layers_mcp.contract.errors import Halted, LayersError, OutsideProjects, PolicyForbids
from layers_mcp.contract.projects import CreateProject, GetProject
from layers_mcp.contract.publishing import ScheduleContent, Target
from layers_mcp.contract.scalars import full_project
from layers_mcp.contract.table import TABLE
from layers_mcp.gate.policy import Policy
from layers_mcp.loops.allowed import MAKES, PLANNED, WRITES
from layers_mcp.loops.hands import Hands
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
_NEVER = re.compile(r"approve|reject|override|ads|optimizer|approval|release|lease|recommendations|keys|authority|publish|reschedule")


async def a_project(town, **given: str) -> str:
    """A project's whole id."""
    return full_project((await town.layers.send(projects.CREATE, CreateProject(name="Quinn", **given))).id)


def test_loops_approve_override_and_release_nothing() -> None:
    """Issue: "It never approves, overrides or releases"; the lists are closed, and each entry stands in the table."""
    known = {one.name: one for one in TABLE}
    named = {*WRITES, *MAKES, *PLANNED}

    assert named <= set(known)
    assert [one for one in named if _NEVER.search(known[one].path)] == []
    assert not any(known[one].method == "GET" for one in named)
    assert {*WRITES.values(), *MAKES.values(), *PLANNED.values()} <= {one.name for one in TOOLS}


def test_loops_send_by_their_hands_only() -> None:
    """No loop has another way to Layers than `Hands`: only that module takes the client in hand."""
    folder = Path(layers_mcp.loops.__file__).parent
    named = [file.name for file in folder.glob("*.py") if "client.layers" in file.read_text(encoding="utf-8")]

    assert named == ["hands.py"]


@pytest.mark.parametrize(
    ("endpoint", "asked"),
    [
        (review.APPROVE, review.ApproveContent(container_id="cnt_1")),
        (review.REJECT, review.RejectContent(container_id="cnt_1")),
        (review.SET_POLICY, review.SetReviewPolicy(project_id="prj_1", policy="auto_approve")),
        (publishing.PUBLISH, publishing.PublishContent(container_id="cnt_1", targets=(Target(social_account_id="sa_1"),))),
        (
            publishing.SCHEDULE,
            ScheduleContent(container_id="c", targets=(Target(social_account_id="s"),), scheduled_for="2026-12-01T00:00Z"),
        ),
        (content.GENERATE, content.GenerateContent(project_id="prj_1")),
        (jobs.CANCEL, jobs.CancelJob(job_id="job_1")),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
async def test_what_stands_in_no_list_is_never_sent(town, endpoint, asked) -> None:
    """Same place, at the door; what costs credits or speaks has a door of its own."""
    with pytest.raises(PolicyForbids):
        await Hands(town.house, "test").send(endpoint, asked)


async def test_a_write_passes_the_gate_as_the_loops_own_and_stands_in_the_trail(town) -> None:
    """design.md §3: the gate is used by every tool call and by the loops."""
    hands = Hands(town.house, "onboarding")

    made = await hands.send(projects.CREATE, CreateProject(name="Quinn"), key="k1")
    town.house.gate.hold(None)
    with pytest.raises(Halted):
        await hands.send(projects.CREATE, CreateProject(name="Other"), key="k2")

    rows = [(one.principal, one.tool, one.outcome) for one in town.store.trail.recent()]
    whose, tool = f"{town.house.gate.principal}/loops", "onboarding POST /v1/projects"
    assert rows == [(whose, tool, "HALTED"), (whose, tool, "done")]
    assert (await hands.send(projects.GET, GetProject(project_id=made.id))).name == "Quinn"


async def test_what_the_policy_denies_of_a_tool_it_denies_a_loop(town) -> None:
    """`Policy`: `deny` in `actions`; a policy that names generation wants a yes to each."""
    project = await a_project(town)
    denied = Hands(town.furnished(policy=Policy(actions={"generate_content": "deny"})), "test")
    asks = Hands(town.furnished(policy=Policy(actions={"generate_content": "ask"})), "test")
    wanted = content.GenerateContent(project_id=project, format="slideshow_remix")

    with pytest.raises(PolicyForbids):
        await denied.make(content.GENERATE, wanted, key="k1", wanted=("slideshow_remix", 1), agreed=10_000)
    made = await asks.make(content.GENERATE, wanted, key="k2", wanted=("slideshow_remix", 1))

    assert (made.begun, made.over) == (None, ("policy",))
    assert town.jobs() == []


async def test_a_loop_keeps_to_the_projects_that_the_server_may_touch(town) -> None:
    """Setting LAYERS_PROJECTS."""
    mine, other = await a_project(town), await a_project(town, customer_external_id="other")
    hands = Hands(town.furnished(projects=frozenset({mine})), "test")

    with pytest.raises(OutsideProjects):
        await hands.send(social.OAUTH_URL, social.CreateOauthUrl(project_id=other, platform="tiktok", return_url="https://a.example/"))
    assert (await hands.send(projects.GET, GetProject(project_id=mine))).name == "Quinn"


async def test_credits_of_what_was_refused_are_given_back(town) -> None:
    """Purse: what surely did not happen counts no longer."""
    project = await a_project(town)
    hands, wanted = Hands(town.house, "test"), content.GenerateContent(project_id="prj_2481fa5c-a404-44ed-a561-565392499abc")

    with pytest.raises(LayersError):
        await hands.make(content.GENERATE, wanted, key="k1", wanted=("auto", 1))
    made = await hands.make(content.GENERATE, wanted.model_copy(update={"project_id": project}), key="k2", wanted=("auto", 1))

    assert made.begun is not None
    assert not hands.gate.purse.knows(["k1"])
    assert hands.gate.purse.knows(["k2"])


async def test_a_plan_that_was_revoked_or_says_otherwise_lets_nothing_out(town) -> None:
    """Issue: the plan is revocable; accounts and end date hold at the moment of each schedule."""
    project, hands = await a_project(town), Hands(town.house, "test")
    plan = town.plan(project, "sa_1", until=date(2026, 4, 20))

    def wanted(account: str, at: datetime) -> ScheduleContent:
        return ScheduleContent(container_id="cnt_1", targets=(Target(social_account_id=account),), scheduled_for=at)

    fits = datetime(2026, 4, 20, 10, tzinfo=UTC)
    for account, at in (("sa_2", fits), ("sa_1", datetime(2026, 4, 21, 10, tzinfo=UTC))):
        with pytest.raises(PolicyForbids):
            await hands.schedule(wanted(account, at), plan, key="k1")
    town.store.plans.revoke(hands.owner, project, town.clock.now())
    with pytest.raises(PolicyForbids):
        await hands.schedule(wanted("sa_1", fits), plan, key="k1")
    assert await town.posts(project) == []


async def test_a_plan_that_is_revoked_while_a_post_waits_for_its_turn_lets_it_out_no_more(town, monkeypatch) -> None:
    """A request may wait for minutes until there is room for it; the plan holds at the moment at which it goes out."""
    project, hands = await a_project(town), Hands(town.house, "test")
    plan = town.plan(project, "sa_1", until=date(2026, 4, 20))
    at = datetime(2026, 4, 20, 10, tzinfo=UTC)
    inner = town.layers.send

    async def waits(endpoint, request, **more):
        town.store.plans.revoke(hands.owner, project, town.clock.now())
        return await inner(endpoint, request, **more)

    monkeypatch.setattr(town.layers, "send", waits)
    with pytest.raises(PolicyForbids):
        await hands.schedule(
            ScheduleContent(container_id="cnt_1", targets=(Target(social_account_id="sa_1"),), scheduled_for=at), plan, key="k1"
        )
