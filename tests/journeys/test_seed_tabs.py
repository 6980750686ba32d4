"""The TypeScript and the Python of the onboarding seed, as printed, under Node and Python; only host and ids are filled in.

What a tab leaves is handed to the tabs after it as the guide means it: `project`, `jobId`; `project_id` is "Save `project.id`" (step 1).
The steps that the guide prints as curl alone are looked up between the tabs, where a tab needs an id of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SEED = (Path(__file__).parents[1] / "seed" / "onboard-customer.txt").read_text(encoding="utf-8")
FROM_CREATE = 'import { randomUUID, project } from "./step_1.mts";'
PROJECT_ID = 'from step_1 import project\nproject_id = project["id"]'
RETURN_URL = "https://app.your-partner.com/customers/quinn/social-complete"
PRINTED = [
    ("POST", "/v1/projects", 201),
    ("POST", "/v1/github/installation", 200),
    ("POST", "/v1/projects/:projectId/ingest/github", 202),
    ("POST", "/v1/projects/:projectId/content", 202),
    ("POST", "/v1/projects/:projectId/social/oauth-url", 200),
]
"""The endpoints of the steps that have tabs, with the status that each prints."""


def fill_state(sandbox):
    """The state that GitHub would bring back to the partner (step 2)."""
    sandbox.ids["gh_state_01HXA1NHKJZXPV8R7Q6WSM5BCD"] = sandbox.get("/v1/github/installation/install-url")["state"]


def fill_influencer(sandbox, project):
    """The influencer that the customer would pick (step 5)."""
    sandbox.ids["inf_01H9..."] = sandbox.get(f"/v1/projects/{project}/influencers")["items"][0]["influencerId"]


def consented(sandbox, project, url, state):
    """Step 8 to its end: the owner allows on the page, comes back with layers_state and status=success, and the state is polled."""
    back = sandbox.allow(url)
    status = sandbox.get(f"/v1/projects/{project}/social/oauth-status?state={state}")
    account = sandbox.get(f"/v1/projects/{project}/social-accounts")["items"][0]["socialAccountId"]
    assert back == f"{RETURN_URL}?layers_state={state}&status=success"
    return status == {"state": state, "status": "completed", "socialAccountId": account}


def sent(tabs, project):
    """Method, path and status of every request, the project's id put back as the guide's `:projectId`."""
    return [(one["method"], one["path"].replace(project, ":projectId"), one["status"]) for tab in tabs for one in tab.exchanges]


def test_every_sample_of_the_seed_is_run(samples):
    """Five steps have a tab of each language, and step 3 has waitForJob besides; losing one would weaken the replay unseen."""
    tabs = re.findall(r'<Tab value="(TypeScript|Python)">', SEED)

    assert len(samples["ts"]) == SEED.count("```ts\n") == tabs.count("TypeScript") + 1 == 6
    assert len(samples["python"]) == SEED.count("```python\n") == tabs.count("Python") == 5
    assert [sample.status for sample in samples["python"]] == [status for _, _, status in PRINTED]
    assert [path for method, path, _ in PRINTED if f'<Endpoint method="{method}" path="{path}"' not in SEED] == []


@pytest.mark.long
def test_the_typescript_of_the_guide_works_as_printed(sandbox, program, samples, differences):
    """Seed 004, TypeScript tabs and waitForJob: each is a module of one Node program, its five-second pauses move the world's clock."""
    create, register, ingest, wait, generate, connect = samples["ts"]
    wait_again = wait.code.strip().splitlines()[-1]
    node = program("ts")

    created = node.run(create.code, gives=("randomUUID", "project"))
    project = created.gave["project"]["id"]
    fill_state(sandbox)
    registered = node.run(register.code)
    ingested = node.run(ingest.code, takes=FROM_CREATE, gives=("jobId",))
    waited = node.run(wait.code, takes='import { jobId } from "./step_3.mts";', gives=("waitForJob", "result"))
    fill_influencer(sandbox, project)
    generated = node.run(generate.code, takes=FROM_CREATE, gives=("jobId", "containerIds"))
    ready = node.run(
        wait_again, takes='import { waitForJob } from "./step_4.mts"; import { jobId } from "./step_5.mts";', gives=("result",)
    )
    connected = node.run(connect.code, takes=FROM_CREATE, gives=("authorizeUrl", "state"))

    tabs = [created, registered, ingested, generated, connected]
    polls = [poll["body"] for poll in waited.exchanges]
    answers = [tab.exchanges[0]["body"] for tab in tabs[:3]] + [polls[-1]] + [tab.exchanges[0]["body"] for tab in tabs[3:]]
    assert [differences(sample.reply, answer) for sample, answer in zip(samples["ts"], answers, strict=True)] == [[]] * 6
    assert sent(tabs, project) == PRINTED
    assert {poll["status"] for poll in polls[:-1]} == {"running"}
    assert waited.gave["result"] == polls[-1]["result"]
    assert ready.exchanges[-1]["body"]["status"] == "completed"
    assert consented(sandbox, project, connected.gave["authorizeUrl"], connected.gave["state"])
    assert node.close() == (0, "")


def test_the_python_of_the_guide_works_as_printed(sandbox, program, samples, differences):
    """Seed 004, Python tabs: each is a module of one Python program with `requests`; between the steps the world's clock is moved."""
    create, register, ingest, generate, connect = samples["python"]
    python = program("python")

    created = python.run(create.code, gives=("project",))
    project = created.gave["project"]["id"]
    fill_state(sandbox)
    registered = python.run(register.code)
    ingested = python.run(ingest.code, takes=PROJECT_ID, gives=("job_id",))
    done = sandbox.until(f"/v1/jobs/{ingested.gave['job_id']}", lambda seen: seen["status"] != "running")
    fill_influencer(sandbox, project)
    generated = python.run(generate.code, takes=PROJECT_ID, gives=("job_id", "container_ids"))
    connected = python.run(connect.code, takes=PROJECT_ID, gives=("authorize_url", "state"))

    tabs = [created, registered, ingested, generated, connected]
    answers = [tab.exchanges[0]["body"] for tab in tabs]
    assert [differences(sample.reply, answer) for sample, answer in zip(samples["python"], answers, strict=True)] == [[]] * 5
    assert sent(tabs, project) == PRINTED
    assert done["status"] == "completed"
    assert consented(sandbox, project, connected.gave["authorize_url"], connected.gave["state"])
    assert python.close() == (0, "")
