"""How many tool calls the onboarding of the seed takes: an agent's turns are what its user waits and pays for.

The five steps of seed 000, loop 1: project, ingest (which provisions the SDK), accounts by OAuth, a first post, its review.
"""

from __future__ import annotations

from collections import Counter

import pytest

pytestmark = pytest.mark.anyio
CUSTOMER = {"customerExternalId": "quinn-1", "name": "Quinns Coffee Co", "timezone": "America/Los_Angeles"}
REPO = "quinns-coffee/quinns-app"


class Agent:
    """Calls tools as the answers say, and counts; its client lets a call take `patience_s`."""

    def __init__(self, story, patience_s: int) -> None:
        self._story, self._patience_s, self.made = story, patience_s, Counter()

    async def call(self, tool, **arguments):
        """One call, and as many more as it takes until what it began is over."""
        answer = await self._one(tool, **arguments)
        while answer["status"] == "running":
            again = answer["next"][0]
            answer = await self._one(again["tool"], **again["arguments"] | {"waitSeconds": self._patience_s})
        assert answer["status"] != "failed", answer
        return answer

    async def said_yes(self, tool, **arguments):
        """What a person agrees to after they saw it."""
        asked = await self._one(tool, **arguments)
        return await self._one(tool, **arguments, confirm=asked["confirmation"]["handle"])

    async def _one(self, tool, **arguments):
        self.made[tool] += 1
        return await self._story.call(tool, **arguments)


@pytest.mark.parametrize(("patience_s", "most"), [(900, 8), (55, 20)], ids=["calls may wait", "a client cuts at 60 s"])
async def test_the_onboarding_of_the_seed_step_by_step(story, patience_s, most):
    """Issue 8: at most 8 calls when waiting calls may run, 20 when the client cuts them at 60 s; the App is not yet installed."""
    agent = Agent(story, patience_s)

    project = (await agent.call("create_project", **CUSTOMER))["result"]["project"]["id"]
    asked = await agent.call("ingest_repo", projectId=project, repoFullName=REPO)
    await agent.call("ingest_repo", **asked["next"][0]["arguments"], waitSeconds=patience_s)
    consent = await agent.call("connect_account", projectId=project, platform="tiktok", returnUrl="https://app.your-partner.com/done")
    await story.press(consent)
    made = await agent.call("generate_content", projectId=project, waitSeconds=patience_s)
    approved = await agent.said_yes("approve_content", **made["next"][0]["arguments"])
    linked = await agent.call("wait_for_job", **consent["next"][0]["arguments"], waitSeconds=patience_s)

    print(f"onboarding of the seed, {patience_s} s a call: {agent.made.total()} calls, {dict(agent.made)}")
    assert approved["result"]["items"][0]["outcome"] == "approved"
    assert linked["result"]["account"]["socialAccountId"]
    assert agent.made.total() <= most


async def test_the_onboarding_of_the_seed_by_the_durable_tool(story):
    """Issue 8: at most 4 calls; the App is installed, as the seed's sample has an `installationId` before it begins."""
    before = await story.call("ingest_repo", projectId=await story.project(), repoFullName=REPO)
    await story.call("ingest_repo", **before["next"][0]["arguments"], waitSeconds=900)
    agent = Agent(story, 900)
    wanted = {**CUSTOMER, "repoFullName": REPO, "connect": ["tiktok"], "waitSeconds": 900}

    async with story.working():
        waits = await agent.call("onboard_customer", **wanted)
        questions = {one["kind"]: one["facts"] for one in waits["result"]["questions"]}
        await story.press({"result": questions["connect"]})
        await agent.said_yes("approve_content", containerIds=questions["review"]["containerIds"])
        done = await agent.call("onboard_customer", **wanted)

    print(f"onboarding of the seed by the durable tool: {agent.made.total()} calls, {dict(agent.made)}")
    assert (done["status"], done["result"]["state"]) == ("done", "completed")
    assert (len(done["result"]["came"]["accounts"]), len(done["result"]["came"]["approved"])) == (1, 1)
    assert agent.made.total() <= 4
