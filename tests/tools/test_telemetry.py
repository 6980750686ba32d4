"""What whoever watches over the process is told of a call: names, ids, statuses and times, and nothing of what was said in it."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from layers_mcp import telemetry
from layers_mcp.sandbox.faults import Fault

pytestmark = pytest.mark.anyio


@pytest.fixture
def spans(monkeypatch):
    """The spans that ended, oldest first."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(telemetry.trace, "get_tracer", provider.get_tracer)
    return kept.get_finished_spans


async def test_a_call_is_a_span_above_those_of_its_requests(story, spans):
    """Issue 7, Health: spans across tool call and API request."""
    project = await story.project()
    made = spans()

    call, requests = made[-1], [one for one in made if one.name.startswith(("GET ", "POST "))]
    assert (call.name, dict(call.attributes)["layers.tool"]) == ("tool create_project", "create_project")
    assert dict(call.attributes)["layers.outcome"] == "done"
    assert {one.parent.span_id for one in requests} == {call.context.span_id}
    assert "POST /v1/projects" in {one.name for one in requests}
    assert all(dict(one.attributes)["layers.request_id"].startswith("req_") for one in requests)
    assert project not in str([one.name for one in made])


async def test_a_span_holds_nothing_of_what_was_said(story, spans):
    """Issue 7: no content in them: no caption, no key, no query, no words of an error."""
    secret = "Nobody may read this hook."
    project = await story.project(name="A name of a customer", customerExternalId="customer-77")
    await story.call("get_project", search="A query with words")
    await story.call("generate_content", projectId=project, hook=secret, waitSeconds=0)
    story.world.script(Fault(code="VALIDATION"))
    await story.call("get_project", projectId=project)

    told = " ".join(one.to_json() for one in spans())
    for words in (secret, "A name of a customer", "customer-77", "A query with words", story.world.key, "scripted trouble"):
        assert words not in told


async def test_a_refusal_is_a_span_with_its_code_and_one_that_a_stranger_named_has_no_name(story, spans):
    """Issue 7: status; names come from us only, so that there are few."""
    await story.call("get_project", projectId="prj_00000000-0000-4000-8000-000000000000")
    await story.call("tool named by a stranger")

    refused, unknown = (one for one in spans() if one.name.startswith("tool "))
    assert dict(refused.attributes)["error.type"] == "NOT_FOUND"
    assert dict(next(one for one in spans() if one.name.startswith("GET ")).attributes)["error.type"] == "404"
    assert (unknown.name, dict(unknown.attributes)["layers.outcome"]) == ("tool unknown", "VALIDATION")


async def test_a_request_without_an_answer_says_so(story, spans):
    """The code is ours; the words of the failure stay behind, as they may hold the URL."""
    story.world.script(Fault(method="GET", path="/v1/projects", lose_answer=True, times=20))

    await story.call("get_project")

    lost = [dict(one.attributes) for one in spans() if one.name == "GET /v1/projects"]
    assert {one["error.type"] for one in lost} == {"TIMEOUT"}
