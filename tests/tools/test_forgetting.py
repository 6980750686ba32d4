"""`layers-mcp forget`: one customer leaves, in every file of the state folder, beside servers that run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from layers_mcp.contract import jobs, projects
from layers_mcp.contract.jobs import GetJob
from layers_mcp.contract.projects import GetProject
from layers_mcp.sandbox import forgetting, tables

pytestmark = pytest.mark.anyio
PLANTS = (b"Zebrafinch", b"zebrafinch.example", b"Quokkaword")
OTHER = b"Narwhalstays"


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, run by a program, while this process has the folder open."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LAYERS_")}
    settings = {**kept, "LAYERS_STATE_DIR": str(folder), "COLUMNS": "200"}
    line = [sys.executable, "-m", "layers_mcp", *words]
    return subprocess.run(line, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False)


def holding(folder: Path, word: bytes) -> list[str]:
    """The files whose bytes hold a word."""
    return [place.name for place in folder.rglob("*") if place.is_file() and word in place.read_bytes()]


async def onboarded(story, paid_of, word: str) -> tuple[str, str, str]:
    """A project with a brand, a post that is scheduled, and ads, with its word everywhere; project, post, job."""
    brand = {"tagline": f"{word} for all.", "appDescription": f"The {word} app."}
    external = f"{word.lower()}.example"
    project = await story.project(name=f"{word} Co", customerExternalId=external)
    await story.call("update_project", projectId=project, brandContext=brand)
    made = await story.call("generate_content", projectId=project, waitSeconds=900, format="slideshow_remix", hook=f"{word} caption.")
    post, job = made["result"]["containers"][0]["id"], made["result"]["job"]["jobId"]
    account = await story.account(project)
    await story.yes("approve_content", containerIds=[post], note=f"{word} is fine.")
    target = {"socialAccountId": account, "captionOverride": "Quokkaword" if word == "Zebrafinch" else word}
    await story.yes("schedule_content", containerId=post, scheduledFor=story.at(days=1), targets=[target])
    paid = paid_of(story.world, project)
    paid.campaign(paid.account(name=f"{word} shop"), name=f"{word} launch", hooks=(f"{word} ad",))
    return project, post, job


async def test_nothing_of_a_forgotten_customer_is_left_in_any_file(story, paid_of, tmp_path):
    """Issue 5: forget removes a customer's texts and media while the chain still verifies; the bytes of the files are the proof."""
    project, post, job = await onboarded(story, paid_of, "Zebrafinch")
    other, _, _ = await onboarded(story, paid_of, "Narwhalstays")
    before = {word: holding(tmp_path, word) for word in (*PLANTS, OTHER)}
    media = tmp_path / "media" / post

    said = command(tmp_path, "forget", project.removeprefix("prj_").upper(), "--yes")

    assert said.returncode == 0, said.stderr
    assert all(before.values())
    assert [holding(tmp_path, word) for word in PLANTS] == [[], [], []]
    assert holding(tmp_path, OTHER)
    assert not media.exists()
    assert all(line in said.stdout for line in ("containers: 1", "campaigns: 1", "files: ", "At the live API nothing was deleted"))
    assert story.store.trail.flaw() is None
    entry = story.store.trail.recent(limit=1)[0]
    assert (entry.tool, entry.outcome, entry.project_id, entry.how) == ("forget", "done", project, "command")
    left = await story.layers.send(projects.GET, GetProject(project_id=project))
    assert (left.name, left.status, left.brand_context, left.owner_email) == (forgetting.NAME, "archived", None, None)
    assert "items" not in (await story.call("list_content", projectId=project))["result"]
    assert (await story.layers.send(jobs.GET, GetJob(job_id=job))).over
    assert (await story.call("generate_content", projectId=project, hook="Hi."))["error"]["code"] == "CONFLICT"
    assert (await story.call("update_project", projectId=other, name="Goes on"))["status"] == "done"
    assert "Nothing of" in command(tmp_path, "forget", project, "--yes").stdout


async def test_work_that_runs_for_a_forgotten_customer_ends_and_brings_nothing_back(story, tmp_path):
    """A running server must not bring texts back."""
    project = await story.project(name="Zebrafinch Co")
    started = await story.call("generate_content", projectId=project, waitSeconds=0, format="slideshow_remix", hook="Zebrafinch caption.")

    done = forgetting.forget(tmp_path, project, wall_now=story.clock.now())
    await story.world.work_done()

    assert done is not None
    assert (done.clean, done.counts["work"]) == (True, 1)
    assert holding(tmp_path / "media", b"") == []
    assert (await story.layers.send(jobs.GET, GetJob(job_id=started["result"]["job"]["jobId"]))).status == "canceled"


def test_every_table_of_the_sandbox_is_thought_of():
    """A table that is added is deleted from, emptied, or holds nothing of a customer."""
    named = [table.name for table in (*forgetting.GONE, *forgetting.EMPTIED, *forgetting.LEFT)]

    assert sorted(named) == sorted(tables.TABLES.tables)


def test_an_unknown_project_is_nothing_to_forget(tmp_path):
    """No world, no project: said, and recorded."""
    said = command(tmp_path, "forget", "prj_00000000-0000-4000-8000-000000000001", "--yes")

    assert (said.returncode, "Nothing of prj_00000000" in said.stdout) == (0, True)
    assert not (tmp_path / "sandbox.db").exists()
