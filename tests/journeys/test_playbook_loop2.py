"""Loop 2 of the playbook seed and its override, as printed, under Node; only host, key and ids are filled in."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

PLAYBOOK = (Path(__file__).parents[1] / "seed" / "agent-playbook.txt").read_text(encoding="utf-8")
WAIT = re.search(r"Set this up once as a helper:\n\n(.*?)\n\nEvery code sample below uses this helper\.", PLAYBOOK, re.DOTALL)[1]
LOOP_2 = re.search(r"The agent version:\n\n(.*?)\n\nThe critical design choice", PLAYBOOK, re.DOTALL)[1]
OVERRIDE = re.search(r"Overriding a decision:\n\n(.*?)\n\nSee optimizer decisions", PLAYBOOK, re.DOTALL)[1]
CALLED = '\nconst learned = await runPublishToLearn("{project}");'


def _send(sandbox, method: str, path: str, body: dict | None = None) -> dict:
    answer = httpx2.request(method, f"{sandbox.root}{path}", json=body, headers={"Authorization": f"Bearer {sandbox.key}"})
    return answer.raise_for_status().json()


def _published(sandbox, project: str, account: str) -> None:
    started = _send(sandbox, "POST", f"/v1/projects/{project}/content", {"brief": {"hook": "Skip the line."}})
    sandbox.until(f"/v1/jobs/{started['jobId']}", lambda job: job["status"] == "completed")
    targets = {"targets": [{"socialAccountId": account}]}
    post = _send(sandbox, "POST", f"/v1/content/{started['containerIds'][0]}/publish", targets)["scheduledPostIds"][0]
    sandbox.until(f"/v1/scheduled-posts/{post}", lambda shown: shown["status"] == "published")


def _customer(sandbox) -> tuple[str, str]:
    """A project without a review, and its account."""
    project = _send(sandbox, "POST", "/v1/projects", {"name": "Acme", "timezone": "UTC"})["id"]
    _send(sandbox, "PATCH", f"/v1/projects/{project}/content-review-policy", {"policy": "auto_approve"})
    asked = {"platform": "tiktok", "returnUrl": "https://app.your-partner.com/done"}
    begun = _send(sandbox, "POST", f"/v1/projects/{project}/social/oauth-url", asked)
    sandbox.allow(begun["authorizeUrl"])
    consent = sandbox.get(f"/v1/social/oauth-status/{begun['state']}")
    return project, consent["socialAccountId"]


@pytest.mark.long
def test_loop_2_of_the_playbook_works_as_printed(sandbox, program):
    """Seed 000, Loop 2 and "Overriding a decision": a fresh project is skipped, a winner is cloned, an override is kept."""
    project, account = _customer(sandbox)
    node = program("ts")
    node.run(WAIT, gives=("waitForJob",))
    wait = 'import { waitForJob } from "./step_1.mts";'
    code = LOOP_2 + CALLED.format(project=project)

    fresh = node.run(code, takes=wait, gives=("learned",)).gave["learned"]
    for _ in range(2):
        _published(sandbox, project, account)
    httpx2.post(f"{sandbox.root}/_sandbox/advance", json={"seconds": 3 * 86_400}).raise_for_status()
    loop = node.run(code, takes=wait, gives=("learned",))
    creative = sandbox.get(f"/v1/projects/{project}/ads-content")["items"][0]["adsContentId"]
    named = f'const projectId = "{project}", adsContentId = "{creative}";'
    overridden = node.run(OVERRIDE, takes=named)

    top, started, *polls = loop.exchanges
    assert fresh == {"skipped": True, "reason": "no_performance_data"}
    assert (top["status"], started["status"], polls[-1]["body"]["status"]) == (200, 202, "completed")
    assert loop.gave["learned"] == {
        "containerId": started["body"]["containerIds"][0],
        "topPerformerId": top["body"]["items"][0]["platformPostId"],
    }
    made = [sandbox.get(f"/v1/content/{one}") for one in polls[-1]["body"]["containerIds"]]
    assert [one["clonedFrom"] for one in made] == [top["body"]["items"][0]["sourceId"]] * 2
    assert [(one["method"], one["status"], one["body"]["override"]) for one in overridden.exchanges] == [("PATCH", 200, "include")]
    assert node.close() == (0, "")
