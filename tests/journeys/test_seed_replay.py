"""Every curl command of the onboarding seed, as printed, against the sandbox on a port; only host and ids are filled in.

What the seed prints as the answer is compared: status, field names, types, and the words of closed lists.
"""

from __future__ import annotations

import json
import re
import shlex
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

SEED = (Path(__file__).parents[1] / "seed" / "onboard-customer.txt").read_text(encoding="utf-8")
_COMMAND = re.compile(r"```bash\n(\s*curl .*?)```", re.DOTALL)
_REPLY = re.compile(r'<Response status="(\d+)".*?```json\n(.*?)```', re.DOTALL)


@dataclass(frozen=True)
class Exchange:
    """One command of the seed and the answer it prints."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None
    status: int
    reply: dict[str, Any]


def _printed(command: str, after: str) -> Exchange:
    words = shlex.split(command.replace("\\\n", " ").replace("$(uuidgen)", str(uuid.uuid4())))[1:]
    method, url, body, headers = "GET", "", None, {}
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            url = word
    status, reply = _REPLY.search(after).groups()
    return Exchange(method, url, headers, body, int(status), json.loads(reply))


def send(sandbox: Any, exchange: Exchange) -> httpx2.Response:
    """The command, with host, key and ids filled in."""
    headers = {name: sandbox.filled(value) for name, value in exchange.headers.items()}
    body = sandbox.filled(exchange.body) if exchange.body else None
    return httpx2.request(exchange.method, sandbox.filled(exchange.url), headers=headers, content=body)


EXCHANGES = [_printed(found[1], SEED[found.end() :]) for found in _COMMAND.finditer(SEED)]


def test_every_curl_command_of_the_seed_is_replayed():
    """The guide's ten steps hold eleven commands; losing one would make the replay weaker without anyone seeing it."""
    assert len(EXCHANGES) == len(re.findall(r"^\s*curl ", SEED, re.MULTILINE))
    assert len(EXCHANGES) == 11


def test_the_comparison_finds_what_differs(differences):
    """A comparison that finds nothing anywhere would prove nothing."""
    assert differences({"a": 1, "status": "x"}, {"status": "y"}) == [".a is missing", ".status: 'x', ours 'y'"]
    assert differences({"a": [1, {"b": 1}]}, {"a": [1, {}]}) == [".a[1].b is missing"]
    assert differences({"a": [1, 2]}, {"a": [1]}) == [".a: the seed prints 2 items, ours has 1"]
    assert differences({"a": [1]}, {"a": [1, 2]}) == []
    assert differences({"a": [{"b": None}]}, {"a": [{"b": "c"}]}) == [".a[0].b: the seed prints NoneType, ours is str"]


def test_the_onboarding_seed_works_as_printed(sandbox, differences):
    """Seed 004: ids, host and key filled in, nothing else; between the steps the world's clock is moved as the guide waits."""
    found: dict[str, list[str]] = {}

    def replay(number: int) -> dict[str, Any]:
        exchange = EXCHANGES[number]
        answer = send(sandbox, exchange)
        gaps = (
            []
            if answer.status_code == exchange.status
            else [f"status {answer.status_code}, printed {exchange.status}: {answer.text[:300]}"]
        )
        found[f"{exchange.method} {exchange.url}"] = gaps + differences(exchange.reply, answer.json())
        return answer.json()

    sandbox.ids["$PROJECT_ID"] = replay(0)["id"]
    sandbox.ids["gh_state_01HXA1NHKJZXPV8R7Q6WSM5BCD"] = sandbox.get("/v1/github/installation/install-url")["state"]
    replay(1)
    job = replay(2)["jobId"]
    done = sandbox.until(f"/v1/jobs/{job}", lambda seen: seen["status"] != "running")
    printed = json.loads(re.search(r'description="Job completed">\s*```json\n(.*?)```', SEED, re.DOTALL)[1])
    found["GET /v1/jobs"] = differences(printed, done)
    replay(3)
    influencer = replay(4)["items"][0]["influencerId"]
    sandbox.ids["inf_01H9..."] = influencer
    made = replay(5)
    sandbox.until(f"/v1/jobs/{made['jobId']}", lambda seen: seen["status"] != "running")
    sandbox.ids["cnt_01H9ZX9FR..."] = made["containerIds"][0]
    replay(6)
    replay(7)
    consent = replay(8)
    project = sandbox.ids["$PROJECT_ID"]
    back = sandbox.allow(consent["authorizeUrl"])
    status = sandbox.get(f"/v1/projects/{project}/social/oauth-status?state={consent['state']}")
    found["GET oauth-status"] = differences({"state": "st_", "status": "completed", "socialAccountId": "sa_"}, status)
    sandbox.ids["sa_01H9ZXC..."] = status["socialAccountId"]
    sandbox.ids["sp_01H9ZXD..."] = replay(9)["scheduledPostIds"][0]
    post = sandbox.ids["sp_01H9ZXD..."]
    sandbox.until(f"/v1/scheduled-posts/{post}", lambda seen: seen["status"] == "published", step_s=3600)
    last = replay(10)

    assert {name: gaps for name, gaps in found.items() if gaps} == {}
    assert back == f"{json.loads(EXCHANGES[8].body)['returnUrl']}?layers_state={consent['state']}&status=success"
    assert last["publishedAt"].startswith("2026-04-18T22:00:11")
    assert len(found) == len(EXCHANGES) + 2
