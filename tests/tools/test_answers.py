"""The reference shows a call of each tool and what came of it. Both are from a run of the sandbox, and this is that run."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import layers_mcp.tools
from layers_mcp.commands.reference import reference
from layers_mcp.store.asked import Customer
from layers_mcp.tools.catalog import TOOLS
from layers_mcp.tools.examples import ANSWERS, EXAMPLES, answers

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]

REPO = "quinns-coffee/quinns-app"
CHANCE = re.compile(
    r"\b(?:cf|q)_[\w-]+|\b[a-z]+_[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}\b|\binstrument-\w+|\b[a-z_]+_[0-9A-HJKMNP-TV-Z]{26}\b|\b[0-9a-f]{16,}\b"
    r"|\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?(?:Z|[+-]\d\d:\d\d)?|127\.0\.0\.1:\d+|\d+(?:\.\d+)?"
)
"""What may differ from run to run: ids, handles, digests, days, ports, numbers."""
SECRET = re.compile(r"\blsk_[\w-]+")
RUNS = ("onboard_customer", "run_loop", "get_run")
"""How often these look while others work is chance."""
WAIT = ("wait_for_job", "run_optimizer", "refresh_keywords", "ingest_listing", "onboard_customer", "get_run")


def _alike(text):
    return CHANCE.sub("…", text)


def _onboarded(story, project):
    """The customer of the example, as an onboarding leaves them."""
    owner, customers = story.house.gate.principal, story.store.customers
    zone = EXAMPLES["create_project"]["timezone"]
    customers.keep(Customer(principal=owner, external_id="quinn-1", name="Quinn", zone=zone, asked={}, since=story.clock.now()))
    customers.belongs(owner, "quinn-1", project)
    customers.move(owner, "quinn-1", "active", story.clock.now())


async def _lived(story, paid_of, furnish):
    """A customer with one of everything, and what the examples say otherwise for it: by tool, by argument."""
    project = (await story.call("create_project", **EXAMPLES["create_project"]))["result"]["project"]["id"]
    asked = (await story.call("ingest_repo", projectId=project, repoFullName=REPO))["next"][0]["arguments"]
    await story.call("ingest_repo", **asked, waitSeconds=900)
    ids = await furnish(story, paid_of(story.world, project), project) | {"customerExternalId": "quinn-1"}
    await story.world.work_done()
    ready = await story.approved(project, hook="Ready to go out.")
    await story.yes("pause_loops", **EXAMPLES["pause_loops"] | {"projectId": project})
    return ids, {
        "create_project": {"customerExternalId": "quinn-2"},
        "ingest_repo": asked | {"waitSeconds": 900},
        "schedule_content": {
            "containerId": ready,
            "scheduledFor": story.at(days=1),
            "targets": [{"socialAccountId": ids["socialAccountId"]}],
        },
        "reschedule_post": {"scheduledFor": story.at(days=2)},
        "set_plan": {"socialAccountIds": [ids["socialAccountId"]]},
        "approve_content": {"containerIds": [ids["containerId"]]},
        "answer_question": {"answer": "no"},
        "call": {"arguments": EXAMPLES["call"]["arguments"] | {"projectId": project}},
        "run_loop": {"loop": "optimization", "waitSeconds": 900},
        **{name: {"waitSeconds": 900} for name in WAIT},
    }


async def test_the_answers_of_the_reference_are_those_of_a_run(story, paid_of, furnish, tmp_path, request):
    """Issue 8: "every tool with a real example call and answer taken from a run". `--update-snapshots` writes them anew."""
    ids, otherwise = await _lived(story, paid_of, furnish)
    made = {}
    async with story.working():
        for tool in sorted(TOOLS, key=lambda one: one.name == "halt"):
            if tool.name == "run_loop":
                _onboarded(story, ids["projectId"])
            given = {name: ids.get(name, value) for name, value in EXAMPLES[tool.name].items()} | otherwise.get(tool.name, {})
            answer = await story.result(tool.name, **given)
            assert "error" not in answer.record, tool.name
            assert answer.record["status"] != "failed", tool.name
            if tool.name == "add_app_media":  # a project has one logo, and this is it from now on
                ids["mediaId"] = answer.record["result"]["media"]["id"]
            assert answer.record["status"] != "running", tool.name
            made[tool.name] = {"arguments": given, "answer": SECRET.sub("lsk_…", answer.text).replace(str(tmp_path), "…")}
    if request.config.getoption("--update-snapshots"):
        kept = Path(layers_mcp.tools.__path__[0]) / ANSWERS
        kept.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    assert list(answers()) == list(made)
    for name, one in made.items():
        assert set(answers()[name]["arguments"]) == set(one["arguments"]), name
        if name not in RUNS:
            assert _alike(answers()[name]["answer"]) == _alike(one["answer"]), name


def test_the_reference_has_every_tool_with_its_call_and_its_answer():
    """`layers-mcp tools --markdown`."""
    parts = reference().split("\n## ")[1:]

    assert [part.partition("\n")[0] for part in parts] == [f"`{tool.name}`" for tool in TOOLS]
    for tool, part in zip(TOOLS, parts, strict=True):
        called = re.search(r"```json\n(.*?)\n```", part, flags=re.DOTALL)
        assert json.loads(called[1]) == answers()[tool.name]["arguments"]
        assert answers()[tool.name]["answer"] in part
        assert tool.description in part
