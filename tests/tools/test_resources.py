"""Resources: what a tool shows under an address, with all that holds the tool; and what no other tool shows."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from layers_mcp.contract.drift import DRIFT
from layers_mcp.contract.table import TABLE
from layers_mcp.server.resources import TEMPLATES, asked
from layers_mcp.server.schema import output_schema
from layers_mcp.server.suggesting import suggested
from layers_mcp.tools.resources import read_resource

pytestmark = pytest.mark.anyio
FITS = Draft202012Validator(output_schema(read_resource))


def _same(one, other):
    """Whether two records say the same, but for the moment they were made at and the file a picture stands in."""
    said = [json.dumps({key: value for key, value in record.items() if key not in ("asOf", "requestId")}) for record in (one, other)]
    return said[0] == said[1]


@pytest.mark.parametrize(
    ("uri", "call"),
    [
        ("layers://account", ("read_resource", {"uri": "layers://account"})),
        ("layers://projects", ("get_project", {})),
        ("layers://projects?cursor=a%7Cb+c", ("get_project", {"cursor": "a|b+c"})),
        ("layers://projects/prj_1", ("get_project", {"projectId": "prj_1"})),
        ("layers://projects/prj_1/content", ("list_content", {"projectId": "prj_1", "limit": 25})),
        ("layers://projects/prj_1/content?cursor=x", ("list_content", {"projectId": "prj_1", "limit": 25, "cursor": "x"})),
        ("layers://projects/prj_1/decisions", ("explain_decision", {"projectId": "prj_1"})),
        ("layers://content/cnt_1", ("list_content", {"containerId": "cnt_1"})),
        ("layers://jobs/job_1", ("wait_for_job", {"jobId": "job_1", "waitSeconds": 0})),
        ("layers://runs/onboarding:a%2Fb", ("get_run", {"runId": "onboarding:a/b", "detail": "full", "waitSeconds": 0})),
        ("layers://questions", ("list_questions", {})),
        ("layers://drift?cursor=50", ("read_resource", {"uri": "layers://drift", "cursor": "50"})),
        ("layers://project", None),
        ("layers://projects/", None),
        ("layers://projects/prj_1/", None),
        ("layers://projects/prj_1/posts", None),
        ("layers://projects/prj_1?cursor=x", None),
        ("layers://projects/prj_1#top", None),
        ("layers://projects?cursor=", None),
        ("layers://projects?limit=5", None),
        ("layers://projects?cursor=x&limit=5", None),
        ("layers://account?cursor=x", None),
        ("layers://", None),
        ("projects", None),
        ("file:///etc/passwd", None),
    ],
)
def test_an_address_names_one_call_of_one_tool_or_nothing(uri, call):
    """Issue 8: resources `layers://`; pages by a cursor in the template."""
    assert asked(uri) == call


async def test_a_resource_is_what_its_tool_shows_word_for_word(story, paid_of, furnish):
    """Issue 8: the mirror for clients without resources; marked and cleaned as in tools, and within its published schema."""
    project = await story.project()
    ids = await furnish(story, paid_of(story.world, project), project)
    await story.world.work_done()
    values = {"projectId": project, "containerId": ids["containerId"], "jobId": ids["jobId"]}

    for one in TEMPLATES:
        if one.tool in ("read_resource", "get_run"):
            continue
        uri = one.uri.replace(f"{{{one.argument}}}", values.get(one.argument, ""))
        tool, arguments = asked(uri)
        told = await story.result(tool, **arguments)
        read = await story.result("read_resource", uri=uri)

        assert told.record["status"] != "failed", uri
        assert _same(told.record, read.record), uri
        assert [each.mime for each in read.pictures] == [each.mime for each in told.pictures]
        FITS.validate(read.record)
    assert len((await story.result("read_resource", uri=f"layers://content/{ids['containerId']}")).pictures) == 1


async def test_the_account_says_whose_key_it_is_and_what_is_left(story):
    """Issue 8: `layers://account`; a name that somebody typed in is marked as that."""
    told = await story.call("read_resource", uri="layers://account")

    assert told["result"]["key"]["scopes"]
    assert told["result"]["credits"]["available"] >= 0
    assert "key.organizationName" in [one["at"] for one in told["readFrom"]]


@pytest.mark.parametrize(("name", "field"), [("api", "endpoints"), ("drift", "drift")])
async def test_a_long_table_is_read_page_by_page_to_its_end(story, name, field):
    """Issue 8: the API map is made from the contract's table, the drift from its rows; long lists page by a cursor."""
    rows, page = [], await story.call("read_resource", uri=f"layers://{name}")
    while page["result"]["hasMore"]:
        rows += page["result"][field]
        page = await story.call("read_resource", uri=f"layers://{name}?cursor={page['result']['nextCursor']}")
    rows += page["result"][field]

    known = [one.name for one in TABLE] if name == "api" else [one.topic for one in DRIFT]
    assert [row["name" if name == "api" else "topic"] for row in rows] == known


async def test_the_trail_shows_a_clients_own_calls_newest_first_and_no_one_elses(story):
    """Issue 8: `layers://trail`; the same rights as the tools."""
    await story.call("get_project", house=story.of("somebody else"), search="theirs")
    for _ in range(60):
        await story.call("wait_for_job")
    await story.call("get_project")

    first = (await story.call("read_resource", uri="layers://trail"))["result"]
    rest = (await story.call("read_resource", uri="layers://trail", cursor=first["nextCursor"]))["result"]

    rows = first["trail"] + rest["trail"]
    assert [row["tool"] for row in rows] == ["get_project", *["wait_for_job"] * 60]
    assert [row["number"] for row in rows] == sorted((row["number"] for row in rows), reverse=True)
    assert not rest["hasMore"]


async def test_where_only_one_project_may_be_touched_no_resource_tells_of_another(story):
    """Issue 8: project fences hold resources and completions as they hold tools."""
    own, other = await story.project(customerExternalId="a"), await story.project(name="Zanzibar Kiosk", customerExternalId="b")
    post = await story.post(other)
    house = replace(story.house, projects=frozenset({own, f"prj_{uuid4()}"}))
    seen = [
        (await story.call("read_resource", house=house, uri=f"layers://{path}"))
        for path in ("projects", f"projects/{other}", f"projects/{other}/content", f"content/{post}", "trail", "questions")
    ]
    known = [await suggested(house, name, "", {}) for name in ("projectId", "containerId", "jobId", "runId")]

    codes = [one.get("error", {}).get("code") for one in seen]
    assert codes == [None, "OUTSIDE_PROJECTS", "OUTSIDE_PROJECTS", "OUTSIDE_PROJECTS", None, None]
    assert [row["id"] for row in seen[0]["result"]["projects"]] == [own]
    assert all(other not in json.dumps(one.get("result", {})) for one in seen)
    assert known == [[own], [], [], []]


async def test_what_is_no_resource_is_refused_with_the_addresses_there_are(story):
    """Issue 8; the trail has the refused call, too."""
    refused = [
        await story.call("read_resource", **wrong)
        for wrong in ({"uri": "layers://nothing"}, {"uri": "layers://trail", "cursor": "x"}, {"url": "layers://trail"}, {})
    ]

    assert [one["error"]["code"] for one in refused] == ["VALIDATION"] * 4
    assert "layers://projects/{projectId}" in refused[0]["error"]["details"]["issues"][0]["message"]
    assert story.house.gate.trail(limit=50)[-1].entry.tool == "read_resource"


async def test_ids_are_completed_from_what_the_caller_could_list(story):
    """Issue 8: completions: project ids by id or name, content, jobs; at most 100, and none where Layers refuses."""
    project, other = await story.project(), await story.project(name="Zanzibar Kiosk", customerExternalId="b")
    post = await story.post(project)
    job = (await story.call("read_resource", uri=f"layers://content/{post}"))["result"]["container"]["jobId"]

    assert set(await suggested(story.house, "projectId", "prj_", {})) == {project, other}
    assert await suggested(story.house, "projectId", "zanz", {}) == [other]
    assert await suggested(story.house, "projectId", project[:-1], {}) == [project]
    assert await suggested(story.house, "containerId", "", {}) == [post]
    assert await suggested(story.house, "containerId", "", {"projectId": other}) == []
    assert await suggested(story.house, "containerId", "nothing begins so", {"projectId": project}) == []
    assert await suggested(story.house, "jobId", job[:6], {}) == [job]
    assert await suggested(story.house, "containerId", "", {"projectId": "no id at all"}) == []
