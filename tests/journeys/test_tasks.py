"""A client that knows tasks holds a wait as one: on whichever process, and without power over the work."""

from __future__ import annotations

import time
from typing import Any

import httpx2

KNOWS_TASKS = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
PATIENCE_S = 60


def over(wire: Any, task_id: str) -> dict[str, Any]:
    """The task, when nothing is waited for any more."""
    end = time.monotonic() + PATIENCE_S
    while (task := wire.request("tasks/get", {"taskId": task_id})["result"])["status"] == "working":
        assert time.monotonic() < end, task
        time.sleep(0.2)  # another process works: there is nothing else to wait on
    return task


def test_a_task_outlives_its_process_and_giving_it_up_ends_no_work(serve, sandbox):
    """Issue 8: the task's id resolves through the store to the job's wait, resumed on another process; cancel cancels no job."""
    settings = {"LAYERS_BASE_URL": sandbox.root, "LAYERS_API_KEY": sandbox.key}  # its jobs stand still until its world is advanced
    first = serve(**settings)
    first.capabilities = KNOWS_TASKS
    project = first.call("create_project", {"name": "Quinns Coffee Co"})["result"]["project"]["id"]
    wanted = {"projectId": project, "format": "slideshow_remix"}
    kept, left = (first.result("generate_content", {**wanted, "hook": hook}) for hook in ("Skip the line.", "Your cafe."))
    seen = first.request("tasks/get", {"taskId": kept["taskId"]})["result"]
    first.close()

    second = serve(**settings)
    second.capabilities = KNOWS_TASKS
    second.request("tasks/cancel", {"taskId": left["taskId"]})
    httpx2.post(f"{sandbox.root}/_sandbox/advance", json={"seconds": 600}).raise_for_status()
    ended, given_up = over(second, kept["taskId"]), over(second, left["taskId"])
    second.capabilities = {}
    job = second.call("wait_for_job", {"jobId": left["statusMessage"].split()[1], "waitSeconds": PATIENCE_S})

    assert (kept["resultType"], kept["status"], seen["status"]) == ("task", "working", "working")
    assert ended["status"] == "completed"
    assert ended["result"]["structuredContent"]["result"]["job"]["containerIds"]
    assert given_up["status"] == "cancelled"
    assert (job["status"], job["result"]["job"]["status"]) == ("done", "completed")
