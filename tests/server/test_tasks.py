"""What becomes a task, what a look at it is answered with, and whose it is; the calls themselves are stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import mcp_types as types
import pytest
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from layers_mcp.gate.gate import Gate
from layers_mcp.gate.tasks import LIFE
from layers_mcp.server.answer import Answer
from layers_mcp.server.bind import bind
from layers_mcp.server.caller import SCOPE, Caller
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.tasks import EXTENSION
from layers_mcp.store.store import Store
from layers_mcp.tool.asking import AskFirst

pytestmark = pytest.mark.anyio
RESUME = {"tool": "wait_for_job", "arguments": {"jobId": "job_1", "waitSeconds": 45}, "why": "Go on."}
RUNNING = {"status": "running", "summary": "Job job_1 is running.", "next": [RESUME]}
DONE = {"status": "done", "summary": "Job job_1 is completed."}
CONSENT = {"status": "needs_action", "summary": "Nobody has consented yet.", "next": [RESUME]}
TROUBLE = {"status": "failed", "summary": "UNREACHABLE: no connection", "error": {"code": "UNREACHABLE", "retryHelps": True}}
GONE = {"status": "failed", "summary": "NOT_FOUND: there is no job", "error": {"code": "NOT_FOUND", "retryHelps": False}}


class Shop:
    """A server whose calls are answered from a list, and what it was asked."""

    def __init__(self, store: Store, clock: Any) -> None:
        self.answers: list[Any] = []
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.gate = Gate(lambda: store, clock, "key_1")
        self.server = bind(read_catalog(), self._answer, self._fill, tasks=self._book)

    async def _fill(self, name: str, given: dict[str, str]) -> str:
        raise AssertionError("no prompt is asked for")

    async def _book(self, caller: Caller | None) -> Any:
        own = None if caller is None else caller.principal
        return (self.gate if own is None else self.gate.of(f"key_1/{own}")).tasks

    async def _answer(self, name: str, given: dict[str, Any], tell: Any, asker: Any, *, caller: Caller | None = None) -> Any:
        self.asked.append((name, given))
        await tell(0.4, "making the visuals")
        answer = self.answers.pop(0)
        if isinstance(answer, MCPError):
            raise answer
        if isinstance(answer, AskFirst):
            return answer
        return Answer(text=answer["summary"], record=answer, is_error="error" in answer)

    async def ask(
        self,
        method: str,
        *,
        caller: Caller | None = None,
        headers: dict[str, str] | None = None,
        knows: bool = True,
        era: str = "2026-07-28",
        **params: Any,
    ) -> Any:
        """What a client is answered; `knows`: whether it declares that it knows tasks."""
        entry = self.server.get_request_handler(method)
        request = None if caller is None and headers is None else SimpleNamespace(scope={SCOPE: caller}, headers=headers or {})
        declared = types.ClientCapabilities(extensions={EXTENSION: {}} if knows else None)
        session = SimpleNamespace(client_capabilities=declared, report_progress=self._told)
        context: Any = ServerRequestContext(session=session, lifespan_context=None, protocol_version=era, method=method, request=request)
        return await entry.handler(context, entry.params_type.model_validate(params))

    async def _told(self, *_: Any) -> None:
        """Nobody listens to the progress of a call here."""

    async def begin(self, *, name: str = "generate_content", answer: Any = RUNNING, **more: Any) -> Any:
        """A call of a waiting tool."""
        self.answers.append(answer)
        return await self.ask("tools/call", name=name, arguments={"projectId": "prj_1"}, **more)

    async def look(self, answer: Any, task: dict[str, Any], **more: Any) -> Any:
        """What `tasks/get` is answered, when the wait's call is answered so."""
        self.answers[:] = [answer]
        return await self.ask("tasks/get", taskId=task["taskId"], **more)


@pytest.fixture
def shop(tmp_path, clock) -> Iterator[Shop]:
    """A server over a new store."""
    store = Store.open(tmp_path / "layers.db", clock=clock)
    yield Shop(store, clock)
    store.close()


async def test_a_wait_that_lasts_becomes_a_task_with_how_it_stands(shop):
    """SEP-2663: CreateTaskResult is flat; the stage in words is the message, as progress of its own a task has none."""
    task = await shop.begin()
    working = await shop.look(RUNNING, task)
    done = await shop.look(DONE, task)

    assert (task["resultType"], task["status"], task["statusMessage"]) == ("task", "working", RUNNING["summary"])
    assert task["ttlMs"] == LIFE.total_seconds() * 1000
    assert shop.asked[0] == ("generate_content", {"projectId": "prj_1", "waitSeconds": 1})
    assert shop.asked[1:] == [("wait_for_job", {"jobId": "job_1", "waitSeconds": 0})] * 2
    assert (working["status"], working["statusMessage"]) == ("working", "Job job_1 is running. Now: making the visuals, 40%.")
    assert (done["status"], done["result"]["structuredContent"]) == ("completed", DONE)


async def test_who_declares_no_tasks_sees_none_and_may_not_ask_for_them(shop):
    """Issue 8: clients that don't declare the extension see no difference; SEP-2663: their tasks/get is refused with -32021."""
    shop.answers += [RUNNING, RUNNING]

    plain = [
        await shop.ask("tools/call", name="generate_content", arguments={}, **more) for more in ({"knows": False}, {"era": "2025-11-25"})
    ]
    with pytest.raises(MCPError) as refused:
        await shop.ask("tasks/get", taskId="task_x", knows=False)
    with pytest.raises(MCPError) as unknown:
        await shop.ask("tasks/get", taskId="task_x", era="2025-11-25")

    assert [one.structured_content for one in plain] == [RUNNING] * 2
    assert shop.asked == [("generate_content", {})] * 2
    assert (refused.value.error.code, unknown.value.error.code) == (-32021, -32601)
    assert refused.value.error.data == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}


@pytest.mark.parametrize("wait", [0, 1, "45", True])
async def test_a_short_or_strange_wait_is_the_tools_own(shop, wait):
    """A call that says waitSeconds=0 wants to know how it stands; what is no number is judged by the tool."""
    shop.answers.append(RUNNING)

    seen = await shop.ask("tools/call", name="generate_content", arguments={"waitSeconds": wait})

    assert seen.structured_content == RUNNING
    assert shop.asked == [("generate_content", {"waitSeconds": wait})]


async def test_what_is_over_or_has_something_to_say_first_is_no_task(shop):
    """What a person has to do must reach them: the URL of a consent, the question of a loop."""
    over, asks = await shop.begin(answer=DONE), await shop.begin(name="ingest_repo", answer=CONSENT)

    assert (over.structured_content, asks.structured_content) == (DONE, CONSENT)


async def test_a_person_is_waited_for_in_the_call_as_for_every_client(shop):
    """A consent may come while wait_for_job waits; nobody who waits for it is to ask every second."""
    shop.answers[:] = [CONSENT, DONE]

    seen = await shop.ask("tools/call", name="wait_for_job", arguments={"state": "st_1"})

    assert seen.structured_content == DONE
    assert shop.asked == [("wait_for_job", {"state": "st_1", "waitSeconds": 1}), ("wait_for_job", {"state": "st_1"})]


async def test_a_task_whose_work_waits_for_a_person_is_over(shop):
    """A run of a loop that asks a question: its wait ends, and says so."""
    task = await shop.begin()

    seen = await shop.look(CONSENT, task)

    assert (seen["status"], seen["result"]["structuredContent"]["status"]) == ("completed", "needs_action")


async def test_a_caller_who_may_not_take_the_wait_up_gets_no_task(shop):
    """A request's own headers may leave it fewer tools; it could never look."""
    seen = await shop.begin(caller=Caller(tools=frozenset({"generate_content"})))

    assert seen.structured_content == RUNNING


async def test_a_look_that_fails_for_now_ends_nothing(shop):
    """Trouble on the way says nothing of the job; what is really gone is the result."""
    task = await shop.begin()

    troubled, gone = await shop.look(TROUBLE, task), await shop.look(GONE, task)

    assert troubled["status"] == "working"
    assert (gone["status"], gone["result"]["isError"]) == ("completed", True)
    with pytest.raises(MCPError, match="UNREACHABLE"):
        await shop.look(TROUBLE, task)  # it was seen over, and never works again


async def test_a_look_that_breaks_the_protocol_is_a_failed_task(shop):
    """SEP-2663: `failed` is for errors of the protocol, those of a tool are results."""
    task = await shop.begin()

    failed = await shop.look(MCPError(types.INTERNAL_ERROR, "broken"), task)

    assert (failed["status"], failed["error"]) == ("failed", {"code": -32603, "message": "broken"})


async def test_a_task_is_nothing_to_anybody_else_and_not_for_ever(shop, clock):
    """Issue 8: bound to the principal."""
    task = await shop.begin(caller=Caller(principal="ann"))

    own = await shop.look(RUNNING, task, caller=Caller(principal="ann"))
    for caller in (None, Caller(principal="bob")):
        with pytest.raises(MCPError, match="no such task"):
            await shop.look(RUNNING, task, caller=caller)
    clock.advance(LIFE)
    with pytest.raises(MCPError, match="no such task"):
        await shop.look(RUNNING, task, caller=Caller(principal="ann"))

    assert own["status"] == "working"


async def test_over_http_the_header_names_the_task(shop):
    """SEP-2243: what a router goes by must be what the body says."""
    task = await shop.begin()
    right = {"mcp-method": "tasks/get", "mcp-name": task["taskId"]}

    seen = await shop.look(RUNNING, task, headers=right)

    assert seen["status"] == "working"
    for wrong in ({**right, "mcp-name": "task_other"}, {"mcp-method": "tasks/get"}):
        with pytest.raises(MCPError, match="Mcp-Name"):
            await shop.look(RUNNING, task, headers=wrong)


async def test_a_canceled_task_is_looked_at_no_more_and_answers_are_nobodys(shop):
    """SEP-2663: an empty acknowledgement each time; no wait of ours asks for input."""
    task = await shop.begin()
    shop.answers.append(RUNNING)

    acks = [await shop.ask("tasks/update", taskId=task["taskId"], inputResponses={"x": {"any": "thing"}})]
    acks += [await shop.ask("tasks/cancel", taskId=task["taskId"]) for _ in range(2)]
    acks += [await shop.ask("tasks/update", taskId=task["taskId"], inputResponses={"x": 1})]
    asked = len(shop.asked)
    seen = await shop.ask("tasks/get", taskId=task["taskId"])

    assert acks == [{"resultType": "complete"}] * 4
    assert seen["status"] == "cancelled"
    assert len(shop.asked) == asked == 2


async def test_a_look_that_asks_is_answered_by_an_update(shop):
    """SEP-2663: a task that needs input shows what it asks, and goes on with the answers that fit."""
    task = await shop.begin()
    question = AskFirst("Go on?", "token_1")
    answer = {"action": "accept", "content": {"yes": True}}

    asking = await shop.look(question, task)
    shop.answers[:] = [question, question, RUNNING]
    acks = [await shop.ask("tasks/update", taskId=task["taskId"], inputResponses=given) for given in ({"other": answer}, {"yes": answer})]

    assert asking["status"] == "input_required"
    assert asking["inputRequests"]["yes"]["params"]["message"] == "Go on?"
    assert acks == [{"resultType": "complete"}] * 2
    assert shop.answers == []
