"""Clients over HTTP as the house sees them: each with its own gate, and none with another key's."""

from __future__ import annotations

import pytest

from layers_mcp.founding import as_seen_by
from layers_mcp.server.caller import Caller

pytestmark = pytest.mark.anyio
CI = Caller(principal="http_ci")


async def test_a_client_is_somebody_else_with_another_api_key(story):
    """Review of issue 5: http_ci of the sandbox, or of another organization, shares nothing with http_ci of this key."""
    mine, other = as_seen_by(CI, story.of("one key")), as_seen_by(CI, story.of("another key"))
    again = as_seen_by(CI, story.of("one key"))

    made = await story.call("create_project", house=mine, name="Quinns")
    same = await story.call("create_project", house=again, name="Quinns")
    foreign = await story.call("create_project", house=other, name="Quinns")
    ids = [one["result"]["project"]["id"] for one in (made, same, foreign)]

    assert (ids[0] == ids[1], ids[0] == ids[2]) == (True, False)
    assert (bool(same.get("replayed")), bool(foreign.get("replayed"))) == (True, False)
    assert (mine.gate.principal.endswith("/http_ci"), mine.gate.principal == other.gate.principal) == (True, False)


async def test_the_longest_name_of_a_client_fits_its_column(story):
    """Names have at most 40 letters, principals at most 80."""
    assert len(as_seen_by(Caller(principal=f"http_{'x' * 40}"), story.house).gate.principal) + len("s") <= 80


async def test_a_call_of_a_tool_that_is_not_there_is_in_the_trail(story):
    """Review of issue 5: every call leaves one row, also of a tool that nobody knows, or that the token may not use."""
    await story.call("drop_everything" + "\x1b" * 3 + "x" * 200)

    entry = story.store.trail.recent(story.house.gate.principal)[0]
    assert (entry.effect, entry.outcome, entry.arguments) == ("none", "VALIDATION", "")
    assert entry.tool == ("drop_everything???" + "x" * 200)[:80]
