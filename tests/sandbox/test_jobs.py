"""Jobs: progress, ETag, cancel, speed, and work that fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.repository import child
from layers_mcp.sandbox.trades import TRADES
from layers_mcp.sandbox.world import World

pytestmark = pytest.mark.anyio


async def test_progress_rises_through_the_stages_and_never_falls(house):
    """layers-api: concepts/jobs: progress never moves back."""
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    await house.world.work_done()

    seen = []
    for _ in range(34):
        shown = await house.get(f"/v1/jobs/{job}")
        seen.append((shown["progress"], shown["stage"], shown["status"], "result" in shown))
        house.wait(10)

    assert [progress for progress, *_ in seen] == sorted(progress for progress, *_ in seen)
    assert list(dict.fromkeys(stage for _, stage, *_ in seen)) == [
        "cloning",
        "analyzing",
        "generating_sdk_patch",
        "opening_pr",
        "finalizing",
    ]
    assert seen[-1] == (1, "finalizing", "completed", True)
    assert not any(revealed for *_, revealed in seen[:-1])


async def test_a_canceled_ingest_ends_at_the_stage_boundary_and_leaves_nothing(house):
    """layers-api: concepts/jobs, cancel is cooperative."""
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    house.wait(50)

    taken = await house.post(f"/v1/jobs/{job}/cancel", status=202)
    await house.post(f"/v1/jobs/{job}/cancel", status=202)
    still = await house.get(f"/v1/jobs/{job}")
    house.wait(90)
    over = await house.get(f"/v1/jobs/{job}")
    late = await house.post(f"/v1/jobs/{job}/cancel", status=200)
    house.wait(600)

    assert taken == {"jobId": job, "accepted": True}
    assert (still["status"], over["status"], over["finishedAt"]) == ("running", "canceled", "2026-04-18T17:24:34Z")
    assert late == {"jobId": job, "accepted": False, "reason": "ALREADY_CANCELED"}
    assert (await house.get(project))["brandContext"] is None
    await house.world.work_done()


async def test_a_stage_that_can_not_be_undone_refuses_a_cancel(house):
    """layers-api: concepts/jobs, JOB_CANCEL_UNAVAILABLE."""
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    await house.world.work_done()
    house.wait(275)

    refused = await house.post(f"/v1/jobs/{job}/cancel", status=409)
    house.wait(100)
    late = await house.post(f"/v1/jobs/{job}/cancel")

    assert refused["error"]["details"] == {"subcode": "JOB_CANCEL_UNAVAILABLE", "jobId": job, "stage": "opening_pr"}
    assert late["reason"] == "ALREADY_COMPLETED"


async def test_an_etag_holds_until_the_job_moves(house):
    """layers-api: concepts/jobs, If-None-Match."""
    project = await house.project()
    job = (await house.post(f"{project}/content", {}, status=202))["jobId"]
    await house.get(f"/v1/jobs/{job}")
    tag = house.answer.headers["ETag"]

    await house.get(f"/v1/jobs/{job}", status=304, If_None_Match=tag)
    empty, same = house.answer.content, house.answer.headers["ETag"]
    house.wait(10)
    await house.get(f"/v1/jobs/{job}", If_None_Match=tag)

    assert (empty, same) == (b"", tag)
    assert house.answer.headers["ETag"] != tag


async def test_faster_jobs_leave_the_calendar_alone(tmp_path, clock, house):
    """Design §8: embedded, only job durations shrink."""
    world = await World.open(tmp_path / "fast", wall=clock, job_speed=60)
    fast = type(house)(world, clock)
    project = await fast.project()
    job = (await fast.post(f"{project}/content", {"format": "slideshow_remix"}, status=202))["jobId"]
    await world.work_done()

    fast.wait(2.25)
    shown = await fast.get(f"/v1/jobs/{job}")

    assert (shown["status"], shown["finishedAt"]) == ("completed", "2026-04-18T17:22:16.250Z")
    await fast.client.aclose()
    await world.close()


async def test_a_child_that_keeps_crashing_fails_the_job(house, monkeypatch):
    """Design §8: work is done once; it is never stuck for ever."""
    tries = []

    async def broken(errand, folder):
        tries.append(errand)
        raise OSError

    monkeypatch.setitem(TRADES, "repository", replace(TRADES["repository"], carry_out=broken))
    project = await house.project()
    await house.installation()

    job = await house.ingest(project)

    assert len(tries) == 3
    assert (job["status"], job["error"]["code"]) == ("failed", "INTERNAL")


async def test_work_that_ran_out_of_its_time_is_not_done_again(house, monkeypatch):
    """Design §8: a reading is bounded; what took all of its time once would take it again."""
    tries = []

    async def slow(errand, folder):
        del folder
        tries.append(errand)
        return await child.run(errand, Limits(at_most_s=0.05))

    monkeypatch.setitem(TRADES, "repository", replace(TRADES["repository"], carry_out=slow))
    project = await house.project()
    await house.installation()

    job = await house.ingest(project)

    assert len(tries) == 1
    assert (job["status"], job["error"]["code"]) == ("failed", "INTERNAL")
    assert "took longer than 0.05 seconds; connect a smaller repository" in job["error"]["message"]


async def test_work_of_a_canceled_job_is_dropped_while_it_runs(house, monkeypatch):
    """Design §8: a canceled job makes nothing; a lease is renewed only for work that is still wanted."""
    from layers_mcp.sandbox import work  # noqa: PLC0415

    started, ended = asyncio.Event(), asyncio.Event()

    async def slow(errand, folder):
        started.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    monkeypatch.setitem(TRADES, "repository", replace(TRADES["repository"], carry_out=slow))
    monkeypatch.setattr(work, "_RENEW_S", 0.02)
    project = await house.project()
    await house.installation()
    job = (await house.post(f"{project}/ingest/github", {"repoFullName": "quinns-coffee/quinns-app"}, status=202))["jobId"]
    await asyncio.wait_for(started.wait(), 30)

    await house.post(f"/v1/jobs/{job}/cancel", status=202)
    await asyncio.wait_for(ended.wait(), 30)
    house.wait(20)

    assert (await house.get(f"/v1/jobs/{job}"))["status"] == "canceled"


async def test_a_scripted_failure_of_an_ingest_reads_nothing(house):
    """Design §8: job failed with a given code."""
    from layers_mcp.sandbox.faults import Fault  # noqa: PLC0415

    project = await house.project()
    await house.installation()
    house.world.script(Fault(path="/v1/projects/{projectId}/ingest/github", job_error="SDK_PATCH_GENERATION_FAILED"))

    job = await house.ingest(project)

    assert (job["status"], job["error"]["code"]) == ("failed", "SDK_PATCH_GENERATION_FAILED")
