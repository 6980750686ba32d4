"""Projects: created, listed, edited, archived."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


def _paths(refused):
    assert refused["error"]["code"] == "VALIDATION"
    return [issue["path"] for issue in refused["error"]["details"]["issues"]]


async def test_a_taken_handle_is_a_conflict_that_names_its_owner(house):
    """Seed 004, step 1: "external id already taken"."""
    project = await house.project(customerExternalId="quinn-coffee-001")
    other = await house.project("Other")

    refused = await house.post("/v1/projects", {"name": "B", "customerExternalId": "quinn-coffee-001"}, status=409)
    moved = await house.call("PATCH", other, {"customerExternalId": "quinn-coffee-001"}, status=409)

    assert refused["error"]["details"] == {"field": "customerExternalId", "projectId": project.rpartition("/")[2]}
    assert moved["error"]["code"] == "CONFLICT"
    await house.call("PATCH", project, {"customerExternalId": "quinn-coffee-001"}, status=200)
    found = await house.get("/v1/projects?customerExternalId=quinn-coffee-001")
    assert [f"/v1/projects/{item['id']}" for item in found["items"]] == [project]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 129}, ["name"]),
        ({"name": "A", "timezone": "Mars/Base"}, ["timezone"]),
        ({"name": "A", "timezone": "../etc/passwd"}, ["timezone"]),
        ({"name": "A", "surprise": 1}, ["surprise"]),
        ({"name": "A", "customer_external_id": "snake"}, ["customer_external_id"]),
        ({"name": "A", "brandContext": {"tagline": "x" * 81}}, ["brandContext.tagline"]),
        ({"name": "A", "metadata": {"k": "x" * 9000}}, ["metadata"]),
        ([1], [""]),
    ],
)
async def test_each_wrong_field_is_named_by_its_wire_path(house, body, paths):
    """layers-api: concepts, "Errors", details.issues[]."""
    assert _paths(await house.post("/v1/projects", body, status=422)) == paths


async def test_only_the_given_fields_change(house):
    """Seed 004, step 4: no full replace."""
    project = await house.project(metadata={"a": 1}, brandContext={"tagline": "Old", "audience": "People"})
    house.wait(60)

    changed = await house.call("PATCH", project, {"name": "New", "brandContext": {"tagline": "New", "audience": None}}, status=200)

    assert (changed["name"], changed["metadata"], changed["timezone"]) == ("New", {"a": 1}, "UTC")
    assert (changed["brandContext"]["tagline"], changed["brandContext"]["audience"]) == ("New", None)
    assert changed["updatedAt"] == "2026-04-18T17:23:14Z" != changed["createdAt"]
    emptied = await house.call("PATCH", project, {"metadata": None, "brandContext": None}, status=200)
    assert (emptied["metadata"], emptied["brandContext"]["tagline"]) == (None, None)
    assert _paths(await house.call("PATCH", project, {"name": None}, status=422)) == ["name"]


async def test_flat_brand_fields_of_newer_pages_are_understood(house):
    """Design §2: both spellings where both can live."""
    project = await house.project()

    changed = await house.call("PATCH", project, {"tagline": "Flat", "brandContext": {"audience": "Nested"}}, status=200)

    assert (changed["brandContext"]["tagline"], changed["brandContext"]["audience"]) == ("Flat", "Nested")


async def test_lists_go_page_by_page_newest_first(house):
    """layers-api: concepts, "Pagination"."""
    for number in range(5):
        await house.project(f"P{number}")
        house.wait(number % 2)

    names, cursor = [], ""
    while cursor is not None:
        page = await house.get(f"/v1/projects?limit=2{cursor and f'&cursor={cursor}'}")
        names += [item["name"] for item in page["items"]]
        cursor = page["nextCursor"]

    assert names == ["P4", "P3", "P2", "P1", "P0"]
    assert [item["name"] for item in (await house.get("/v1/projects?search=p3"))["items"]] == ["P3"]


async def test_a_cursor_of_another_list_or_none_is_refused(house):
    """layers-api: concepts, "Pagination": opaque, bound to the list."""
    project = await house.project()
    await house.project("Second")
    cursor = (await house.get("/v1/projects?limit=1"))["nextCursor"]

    for path, given in ((f"{project}/content", cursor), ("/v1/projects", "x"), ("/v1/projects", "W10"), ("/v1/projects", "é")):
        assert _paths(await house.get(f"{path}?cursor={given}", status=422)) == ["cursor"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "status=gone", "surprise=1", "limit=1&limit=2"])
async def test_a_wrong_query_is_refused(house, query):
    """layers-api: GET /v1/projects, 422."""
    assert _paths(await house.get(f"/v1/projects?{query}", status=422)) == [query.partition("=")[0]]


async def test_an_id_works_bare_and_prefixed_and_unknown_ones_do_not(house):
    """Seed 004 prints both forms."""
    project = await house.project()

    bare = await house.get(project.replace("prj_", "").replace(project.rpartition("_")[2], project.rpartition("_")[2].upper()))

    assert f"/v1/projects/{bare['id']}" == project
    assert (await house.get("/v1/projects/prj_nope", status=404))["error"]["code"] == "NOT_FOUND"


async def test_archiving_stops_what_is_under_way_and_can_be_repeated(house):
    """layers-api: DELETE /v1/projects/:id."""
    project = await house.project()
    account, container = await house.account(project), await house.content(project)
    targets = {"targets": [{"socialAccountId": account}], "scheduledFor": "2026-04-19T00:00:00Z"}
    await house.post(f"/v1/content/{container}/approve")
    post = (await house.post(f"/v1/content/{container}/schedule", targets))["scheduledPostIds"][0]
    running = await house.post(f"{project}/content", {}, status=202)

    archived = await house.call("DELETE", project, {"reason": "gone"}, status=200)
    house.wait(1)
    again = await house.call("DELETE", project, status=200)

    assert (archived["status"], archived["canceledScheduledPosts"], again["canceledScheduledPosts"]) == ("archived", 1, 0)
    assert again["archivedAt"] > archived["archivedAt"]
    assert (await house.get(f"/v1/scheduled-posts/{post}"))["status"] == "canceled"
    assert (await house.get(f"/v1/jobs/{running['jobId']}"))["status"] == "canceled"
    assert (await house.get(f"/v1/content/{running['containerIds'][0]}"))["status"] == "canceled"
    assert (await house.get("/v1/credits"))["reservedCredits"] == 0
    consent = {"platform": "tiktok", "returnUrl": "https://app.your-partner.com/done"}
    later = ((f"{project}/content", {}), (f"/v1/content/{container}/schedule", targets), (f"{project}/social/oauth-url", consent))
    for path, body in later:
        assert (await house.post(path, body, status=409))["error"]["details"]["status"] == "archived"
    restored = await house.call("PATCH", project, {"status": "active"}, status=200)
    assert restored["status"] == "active"
    await house.post(f"{project}/content", {}, status=202)


async def test_a_search_finds_a_name_in_any_case(house):
    """layers-api: list-projects: case-insensitive substring of the name."""
    await house.project("CAFÉ Ünter den Linden")
    await house.project("Other")

    found = [(await house.get(f"/v1/projects?search={words}"))["items"] for words in ("CAFÉ", "café ü", "%25")]

    assert [[item["name"] for item in items] for items in found] == [["CAFÉ Ünter den Linden"]] * 2 + [[]]
