"""The person's own yes, over every transport and in both eras, with a client that can ask and one that can't."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client

pytestmark = pytest.mark.anyio
MODERN, OLDER = "2026-07-28", "2025-11-25"
SETTINGS = {"LAYERS_LOG_LEVEL": "error", "LAYERS_TOOLS": "all", "LAYERS_SANDBOX_SPEED": "1000"}
WAYS = [(transport, era) for transport in ("stdio", "http", "sse") for era in (MODERN, OLDER)]


class Person:
    """Somebody in front of a client, who answers each question so."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), []

    async def __call__(self, _context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        """Their answer."""
        self.asked.append(params)
        answer = self.answers.pop(0)
        if answer is None:
            await anyio.sleep_forever()
        return answer


YES = types.ElicitResult(action="accept", content={"yes": True})
NO = types.ElicitResult(action="decline")
CANCEL = types.ElicitResult(action="cancel")


@asynccontextmanager
async def client_of(way: tuple[str, str], server: Any, folder: Any, person: Person | None) -> AsyncIterator[Any]:
    """A client of one transport and era; with a person it declares that it can ask."""
    transport, era = way
    target: Any
    if transport == "stdio":
        env = {**SETTINGS, "LAYERS_STATE_DIR": str(folder / "state")}
        target = StdioServerParameters(command=sys.executable, args=["-m", "layers_mcp"], env=env)
    else:
        root = server(**SETTINGS)
        target = f"{root}/mcp" if transport == "http" else sse_client(f"{root}/sse")
    async with Client(target, mode=MODERN if era == MODERN else "legacy", elicitation_callback=person) as client:

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            return (await client.call_tool(tool, arguments)).structured_content

        yield call


async def _asked(call: Any) -> dict[str, Any]:
    """A new project, and the arguments of a change that needs a yes, with its handle."""
    project = (await call("create_project", name="Quinns Coffee Co"))["result"]["project"]["id"]
    wanted = {"projectId": project, "policy": "auto_approve"}
    shown = await call("update_review_policy", **wanted)
    return wanted | {"confirm": shown["confirmation"]["handle"]}


async def _waits(call: Any, wanted: dict[str, Any]) -> str:
    """How a project's policy stands, as a preview of the opposite says it."""
    shown = await call("update_review_policy", projectId=wanted["projectId"], policy="review_all")
    return shown["confirmation"]["items"][0]["before"]


@pytest.mark.parametrize("way", WAYS, ids=[" ".join(way) for way in WAYS])
async def test_the_person_is_asked_by_the_call_that_brings_the_handle(way, http_server, tmp_path):
    """Issue 5: in both eras, over stdio, Streamable HTTP and SSE: accept, decline, cancel, an accepted form without a yes."""
    person = Person(NO, CANCEL, types.ElicitResult(action="accept", content={"yes": False}), YES)
    async with client_of(way, http_server, tmp_path, person) as call:
        outcomes = [await call("update_review_policy", **await _asked(call)) for _ in range(3)]
        wanted = await _asked(call)
        done = await call("update_review_policy", **wanted)
        again = await call("update_review_policy", **wanted)
        waits = await _waits(call, wanted)

    assert [one["status"] for one in outcomes] == ["canceled"] * 3
    assert (done["status"], done["confirmedBy"], waits) == ("done", "person", "no post waits for a decision")
    assert "replayed" in again
    assert len(person.asked) == 4
    question = person.asked[0]
    assert "no post waits for a decision" in question.message
    assert list(question.requested_schema["properties"]) == ["yes"]


@pytest.mark.parametrize("era", [MODERN, OLDER])
async def test_a_client_that_cannot_ask_leaves_the_yes_to_the_agent(era, http_server, tmp_path):
    """Design §5, 4: `ask`, the default; the result says whose yes it was."""
    async with client_of(("stdio", era), http_server, tmp_path, None) as call:
        wanted = await _asked(call)
        done = await call("update_review_policy", **wanted)

    assert (done["status"], done["confirmedBy"]) == ("done", "agent")
