"""What every answer has, and what no read does."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from sqlalchemy import select

from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.answers import ANSWERS

KEYWORD = {"text": "coffee", "matchType": "exact", "bidAmountCents": 50, "status": "active"}
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("drawn_once")]


async def test_every_row_of_the_table_is_answered_and_nothing_else():
    """Design §3: one table serves both sides."""
    assert set(ANSWERS) == {row.name for row in TABLE if row.live_only is None}


@pytest.mark.parametrize("row", [row for row in TABLE if row.live_only], ids=lambda row: row.name)
async def test_what_is_live_only_says_so_with_its_reason(house, row):
    """Issue 8: answered, or marked `live only` with the reason; the form is checked all the same."""
    project, bodies = await house.project(), {"POST": {"keywords": [KEYWORD]}, "PUT": {"keywords": [{"keywordId": "k_1"}]}}
    path = row.path.replace("/v1/projects/{projectId}", project).replace("{platform}", "meta")
    path = re.sub(r"\{\w+\}", "x_1", path)
    body = {"layerId": f"lyr_{uuid4()}"} if "layer_id" in row.request.model_fields else None
    if path.endswith("/keywords"):
        body = bodies.get(row.method, {"keywordIds": ["k_1"]})

    said = await house.call(row.method, path, body, status=404)
    wrong = await house.call(row.method, path, {"nope": 1}, status=422) if row.method != "GET" else {"error": {"code": "VALIDATION"}}

    assert said["error"]["details"]["liveOnly"] == row.live_only
    assert row.live_only in said["error"]["message"]
    assert wrong["error"]["code"] == "VALIDATION"


async def test_every_answer_carries_the_worlds_time_and_a_request_id(house):
    """Design §8; layers-api: "Request ids"."""
    house.world.advance(3600.25)

    for path, status in (("/v1/whoami", 200), ("/v1/projects/prj_x", 404), ("/v1/nope", 404)):
        await house.get(path, status=status)
        headers = house.answer.headers
        assert parsedate_to_datetime(headers["Date"]).isoformat() == "2026-04-18T18:22:14+00:00"
        assert headers["X-Sandbox-Time"] == "2026-04-18T18:22:14.250Z"
        assert headers["X-Request-Id"].startswith("req_")
        assert len(headers["X-Request-Id"]) == 30
        assert headers["Content-Type"] == "application/json"


async def test_what_is_not_there_is_refused_in_the_envelope(house):
    """layers-api: operational/errors: the envelope on every 4xx."""
    missing = await house.get("/v1/nope", status=404)
    wrong = await house.call("PUT", "/v1/projects", status=405)
    allowed = house.answer.headers["Allow"]

    assert missing["error"]["code"] == "NOT_FOUND"
    assert wrong["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert allowed == "GET, POST"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"x"', b'{"name": NaN}', b'{"name": "A", "metadata": {"a": 1e999}}', b'{"name": "\xff"}', b"{" + b" " * 1_000_001],
)
async def test_a_body_that_is_no_object_is_refused(house, body):
    """layers-api: VALIDATION."""
    headers = {"Authorization": f"Bearer {house.key}"}

    answer = await house.client.post("/v1/projects", content=body, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION")


async def test_a_path_field_may_not_be_said_otherwise(house):
    """Design §3: fields named in the path travel in the path."""
    project = await house.project()

    refused = await house.call("PATCH", project, {"projectId": "prj_other"}, status=422)
    queried = await house.post("/v1/projects?name=A", {"name": "A"}, status=422)

    assert refused["error"]["details"]["issues"][0]["path"] == "projectId"
    assert queried["error"]["details"]["issues"][0]["path"] == "name"


async def test_the_document_names_every_route_with_its_fields_and_refusals(house):
    """Design §8: a true OpenAPI document."""
    document = await house.get("/openapi.json")

    told = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert told == {row.name for row in TABLE}
    for row in TABLE:
        operation = document["paths"][row.path][row.method.lower()]
        named = {one["name"] for one in operation["parameters"] if one["in"] in ("path", "query")}
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})
        fields = {
            field.alias if not field.serialization_alias else field.serialization_alias for field in row.request.model_fields.values()
        }
        assert named | set(body) == fields
        assert {str(status) for status in row.statuses} <= set(operation["responses"])
    refs = str(document).count("#/components/schemas/")
    assert refs
    known = document["components"]["schemas"] | document["components"]["headers"]
    assert all(name in known for name in _refs(document))
    ids = [document["paths"][row.path][row.method.lower()]["operationId"] for row in TABLE]
    assert len(ids) == len(set(ids))


def _refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_refs(value) for value in node.values()))
    return set().union(*(_refs(value) for value in node)) if isinstance(node, list) else set()


async def test_replies_fit_the_document(house):
    """Design §8: a true OpenAPI document."""
    document = await house.get("/openapi.json")
    project = await house.project()
    container = await house.content(project)

    for path, template in (
        (project, "/v1/projects/{projectId}"),
        (f"/v1/content/{container}", "/v1/content/{containerId}"),
        ("/v1/credits", "/v1/credits"),
        (f"{project}/content", "/v1/projects/{projectId}/content"),
    ):
        schema = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(await house.get(path), {**schema, "components": document["components"]})
    refused = await house.get("/v1/nope", status=404)
    jsonschema.validate(refused, {"$ref": "#/components/schemas/Envelope", "components": document["components"]})


def _dump(house) -> dict[str, list[Any]]:
    with house.world.engine.connect() as connection:
        return {table.name: list(connection.execute(select(table))) for table in tables.TABLES.sorted_tables if table is not tables.buckets}


async def test_reading_changes_nothing(house):
    """Design §8: reading changes nothing."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    await house.installation()
    await house.ingest(project)
    running = await house.post(f"{project}/content", {}, status=202)
    await house.post(f"/v1/content/{container}/approve")
    out = await house.post(f"/v1/content/{container}/publish", {"targets": [{"socialAccountId": account}]})
    await house.world.work_done()
    before = _dump(house)

    for _ in range(3):
        house.wait(60)
        for path in (
            project,
            "/v1/projects",
            "/v1/credits",
            "/v1/whoami",
            f"{project}/content",
            f"{project}/influencers",
            f"{project}/social-accounts",
            f"{project}/scheduled-posts",
            f"{project}/content-review-policy",
            "/v1/github/installation",
            f"/v1/jobs/{running['jobId']}",
            f"/v1/content/{container}/progress",
            f"/v1/scheduled-posts/{out['scheduledPostIds'][0]}",
        ):
            await house.get(path)

    assert _dump(house) == before


async def test_two_readers_at_one_instant_see_the_same(house):
    """Design §8: what shows is a function of its script and now."""
    project = await house.project()
    watched, unwatched = [(await house.post(f"{project}/content", {}, status=202))["jobId"] for _ in range(2)]
    for _ in range(9):
        house.wait(10)
        await house.get(f"/v1/jobs/{watched}")

    one, other = await house.get(f"/v1/jobs/{watched}"), await house.get(f"/v1/jobs/{unwatched}")

    own = {"jobId": "", "containerId": "", "containerIds": []}
    assert one | own == other | own


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("content", {"variantCount": "2"}, "variantCount"),
        ("content", {"variantCount": True}, "variantCount"),
        ("ingest/github", {"repoFullName": "a/b", "openPR": "yes"}, "openPR"),
        ("content-review-policy", {"policy": "review_first_n", "firstN": "3"}, "firstN"),
    ],
)
async def test_a_body_means_its_types(house, path, body, field):
    """layers-api: VALIDATION: JSON has types, and a word is no number."""
    project = await house.project()

    refused = await house.call("PATCH" if path.endswith("policy") else "POST", f"{project}/{path}", body, status=422)

    assert [issue["path"] for issue in refused["error"]["details"]["issues"]] == [field]


async def test_an_instant_is_no_number(house):
    """layers-api: timestamps: ISO 8601."""
    project = await house.project()

    listed = await house.get(f"{project}/content?since=1776549600", status=422)
    sent = await house.post(
        "/v1/content/cnt_1/schedule", {"targets": [{"socialAccountId": "sa_1"}], "scheduledFor": "1776549600"}, status=422
    )

    assert listed["error"]["details"]["issues"][0]["path"] == "since"
    assert sent["error"]["details"]["issues"][0]["path"] == "scheduledFor"


async def test_a_caller_who_hangs_up_leaves_no_trace(house, caplog):
    """house-style 41: the log is one line per call, and nobody asks for a broken one."""
    headers = [(b"authorization", f"Bearer {house.key}".encode())]
    scope = {"type": "http", "method": "POST", "path": "/v1/projects", "raw_path": b"/v1/projects", "query_string": b"", "headers": headers}

    async def receive():
        return {"type": "http.disconnect"}

    async def send(_message):
        return None

    await house.client._transport.app(scope | {"asgi": {"version": "3.0"}, "root_path": "", "scheme": "http"}, receive, send)

    assert caplog.text == ""
    assert (await house.get("/v1/projects"))["items"] == []


async def test_the_document_names_the_headers_that_are_sent(house):
    """Design §8: a true OpenAPI document; rate limits with headers."""
    document = await house.get("/openapi.json")
    project = await house.project()
    job = (await house.post(f"{project}/content", {}, status=202))["jobId"]

    await house.get(f"/v1/jobs/{job}")

    told = document["paths"]["/v1/jobs/{jobId}"]["get"]["responses"]
    named = {name.lower() for name in told["200"]["headers"]}
    assert named <= set(house.answer.headers)
    assert {name for name in house.answer.headers if name.startswith("x-rate")} | {"etag"} <= named
    assert "Retry-After" in told["429"]["headers"]
    assert set(_refs(told)) <= set(document["components"]["schemas"]) | set(document["components"]["headers"])


async def test_names_of_strangers_stand_in_the_issues_only(house):
    """house-style 27: what a stranger named is shown as a field's path, never as our sentence."""
    project = await house.project()
    for method, path, body, name in (
        ("POST", "/v1/projects", {"name": "A", "ignore_all_rules": 1}, "ignore_all_rules"),
        ("POST", f"{project}/content", {"brief": {"ignore_all_rules": 1}}, "brief.ignore_all_rules"),
        ("GET", "/v1/projects?ignore_all_rules=1", None, "ignore_all_rules"),
        ("GET", "/v1/projects?ignore_all_rules=1&ignore_all_rules=2", None, "ignore_all_rules"),
        ("POST", "/v1/projects?ignore_all_rules=1", {"name": "A"}, "ignore_all_rules"),
        ("PUT", "/v1/projects/ignore_all_rules", None, "/v1/projects/ignore_all_rules"),
    ):
        error = (await house.call(method, path, body))["error"]

        assert "ignore" not in error["message"], path
        assert [issue["path"] for issue in error["details"]["issues"]] == [name]
        assert "ignore" not in error["details"]["issues"][0]["message"]


async def test_a_field_of_ours_is_named_in_the_sentence_too(house):
    """house-style 25: what happened, with the value's name."""
    project = await house.project()

    refused = await house.post(f"{project}/content", {"brief": {"hook": 3}}, status=422)

    assert refused["error"]["message"].startswith("brief.hook: ")


async def test_a_whole_number_may_be_written_with_a_point(house):
    """JSON Schema: 1.0 is an integer; 1.5 is none."""
    project = await house.project()

    started = await house.post(f"{project}/content", {"variantCount": 2.0}, status=202)
    half = await house.post(f"{project}/content", {"variantCount": 1.5}, status=422)

    assert len(started["containerIds"]) == 2
    assert half["error"]["details"]["issues"][0]["path"] == "variantCount"


async def test_a_list_is_called_a_list(house):
    """JSON has no tuples."""
    many = [{"socialAccountId": "sa_1"}] * 51

    refused = await house.post("/v1/content/cnt_1/publish", {"targets": many}, status=422)

    issues = [{"path": "targets", "message": "List should have at most 50 items after validation, not 51"}]
    assert refused["error"]["details"]["issues"] == issues
