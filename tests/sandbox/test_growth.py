"""The growth demo: six weeks of a customer, there from the first look, and in nobody's way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from layers_mcp.clock import HandClock
from layers_mcp.sandbox.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def _opened(house, folder):
    clock = HandClock(datetime(2026, 6, 1, 12, tzinfo=UTC))
    world = await World.open(folder, wall=clock, demo=True)
    return type(house)(world, clock)


async def _closed(demo) -> None:
    await demo.client.aclose()
    await demo.world.close()


async def test_a_world_has_the_demo_only_when_it_is_asked_for(house):
    """Issue 4: the embedded sandbox has it; others don't."""
    assert (await house.get("/v1/projects"))["items"] == []


async def test_the_demo_is_six_weeks_old_and_listed_last(tmp_path, house):
    """Issue 4: there from the first call beside what the user creates."""
    demo = await _opened(house, tmp_path / "demo")
    await demo.project("Mine")

    mine, old = (await demo.get("/v1/projects"))["items"]
    whole = await demo.get(f"/v1/projects/{old['id']}")
    seen = await demo.get(f"/v1/projects/{old['id']}/metrics?scope=project&id={old['id']}&since=2026-04-20T00:00:00Z")
    best = (await demo.get(f"/v1/projects/{old['id']}/top-performers?metric=conversions"))["items"]
    credit = await demo.get("/v1/credits")

    assert (mine["name"], old["createdAt"]) == ("Mine", "2026-04-20T12:00:00Z")
    assert (whole["metadata"], whole["brandContext"]["appName"]) == ({"demo": "true"}, "Tidewise")
    assert seen["totals"]["posts_published"] == 36
    assert best[0]["conversions"] > 0
    assert (credit["available"], credit["reservedCredits"]) == (credit["balance"], 0)
    await _closed(demo)


async def test_the_demo_is_made_once_and_the_same_in_every_world(tmp_path, house):
    """Issue 4: deterministic."""

    async def shown(folder):
        demo = await _opened(house, tmp_path / folder)
        projects = (await demo.get("/v1/projects"))["items"]
        best = await demo.get(f"/v1/projects/{projects[0]['id']}/top-performers?metric=views&includeIneligible=true")
        await _closed(demo)
        return len(projects), best

    first, again, other = [await shown(folder) for folder in ("one", "one", "two")]

    assert first == again == other
    assert first[0] == 1


async def test_no_source_of_the_demo_has_more_than_five_clones(tmp_path, house):
    """Seed 000, loop 2: what a customer who keeps to the cap leaves behind."""
    demo = await _opened(house, tmp_path / "demo")
    project = (await demo.get("/v1/projects"))["items"][0]["id"]

    made = (await demo.get(f"/v1/projects/{project}/content?limit=200"))["items"]
    sources = [one["clonedFrom"] for one in made if one["clonedFrom"]]

    assert sources
    assert max(sources.count(one) for one in sources) <= 5
    assert {one["status"] for one in made} == {"completed"}
    await _closed(demo)


async def _optimized(demo) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]], list[int]]:
    """What the optimizer did with the demo's ads: the log, oldest first; what waits; and the campaign's budgets in their order."""
    project = (await demo.get("/v1/projects"))["items"][0]["id"]
    log = (await demo.get(f"/v1/audit-log?projectId={project}&limit=200"))["items"][::-1]
    done = [(one["occurredAt"], one["eventType"], one["data"]["outcome"]) for one in log if "outcome" in one["data"]]
    waits = (await demo.get(f"/v1/projects/{project}/ads/meta/pending"))["items"]
    moved = [one["data"]["runId"] for one in log if one["eventType"] == "ads.update_budget"]
    runs = [(await demo.get(f"/v1/projects/{project}/ads/optimizer/runs/{run}"))["decisions"] for run in moved]
    budgets = [one["newValue"]["dailyBudgetCents"] for run in runs for one in run if one["action"] == "update_budget"]
    return done, [(one["createdAt"], one["actionType"]) for one in waits], budgets


async def test_the_demos_ads_were_optimized_the_same_way_in_every_world(tmp_path, house):
    """Issue 4: some of it done, some waiting for a yes; budgets rose while creatives were fresh and fell when they had tired."""
    seen = []
    for folder in ("one", "two"):
        demo = await _opened(house, tmp_path / folder)
        seen.append(await _optimized(demo))
        await _closed(demo)
    done, waits, budgets = seen[0]

    assert seen[0] == seen[1]
    assert {event for _, event, outcome in done if outcome == "dispatched"} == {"ads.update_budget"}
    assert {event for _, event, outcome in done if outcome == "pending"} == {"ads.push_creative", "ads.replace_creative"}
    assert waits
    assert budgets[0] > 6_000
    assert max(budgets) > budgets[-1]
