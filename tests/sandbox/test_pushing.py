"""A branch reaches the customer's repository only in the stage that refuses a cancel, and once."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from layers_mcp.clock import HandClock
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.trades import TRADES
from layers_mcp.sandbox.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]

UP_TO_OPENING_S, OPENING_S, FINALIZING_S = 270, 20, 40


def _git(folder: Path, *words: str) -> str:
    author = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    return subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def _commit(work: Path, name: str, text: str) -> None:
    (work / name).write_text(text)
    _git(work, "add", "-A")
    _git(work, "commit", "-qm", name)


class Shop:
    """A house whose one repository is a bare one that takes branches."""

    def __init__(self, house: Any, bare: Path) -> None:
        self.house = house
        self.bare = bare

    def branches(self) -> str:
        """What the customer's repository holds of ours."""
        return _git(self.bare, "branch", "--list", "layers/*")

    async def start(self) -> str:
        """A started ingest whose reading is done."""
        self.project = await self.house.project()
        asked = {"repoFullName": "acme/shop", "installationId": self.installation}
        job = (await self.house.post(f"{self.project}/ingest/github", asked, status=202))["jobId"]
        await self.house.world.work_done()
        return job


@pytest.fixture
async def shop(tmp_path: Path, clock: HandClock, house):
    """An open world that may push."""
    work, bare = tmp_path / "work", tmp_path / "acme" / "shop.git"
    work.mkdir()
    _git(work, "init", "-q", "-b", "main")
    _commit(work, "logo.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>\n')
    _commit(work, "index.html", "<!doctype html><html><head><title>Acme Shop</title></head><body></body></html>\n")
    _git(tmp_path, "clone", "-q", "--bare", "work", str(bare))
    world = await World.open(tmp_path / "own", wall=clock, repositories=[f"acme/shop={bare}"], push=True)
    made = Shop(type(house)(world, clock), bare)
    offered = (await made.house.get("/v1/github/installation/install-url"))["sandboxInstallations"]
    made.installation = next(item["installationId"] for item in offered if item["orgLogin"] == "acme")
    await made.house.installation(made.installation)
    yield made
    await made.house.client.aclose()
    await world.close()


async def test_a_canceled_ingest_leaves_nothing_in_the_repository_and_nothing_beside_the_state(shop, tmp_path):
    """layers-api: concepts/jobs: a job that was canceled has made nothing; seed 004, step 3."""
    job = await shop.start()
    kept = list((tmp_path / "own" / "patches").iterdir())

    await shop.house.post(f"/v1/jobs/{job}/cancel", status=202)
    shop.house.wait(3600)
    await shop.house.world.work_done()

    assert kept
    assert (await shop.house.get(f"/v1/jobs/{job}"))["status"] == "canceled"
    assert shop.branches() == ""
    assert [file.name for file in (tmp_path / "own" / "patches").iterdir()] == []
    assert not (tmp_path / "own" / "logos").exists() or list((tmp_path / "own" / "logos").iterdir()) == []


async def test_the_branch_is_pushed_when_the_job_opens_its_pull_request(shop):
    """layers-api: concepts/jobs, opening_pr; the stage waits for what is really done in it."""
    job = await shop.start()
    shop.house.wait(UP_TO_OPENING_S - 1)
    await shop.house.world.work_done()
    before = shop.branches()
    shop.house.wait(1)
    await shop.house.post(f"/v1/jobs/{job}/cancel", status=409)

    await shop.house.world.work_done()
    pushed = shop.branches()
    shop.house.wait(OPENING_S + FINALIZING_S)
    done = await shop.house.get(f"/v1/jobs/{job}")

    assert before == ""
    assert pushed == done["result"]["branch"]
    assert done["result"]["pushed"] is True
    assert _git(shop.bare, "rev-parse", pushed) == done["result"]["commit"]
    assert done["finishedAt"] == "2026-04-18T17:27:44Z"


async def test_a_job_is_held_in_opening_pr_until_its_branch_is_there(shop, monkeypatch):
    """Design §8: work that must really be done comes first; the base branch may have moved meanwhile."""
    job = await shop.start()
    monkeypatch.setattr(shop.house.world._worker, "_claim", lambda: None)
    shop.house.wait(3600)
    held = await shop.house.get(f"/v1/jobs/{job}")
    early = (await shop.house.get(shop.project))["brandContext"]
    monkeypatch.undo()
    work = shop.bare.parents[1] / "work"
    _commit(work, "README.md", "# Moved on\n")
    _git(work, "push", "-q", str(shop.bare), "main")

    await shop.house.world.work_done()
    shop.house.wait(FINALIZING_S)
    done = await shop.house.get(f"/v1/jobs/{job}")

    assert (held["status"], held["stage"], early) == ("running", "opening_pr", None)
    assert (done["status"], done["finishedAt"]) == ("completed", "2026-04-18T18:22:54Z")
    assert _git(shop.bare, "rev-parse", shop.branches()) == done["result"]["commit"]


async def test_a_push_whose_end_nobody_wrote_down_is_done_again_and_changes_nothing(shop, monkeypatch):
    """Design §8: safe under kill -9."""
    job = await shop.start()
    shop.house.wait(UP_TO_OPENING_S)
    truly, pushes = TRADES["repository"].carry_out, []

    async def broken_off(errand, folder):
        pushes.append(await truly(errand, folder))
        if len(pushes) == 1:
            raise OSError
        return pushes[-1]

    monkeypatch.setitem(TRADES, "repository", replace(TRADES["repository"], carry_out=broken_off))
    await shop.house.world.work_done()
    shop.house.wait(OPENING_S + FINALIZING_S)

    assert len(pushes) == 2
    assert (await shop.house.get(f"/v1/jobs/{job}"))["status"] == "completed"
    with shop.house.world.engine.connect() as connection:
        assert len(connection.execute(select(tables.pulls)).all()) == 1


async def test_a_branch_of_that_name_fails_the_job_in_opening_pr_and_makes_nothing(shop):
    """Seed 004, step 3, "Failure paths"; nothing of another's is written over."""
    job = await shop.start()
    _git(shop.bare, "branch", f"layers/instrument-{job[-8:].lower()}", "main")
    shop.house.wait(UP_TO_OPENING_S)

    await shop.house.world.work_done()
    shop.house.wait(OPENING_S)
    failed = await shop.house.get(f"/v1/jobs/{job}")

    assert (failed["status"], failed["stage"], failed["error"]["code"]) == ("failed", "opening_pr", "PLATFORM_ERROR")
    assert (await shop.house.get(shop.project))["brandContext"] is None


async def test_a_repository_that_is_gone_by_then_fails_the_job(shop):
    """The source is a stranger's; it may go at any time."""
    job = await shop.start()
    shop.bare.rename(shop.bare.with_name("gone.git"))
    shop.house.wait(UP_TO_OPENING_S)

    await shop.house.world.work_done()
    shop.house.wait(OPENING_S)

    assert (await shop.house.get(f"/v1/jobs/{job}"))["error"]["code"] == "PLATFORM_ERROR"
