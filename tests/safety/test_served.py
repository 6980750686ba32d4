"""The same over the wire: two real processes on one state folder, and a client that writes whatever it likes into its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from counting import Mark, count, mark
from scenes import Served

from layers_mcp.database import open_engine
from layers_mcp.gate.handle import new_handle
from layers_mcp.sandbox import tables
from layers_mcp.store import tables as ours

MODERN, PATIENCE_S = "2026-07-28", 60
_ASKS = {"elicitation": {"form": {}}}
_YES = {"action": "accept", "content": {"yes": True}}
TOOL = "update_review_policy"


class Wire:
    """Two servers on one folder, spoken to in plain JSON, and the counter on what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.servers = [Served(folder, LAYERS_LOG_LEVEL="error", LAYERS_TOOLS="all") for _ in range(2)]
        self.http = httpx2.Client(timeout=PATIENCE_S)
        self._folder, self.customers = folder, 0

    def call(self, tool: str, arguments: dict[str, Any], *, server: int = 0, can: dict[str, Any] | None = None, **more: Any) -> Any:
        """The result of one call; `can`: what the client declares, `more`: what else it writes into the request."""
        meta = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": can or {}}
        params = {"name": tool, "arguments": arguments, "_meta": meta, **more}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": MODERN}
        headers |= {"Mcp-Method": "tools/call", "Mcp-Name": tool}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = self.http.post(f"{self.servers[server].root}/mcp", json=body, headers=headers)
        return answer.json().get("result", {"refused": answer.status_code})

    def project(self) -> dict[str, Any]:
        """The arguments of a change to the policy of a new customer."""
        self.customers += 1
        made = self.call("create_project", {"name": "Quinns Coffee Co", "customerExternalId": f"customer {self.customers}"})
        return {"projectId": made["structuredContent"]["result"]["project"]["id"], "policy": "auto_approve"}

    def handle(self, wanted: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The same with a live handle."""
        shown = self.call(TOOL, wanted, **more)["structuredContent"]
        return wanted | {"confirm": shown["confirmation"]["handle"]}

    def asked(self, wanted: dict[str, Any]) -> str:
        """The state that comes with the question to the person."""
        told = self.call(TOOL, wanted, can=_ASKS)
        assert told["resultType"] == "input_required", told
        return told["requestState"]

    def answer(self, wanted: dict[str, Any], state: Any, said: Any = _YES, *, key: str = "yes", **more: Any) -> Any:
        """The call again with an answer."""
        return self.call(TOOL, wanted, can=_ASKS, inputResponses={key: said}, requestState=state, **more)

    def counting(self) -> tuple[Any, Any]:
        """The engines on what both servers left behind."""
        sandbox = open_engine(self._folder / "sandbox.db", tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)
        return sandbox, open_engine(self._folder / "layers.db", ours.TABLES, versions=ours.VERSIONS, head=ours.HEAD)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """Both servers, for all of these."""
    made = Wire(tmp_path_factory.mktemp("served"))
    made.project()  # the house is open
    yield made
    made.http.close()
    for server in made.servers:
        server.close()


@pytest.fixture
def counted(wire: Wire) -> Iterator[Callable[[], Any]]:
    """What was done since the beginning of the test."""
    sandbox, store = wire.counting()
    since: Mark = mark(sandbox, store)
    yield lambda: count(sandbox, store, since=since)
    sandbox.dispose()
    store.dispose()


def _declined(wire: Wire, wanted: dict[str, Any], *, then: Callable[[Wire, dict[str, Any], str], Any], action: str = "decline") -> None:
    state = wire.asked(wanted)
    wire.answer(wanted, state, {"action": action})
    then(wire, wanted, state)


def _of_another_call(wire: Wire, wanted: dict[str, Any]) -> None:
    other = wire.asked(wire.handle(wire.project()))
    wire.asked(wanted)
    wire.answer(wanted, other)


def _older(wire: Wire, wanted: dict[str, Any]) -> None:
    first = wire.asked(wanted)
    wire.asked(wanted)
    wire.answer(wanted, first, server=1)


Try = Callable[[Wire, dict[str, Any]], object]
FORGED: dict[str, Try] = {
    "an accept nobody asked for": lambda wire, wanted: wire.answer(wanted, None),
    "with an empty state": lambda wire, wanted: wire.answer(wanted, ""),
    "with a made-up state": lambda wire, wanted: wire.answer(wanted, new_handle()),
    "with the handle for a state": lambda wire, wanted: wire.answer(wanted, wanted["confirm"]),
    "with a state that is no word": lambda wire, wanted: wire.answer(wanted, {"yes": True}),
    "to the question of another call": _of_another_call,
    "to an older question, at the other server": _older,
    "under another name": lambda wire, wanted: wire.answer(wanted, wire.asked(wanted), key="confirm"),
    "a decline, then an accept": lambda wire, wanted: _declined(wire, wanted, then=lambda *all: wire.answer(*all[1:])),
    "a decline, then without the person": lambda wire, wanted: _declined(
        wire, wanted, then=lambda wire, wanted, _: wire.call(TOOL, wanted, server=1)
    ),
    "a decline, then the other way round": lambda wire, wanted: _declined(
        wire, wanted, then=lambda wire, wanted, state: wire.answer(wanted, state, server=1)
    ),
    **{
        f"an accept with {name}": lambda wire, wanted, said=said: wire.answer(wanted, wire.asked(wanted), {"action": "accept"} | said)
        for name, said in {
            "no content": {}, "empty content": {"content": {}}, "null": {"content": {"yes": None}},
            "the word true": {"content": {"yes": "true"}}, "the word yes": {"content": {"yes": "yes"}}, "1": {"content": {"yes": 1}},
            "a list": {"content": {"yes": ["true"]}},
            "another name": {"content": {"confirm": True}}, "false": {"content": {"yes": False}}, "no form": {"content": "yes"},
        }.items()
    },
    **{
        f"the action {action}": lambda wire, wanted, action=action: wire.answer(wanted, wire.asked(wanted), _YES | {"action": action})
        for action in ("decline", "cancel", "ACCEPT", "yes", "")
    },
    **{
        f"confirm {value!r}": lambda wire, wanted, value=value: wire.call(TOOL, wanted | {"confirm": value})
        for value in (True, "yes", "", [], {}, 1, None, [True], "null")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_what_a_client_writes_into_its_answers_is_no_yes(wire, counted, tally, name):
    """Issue 5: forged answers have a defined outcome; mcp-notes §7: request state is the attacker's."""
    wanted = wire.handle(wire.project(), can=_ASKS)

    FORGED[name](wire, wanted)

    found = counted()
    tally("over HTTP", found)
    assert (found.unconfirmed, found.effects, found.spent) == ((), (), ())


def test_an_answer_to_the_question_is_a_persons_yes_and_acts_once_at_either_server(wire, counted, tally):
    """The way it is meant to go: the first server asks, the second is answered, the first is told again."""
    wanted = wire.handle(wire.project(), can=_ASKS)
    state = wire.asked(wanted)

    done = wire.answer(wanted, state, server=1)["structuredContent"]
    again = wire.answer(wanted, state)["structuredContent"]

    found = counted()
    tally("over HTTP", found)
    assert (done["status"], done["confirmedBy"], "replayed" in again) == ("done", "person", True)
    assert (found.unconfirmed, len(found.effects), found.spent[0].confirmed_by) == ((), 1, "person")


@pytest.mark.parametrize("can", [{}, _ASKS], ids=["the agent's yes", "the person's yes"])
def test_of_many_calls_at_two_processes_with_one_handle_one_acts(wire, counted, tally, can):
    """Issue 5: concurrent; two real processes, eight calls each, at the same moment."""
    wanted = wire.handle(wire.project(), can=can)
    more = {"inputResponses": {"yes": _YES}, "requestState": wire.asked(wanted)} if can else {}

    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda place: wire.call(TOOL, wanted, server=place % 2, can=can, **more), range(16)))

    found = counted()
    tally("over HTTP", found)
    assert (found.unconfirmed, len(found.effects), len(found.spent)) == ((), 1, 1)
    records = [one["structuredContent"] for one in told if "structuredContent" in one]
    assert sum(one["status"] == "done" and "replayed" not in one for one in records) == 1
