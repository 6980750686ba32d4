"""A server that is killed at random moments, also within its commits: whoever repeats the last call ends with one of each."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx2
import pytest

PROGRAM = str(Path(__file__).with_name("mortal.py"))
REPOSITORY = "quinns-coffee/quinns-app"
RETURN = "https://app.your-partner.com/done"
SOON_US = 3000
"""A commit is over by then; within it the kill is as likely as around it."""
COMMITS = 240
"""A life is killed at one of the first so many; an onboarding has half as many."""
TRIES = 12
SETTINGS = {"LAYERS_SANDBOX_SPEED": "5000", "LAYERS_LOG_LEVEL": "error"}
ENDED = (OSError, EOFError, ValueError)
"""What a client meets when its server is gone."""


class Moment(NamedTuple):
    """When a server dies: so long after its nth commit of a life; 0: it lives."""

    commit: int = 0
    after_us: int = 0


class Agent:
    """A client that follows a script. When its server dies it starts another one, and sends the call that was not answered again."""

    def __init__(self, start: Callable[[Moment], Any], moments: Iterator[Moment]) -> None:
        self._start, self._moments = start, moments
        self._wire = start(next(moments))
        self.counted: Counter[str] = Counter()

    def _mourn(self) -> None:
        self.counted["kills"] += 1
        self._wire = self._start(next(self._moments))

    def again(self) -> None:
        """Let the server that lives go, and start the next."""
        self._wire.close_quietly()
        self._wire = self._start(next(self._moments))

    def call(self, tool: str, **given: Any) -> dict[str, Any]:
        """The record that a call is answered with in the end."""
        for _ in range(TRIES):
            self.counted["calls"] += 1
            try:
                return self._wire.call(tool, given)
            except AssertionError as problem:
                if "the server ended" not in str(problem):
                    raise
                self._mourn()
            except ENDED:
                self._mourn()
        raise AssertionError(f"{tool} was never answered")

    def once(self, tool: str, **given: Any) -> None:
        """Send a call, whether it is answered or not, and let the server go."""
        try:
            self._wire.call(tool, given)
        except (AssertionError, *ENDED):
            self.counted["kills"] += 1
        self._wire.close_quietly()

    def allow(self, url: str) -> None:
        """Consent as the account's owner; the page goes with the server that serves it, also while it is read."""
        self._wire.allow(url)

    def yes(self, tool: str, **given: Any) -> dict[str, Any]:
        """Ask, and act on the yes; an act that was broken off is gone on with, under a new handle where one is handed out."""
        asked = self.call(tool, **given)
        for _ in range(TRIES):
            if "confirmation" not in asked:
                break
            kills, handle = self.counted["kills"], asked["confirmation"]["handle"]
            asked = self.call(tool, **given, confirm=handle)
            because = asked.get("confirmation", {}).get("because", "")
            self.counted["yes given before a kill"] += self.counted["kills"] > kills
            self.counted["asked once more"] += "not known yet" in because
            self.counted["lost confirmations"] += bool(because) and "not known yet" not in because
        return asked

    def close(self) -> int:
        """End the server; how many commits its life had."""
        self._wire.close_quietly()
        said = re.search(r"commits (\d+)", "".join(self._wire.stderr))
        return int(said[1]) if said else 0


@pytest.fixture
def mortal(tmp_path: Path, wire: type) -> Iterator[Callable[[Moment], Any]]:
    """Starts servers on one state folder, each with its moment."""
    wires: list[Any] = []

    def start(moment: Moment) -> Any:
        program = (PROGRAM, str(moment.commit), str(moment.after_us))
        made = wire({"LAYERS_STATE_DIR": str(tmp_path / "state"), **SETTINGS}, "2026-07-28", program)
        wires.append(made)
        return made

    yield start
    for one in wires:
        one.close_quietly()


def _waited(agent: Agent, answer: dict[str, Any]) -> dict[str, Any]:
    """The same once its job is over."""
    while answer["status"] == "running":
        step = answer["next"][0]
        answer = agent.call(step["tool"], **{**step["arguments"], "waitSeconds": 60})
    assert answer["status"] == "done", answer
    return answer


def _account(agent: Agent, project: str) -> str:
    asked = agent.call("connect_account", projectId=project, platform="tiktok", returnUrl=RETURN)
    for _ in range(TRIES):
        try:
            agent.allow(asked["result"]["authorizeUrl"])
        except (OSError, httpx2.TransportError):
            agent.call("get_project", projectId=project)  # whatever is served is served again after the next call
        except httpx2.HTTPStatusError as problem:
            if problem.response.status_code != httpx2.codes.CONFLICT:  # it was decided, and the answer to that died with its server
                raise
        done = agent.call("wait_for_job", state=asked["result"]["state"], projectId=project, waitSeconds=1)
        if done["status"] == "done":
            return done["result"]["account"]["socialAccountId"]
    raise AssertionError("the account was never connected")


def _onboard(agent: Agent, name: str) -> None:
    """The guide for one customer, up to a post that is scheduled."""
    made = agent.call("create_project", name=name, customerExternalId=name)
    project = made["result"]["project"]["id"]
    read = agent.call("ingest_repo", projectId=project, repoFullName=REPOSITORY, waitSeconds=60)
    if read["status"] == "needs_action":
        read = agent.call("ingest_repo", **read["next"][0]["arguments"], waitSeconds=60)
    _waited(agent, read)
    post, account = _approved(agent, project)
    agent.yes("schedule_content", **_at(post, account, 3))


def _approved(agent: Agent, project: str) -> tuple[str, str]:
    """A post that may go out, and the account that it may go out on."""
    made = agent.call("generate_content", projectId=project, format="slideshow_remix", hook="Skip the line.", waitSeconds=60)
    post = _waited(agent, made)["result"]["job"]["containerIds"][0]
    account = _account(agent, project)
    agent.yes("approve_content", containerIds=[post])
    return post, account


def _at(post: str, account: str, days: int) -> dict[str, Any]:
    """A schedule in so many days."""
    at = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    return {"containerId": post, "scheduledFor": at, "targets": [{"socialAccountId": account}]}


def _queued_at(state: Path, project: str) -> Counter[datetime]:
    """How many posts of a project are queued for each instant, as the sandbox's tables hold it; the demo there has posts of its own."""
    with sqlite3.connect(state / "sandbox.db") as tables:
        found = tables.execute("select scheduled_for from posts where canceled_at is null and project_id = ?", (project,)).fetchall()
    tables.close()
    return Counter(datetime.fromtimestamp(one / 1000, UTC) for (one,) in found)  # whole milliseconds


@pytest.mark.timeout(5400)
@pytest.mark.parametrize("customers", [2, pytest.param(100, marks=pytest.mark.long)])
def test_customers_are_onboarded_once_and_whole_by_servers_that_are_killed(mortal, module, tmp_path, tally, customers):
    """Issue 5, "Prove it: Faults": kill -9 at random moments: 0 duplicates, 0 half-done customers after resuming, 0 lost confirmations."""
    dice = Random(customers)  # the same moments at every run

    def moments() -> Iterator[Moment]:
        while True:
            yield Moment(dice.randint(1, COMMITS), dice.randint(0, SOON_US))

    agent = Agent(mortal, moments())
    for number in range(customers):
        _onboard(agent, f"customer {number}")
    agent.close()

    check = module("standing")
    stand = check.standing(tmp_path / "state")
    half, twice = check.half(stand), sum(map(check.doubled, stand))
    tally("Onboardings of killed servers", customers=len(stand), duplicates=twice, half_done=len(half), **agent.counted)
    assert len(stand) == len({one["name"] for one in stand}) == customers
    assert half == []
    assert agent.counted["kills"] >= customers / 2
    assert agent.counted["lost confirmations"] == 0


SHARES = [pytest.param(1, 30, marks=pytest.mark.long), (17, 19)]
"""From which commit of a fresh server's life to which it is killed: while it opens, acts and answers; everyday two of the act."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("first", "last"), SHARES)
def test_a_yes_to_a_schedule_is_carried_out_once_wherever_the_server_is_killed(mortal, tmp_path, tally, first, last):
    """Issue 5: kill -9 of a confirmed schedule, between the yes and the answer; another server, which lives, is then sent the same call."""
    dice, agent = Random(last), Agent(mortal, repeat(Moment()))
    project = agent.call("create_project", name="Quinn", customerExternalId="customer of schedules")["result"]["project"]["id"]
    post, account = _approved(agent, project)

    said_yes = Counter[datetime]()
    for number in range(first, last):
        wanted = _at(post, account, number)
        said_yes[datetime.fromisoformat(wanted["scheduledFor"])] += 1
        handle = agent.call("schedule_content", **wanted)["confirmation"]["handle"]
        dying = Agent(mortal, iter([Moment(number, dice.randint(0, SOON_US)), Moment()]))
        dying.once("schedule_content", **wanted, confirm=handle)
        agent.counted["kills"] += dying.counted["kills"]
        asked = agent.call("schedule_content", **wanted, confirm=handle)
        if "confirmation" in asked:
            assert "not known yet" in asked["confirmation"]["because"], asked
            agent.counted["asked once more"] += 1
            asked = agent.call("schedule_content", **wanted, confirm=asked["confirmation"]["handle"])
        assert asked["status"] == "done", asked

    queued = _queued_at(tmp_path / "state", project)
    twice, lost = sum((queued - said_yes).values()), sum((said_yes - queued).values())
    tally("Schedules of killed servers", yeses=said_yes.total(), twice=twice, lost=lost, **agent.counted)
    assert queued == said_yes
    assert agent.counted["kills"] >= said_yes.total() / 2
