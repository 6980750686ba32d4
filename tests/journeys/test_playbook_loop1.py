"""`waitForJob` and "Loop 1" of the playbook seed, as printed, under Node; only host, ids and the customer are filled in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

PLAYBOOK = (Path(__file__).parents[1] / "seed" / "agent-playbook.txt").read_text(encoding="utf-8")
WAIT = re.search(r"Set this up once as a helper:\n\n(.*?)\n\nEvery code sample below uses this helper\.", PLAYBOOK, re.DOTALL)[1]
LOOP_1 = re.search(r"core flow \(GitHub path\):\n\n(.*?)\n\nThe full walkthrough", PLAYBOOK, re.DOTALL)[1]
CUSTOMER = {
    "name": "Acme",
    "id": "acme-001",
    "timezone": "America/Los_Angeles",
    "githubInstallationId": 48271993,
}
"""No language: the sample then says `en`, which the onboarding seed prints too."""


@pytest.mark.long
def test_loop_1_of_the_playbook_works_as_printed(sandbox, program, samples, differences):
    """Seed 000, Loop 1; the playbook prints no answers, so they are compared with those of the same calls in seed 004."""
    create, _, ingest, done, *_ = samples["ts"]
    sandbox.ids["acme/acme-app"] = "quinns-coffee/quinns-app"
    node = program("ts")

    node.run(WAIT, gives=("waitForJob",))
    customer = f'import {{ waitForJob }} from "./step_1.mts"; const customer = {json.dumps(CUSTOMER)};'
    loop = node.run(LOOP_1, takes=customer, gives=("project", "ingestJobId", "ingestResult"))

    made, started, *polls = loop.exchanges
    project, job = loop.gave["project"]["id"], loop.gave["ingestJobId"]
    assert [(one["method"], one["path"], one["status"]) for one in (made, started)] == [
        ("POST", "/v1/projects", 201),
        ("POST", f"/v1/projects/{project}/github/ingest", 202),
    ]
    assert {(poll["method"], poll["path"], poll["status"]) for poll in polls} == {("GET", f"/v1/jobs/{job}", 200)}
    assert differences(create.reply, made["body"]) == []
    assert differences(ingest.reply, started["body"]) == []
    assert differences(done.reply, polls[-1]["body"]) == []
    assert {poll["body"]["status"] for poll in polls[:-1]} == {"running"}
    assert loop.gave["ingestResult"] == polls[-1]["body"]
    assert node.close() == (0, "")
