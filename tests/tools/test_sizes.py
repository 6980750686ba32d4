"""What a list costs a reader: no more than a part of the API's own JSON, with everything that a decision needs."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import insert, select

from layers_mcp.contract import content
from layers_mcp.contract.content import ListContent
from layers_mcp.database import writing
from layers_mcp.sandbox import tables
from layers_mcp.server.weight import tokens

pytestmark = pytest.mark.anyio

MOST = 8_000
"""Tokens of a result, text and record together: design §4."""


def _compact(value):
    return tokens(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


async def _fifty(story):
    """A project with fifty finished posts: five that are made, and each of them ten times, as drawing costs seconds."""
    project = await story.project()
    wanted = {"format": "slideshow_remix", "targetPlatforms": ["tiktok", "instagram"], "variantCount": 5, "hook": "Skip the line."}
    made = await story.call("generate_content", projectId=project, **wanted)
    job = made["result"]["job"]["jobId"]
    while (await story.call("wait_for_job", jobId=job))["status"] == "running":
        pass
    with writing(story.world.engine) as connection:
        rows = connection.execute(select(tables.containers).where(tables.containers.c.project_id == project)).mappings().all()
        plain = [{name: row[name] for name in row if name != "seq"} for row in rows]
        own = [{"id": f"cnt_{uuid4()}", "hook": f"Skip the line, part {number}.", "luck": f"copy {number}"} for number in range(45)]
        connection.execute(insert(tables.containers), [plain[number % 5] | one for number, one in enumerate(own)])
    return project


def _raw(story, project):
    return story.layers.send(content.LIST, ListContent(project_id=project, limit=50))


async def test_a_list_of_fifty_posts_costs_a_part_of_their_json(story):
    """Issue 8: at most 0.40 of compact JSON in full form with every decision field and id, 0.25 in brief; each the text and the record."""
    project = await _fifty(story)
    raw = await _raw(story, project)
    plain = _compact([one.model_dump(mode="json", by_alias=True) for one in raw.items]) / 50

    for detail, share in (("full", 0.40), ("brief", 0.25)):
        made = await story.result("list_content", projectId=project, limit=50, detail=detail)
        rows = made.record["result"]["items"]
        text, record = tokens(made.text) / len(rows), _compact(made.record) / len(rows)
        print(f"list_content {detail}: {len(rows)} rows, text {text / plain:.2f}, record {record / plain:.2f} of compact JSON")
        assert max(text, record) <= share * plain
        assert tokens(made.text) + _compact(made.record) <= MOST
        assert len(rows) == 50 or detail == "full"
        assert all(row["id"] in made.text for row in rows)
    known = {one.id: one for one in raw.items}
    first = (await story.call("list_content", projectId=project, limit=1, detail="full"))["result"]["items"][0]
    assert first["media"] == ["image"] * 3
    assert {where: one["text"] for one in first["captions"] for where in one["platforms"]} == {
        one.platform: one.text for one in known[first["id"]].caption_variants
    }


async def test_the_pages_of_a_long_list_in_full_hold_every_post_once(story):
    """Nothing is lost where a page is cut: the call that is named next brings the rest."""
    project = await _fifty(story)

    page = await story.call("list_content", projectId=project, limit=50, detail="full")
    wanted = page["next"][0]["arguments"]
    ids = []
    while True:
        page = await story.call("list_content", **wanted)
        ids += [one["id"] for one in page["result"]["items"]]
        if not page["result"]["hasMore"]:
            break
        wanted |= {"cursor": page["result"]["nextCursor"]}

    assert len(ids) == len(set(ids)) == 50


async def test_a_list_of_projects_stays_short_however_much_is_known_of_each(story):
    """The brand contexts of 25 customers are no list."""
    for number in range(26):
        made = await story.project(name=f"{number} " + "Long name " * 12, customerExternalId=f"{number}-" + "x" * 250)
        await story.call("update_project", projectId=made, brandContext={"appDescription": "words " * 160})

    page = await story.result("get_project")

    assert page.record["result"]["returned"] == 25
    assert tokens(page.text) + _compact(page.record) <= MOST
    rest = await story.call("get_project", cursor=page.record["result"]["nextCursor"])
    assert rest["result"]["returned"] == 1


async def test_the_accounts_of_a_project_come_in_pages(story):
    """Issue 8: never over 8,000 tokens a result; a project with many accounts has a cursor."""
    project = await story.project()
    connected = {"connected_at": story.now(), "token_expires_at": story.now() + timedelta(days=60)}
    rows = [{"id": f"sa_{uuid4()}", "project_id": project, "platform": "tiktok", "handle": f"cafe{place}"} for place in range(23)]
    with writing(story.world.engine) as connection:
        connection.execute(insert(tables.accounts), [row | connected for row in rows])

    first = await story.call("get_project", projectId=project)
    wanted = first["next"][0]["arguments"]
    second = await story.call("get_project", **wanted)

    ids = [one["socialAccountId"] for page in (first, second) for one in page["result"]["accounts"]]
    assert len(ids) == len(set(ids)) == 23
    assert first["result"]["hasMore"] is True
    assert "hasMore" not in second["result"]


async def test_what_many_generations_made_is_told_within_the_bound_and_where_the_rest_is(story):
    """Design §4: never over 8,000 tokens a result, at the most variations that one call makes."""
    project = await story.project()
    wanted = {"format": "slideshow_remix", "targetPlatforms": ["tiktok", "instagram"], "variantCount": 5, "hook": "Skip the line."}
    made = await story.result("generate_content", projectId=project, **wanted, waitSeconds=900)
    post = (await story.fed(project, 0.01))[0][1]
    asked = {"projectId": project, "sourcePostId": post, "variations": 10}
    handle = (await story.call("clone_regardless", **asked))["confirmation"]["handle"]
    cloned = await story.result("clone_regardless", **asked, waitSeconds=900, confirm=handle)

    for one, many in ((made, 5), (cloned, 10)):
        result = one.record["result"]
        print(f"{many} containers: {len(result['containers'])} shown, text {tokens(one.text)}, record {_compact(one.record)}")
        assert one.record["status"] == "done"
        assert len(result["containerIds"]) == many
        assert tokens(one.text) + _compact(one.record) <= MOST
        rest = [step["arguments"] for step in one.record["next"] if step["tool"] == "list_content"]
        assert bool(rest) == (len(result["containers"]) < many)
