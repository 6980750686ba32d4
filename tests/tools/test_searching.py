"""find, describe and call: everything by three tools, and nothing by them that could not be done otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha512

import pytest

from layers_mcp.server.calling import answer
from layers_mcp.server.catalog import SEARCH, read_catalog
from layers_mcp.server.weight import tokens
from layers_mcp.tool.asking import AskFirst, Said
from layers_mcp.tools.catalog import ENDPOINTS

pytestmark = pytest.mark.anyio
SHOWN = [tool["name"] for tool in read_catalog((SEARCH,)).tools]
WHOLE = read_catalog((SEARCH,)).reach
ENGAGEMENT = "PATCH /v1/projects/{projectId}/engagement"
PUBLISH = "POST /v1/content/{containerId}/publish"


class Agreeing:
    """An older session's client with somebody in front of it who says yes; `asked`: to what."""

    said = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, question: str, token: str, *, within_s: float) -> Said:
        """Yes."""
        self.asked.append(question)
        return Said(answer="yes", token=token)


@pytest.fixture
def search(story):
    """Calls as a client makes them that is shown the three tools only; `reach`, `house`, `asker` as they are narrowed."""

    async def tell(done, stage):
        story.told.append((done, stage))

    async def call(tool, given, *, reach=WHOLE, house=None, asker=None):
        return await answer(house or story.house, tool, given, tell, shown=SHOWN, reach=reach, asker=asker)

    async def by_call(name, /, *, reach=WHOLE, house=None, asker=None, **arguments):
        return await call("call", {"name": name, "arguments": arguments}, reach=reach, house=house, asker=asker)

    by_call.any = call
    return by_call


async def test_an_account_that_may_be_a_halted_project_s_is_not_disconnected(search, story):
    """Its id does not say whose it is: while any project is halted it may be that one's."""
    project, other = await story.project(), await story.project(name="Another")
    account, person = await story.account(project), Agreeing()
    story.house.gate.hold(other, by="person")

    refused = await search("DELETE /v1/social-accounts/{socialAccountId}", asker=person, socialAccountId=account)
    story.house.gate.lift(other, by="person")
    shown = await search("DELETE /v1/social-accounts/{socialAccountId}", asker=person, socialAccountId=account)

    assert refused.record["error"]["code"] == "HALTED"
    assert shown.record["status"] == "confirmation_required"


async def test_find_is_short_and_pages(search):
    """Issue 8: name, one line, effect; a page, and the call for the next."""
    first = (await search.any("find", {})).record
    second = (await search.any("find", first["next"][1]["arguments"])).record
    none = (await search.any("find", {"words": "xyzzy"})).record

    assert [len(one["result"]["items"]) for one in (first, second)] == [10, 10]
    assert first["result"]["found"] == len(WHOLE)
    assert set(first["result"]["items"][0]) == {"name", "effect", "does"}
    assert "readFrom" not in first, "these are our own words"
    assert none["result"] == {"found": 0, "hasMore": False}
    assert none["next"][0]["tool"] == "find"


async def test_a_call_is_as_if_the_tool_were_called_itself(story, search):
    """Issue 8: the same tolerance, trail, outcome, and the same operation."""
    made = await search("create_project", name="Quinns", timezone="null", customerExternalId="q")
    found = await search.any(
        "call", {"name": "get_project", "arguments": json.dumps({"projectId": made.record["result"]["project"]["id"]})}
    )
    wrong = await search("create_project", nope=1)

    trail = story.store.trail.recent(story.house.gate.principal, limit=3)
    assert found.record["result"]["project"]["name"] == "Quinns"
    assert "nope is no argument of create_project" in wrong.text
    assert [(row.tool, row.outcome) for row in trail] == [
        ("create_project", "VALIDATION"),
        ("get_project", "done"),
        ("create_project", "done"),
    ]


async def test_a_yes_goes_among_the_arguments_and_next_calls_can_be_made(story, search):
    """Issue 8: what comes next goes by `call`, too, where the tool is not shown."""
    project = (await search("create_project", name="Quinns")).record["result"]["project"]["id"]
    made = await search("generate_content", projectId=project, format="slideshow_remix", waitSeconds=900)
    post = made.record["result"]["containers"][0]["id"]

    shown = await search("approve_content", containerIds=[post])
    handle = shown.record["confirmation"]["handle"]
    await search.any("call", {"name": "approve_content", "arguments": {"containerIds": [post]}, "confirm": handle})
    waits = (await story.content(post)).approval_status
    done = await search("approve_content", containerIds=[post], confirm=handle)

    assert {step["tool"] for step in made.record["next"]} == {"call"}
    assert made.record["next"][0]["arguments"]["name"] in WHOLE
    assert f"confirm={handle} among its arguments" in shown.text
    assert (waits, (await story.content(post)).approval_status, done.record["status"]) == ("pending", "approved", "done")


async def test_a_client_of_the_newer_protocol_is_asked_first_by_the_same_call(story, search):
    """Protocol 2026-07-28: the question is a result, whichever way the tool is called."""

    class Retrying:
        said = None

        async def ask(self, question, token, *, within_s):
            raise AskFirst(question, token)

    post = await story.post(await story.project())
    shown = await search("approve_content", containerIds=[post], asker=Retrying())

    asked = await search("approve_content", containerIds=[post], confirm=shown.record["confirmation"]["handle"], asker=Retrying())

    assert isinstance(asked, AskFirst)


@pytest.mark.parametrize("name", ["call", "find", "drop_everything", "", "GET /v1/projects"])
async def test_what_can_not_be_called_is_refused_by_name_and_in_the_trail(story, search, name):
    """Design §4: unknown names, the three themselves, and endpoints that a tool covers."""
    refused = await search(name)

    assert refused.record["error"]["code"] == "VALIDATION"
    assert refused.record["error"]["details"]["issues"][0]["path"] == "name"
    assert [(row.tool, row.outcome) for row in story.store.trail.recent(story.house.gate.principal)] == [("call", "VALIDATION")]


async def test_what_is_left_out_or_not_for_this_token_can_not_be_called(story, search):
    """Design §4: exclude and read-only always win, also through `call`."""
    less = read_catalog((SEARCH,), without=("create_project",)).reach
    reads = read_catalog((SEARCH,), read_only=True).reach

    tried = [await search("create_project", name="Q", reach=one) for one in (less, reads, frozenset({"get_project"}), frozenset())]
    tried.append(await search(ENGAGEMENT, projectId="prj_1", enabled=True, reach=reads))

    assert [one.record["error"]["code"] for one in tried] == ["VALIDATION"] * 5
    assert story.wire.rows == []


async def test_an_endpoint_that_reads_is_read(story, search):
    """Issue 8: every endpoint can be called, those that no tool covers as they are."""
    project = await story.project()

    read = await search("GET /v1/projects/{projectId}/engagement", projectId=project)
    missing = await search("GET /v1/projects/{}/engagement", projectId="prj_nowhere")

    assert read.record["result"]["enabled"] is False
    assert missing.record["error"]["code"] == "NOT_FOUND"
    assert story.store.trail.recent(story.house.gate.principal)[0].tool == "GET /v1/projects/{}/engagement"


async def test_an_endpoint_that_writes_is_sent_once_after_a_persons_own_yes_to_exactly_that(story, search):
    """Issue 8: the preview shows method, path, body and what the docs say; an agent's yes is none."""
    project, person = await story.project(), Agreeing()
    alone = await search(ENGAGEMENT, projectId=project, enabled=True)
    refused = await search(ENGAGEMENT, projectId=project, enabled=True, confirm=alone.record["confirmation"]["handle"])

    shown = await search(ENGAGEMENT, projectId=project, enabled=True, asker=person)
    handle = shown.record["confirmation"]["handle"]
    other = await search(ENGAGEMENT, projectId=project, enabled=False, confirm=handle, asker=person)
    before = story.wire.rows.count(ENGAGEMENT)
    done = await search(ENGAGEMENT, projectId=project, enabled=True, confirm=handle, asker=person)
    again = await search(ENGAGEMENT, projectId=project, enabled=True, confirm=handle, asker=person)

    facts = shown.record["confirmation"]["items"][0]["facts"]
    assert facts["request"] == f"PATCH /v1/projects/{project}/engagement"
    assert facts["body"] == {"enabled": True}
    assert facts["now"]["enabled"] is False
    assert "layers-api" in facts["does"]
    assert refused.record["status"] == "needs_action"
    assert other.record["status"] == "confirmation_required"
    assert (before, done.record["status"], done.record["confirmedBy"]) == (0, "done", "person")
    assert again.record["replayed"]
    assert story.wire.rows.count(ENGAGEMENT) == 1
    assert f"PATCH /v1/projects/{project}/engagement" in person.asked[-1]


async def test_what_a_request_publishes_is_shown_as_it_stands_and_a_changed_post_asks_anew(story, search):
    """A wrong post is the worst that can happen: the post is in the preview, with its picture, and the yes is bound to it."""
    project, person = await story.project(), Agreeing()
    account, post = await story.account(project), await story.approved(project)
    wanted = {"containerId": post, "targets": [{"socialAccountId": account}]}
    shown = await search(PUBLISH, **wanted, asker=person)
    item = shown.record["confirmation"]["items"][0]["facts"]

    story.house.gate.hold(project, by="person")
    held = await search(PUBLISH, **wanted, confirm=shown.record["confirmation"]["handle"], asker=person)
    story.house.gate.lift(project, by="person")
    done = await search(PUBLISH, **wanted, confirm=shown.record["confirmation"]["handle"], asker=person)

    assert item["container"]["approvalStatus"] == "approved"
    assert item["container"]["captionVariants"]
    assert shown.pictures
    assert held.record["error"]["code"] == "HALTED"
    assert (done.record["status"], story.wire.rows.count(PUBLISH)) == ("done", 1)
    assert [one.kind for one in story.house.gate.recent(limit=1)] == ["post"]


async def test_what_only_the_live_api_answers_is_refused_before_anybody_is_asked(story, search):
    """A person's yes is not asked for in vain, and no id is blamed."""
    person, project = Agreeing(), await story.project()
    name = "DELETE /v1/projects/{projectId}/ads/{platform}/ads/{adId}"

    refused = await search(name, asker=person, projectId=project, platform="meta", adId="ad_1")

    error = refused.record["error"]
    assert (error["code"], person.asked) == ("NOT_FOUND", [])
    assert "issues" not in error.get("details", {})
    assert "Only the live API answers it" in error["whatToDo"]


async def test_a_body_too_long_to_be_shown_is_refused_and_one_just_short_enough_fits_a_result(story, search):
    """Issue 8: no result over 8,000 tokens, and nobody says yes to what they can't see."""
    project = await story.project()

    def events(count):
        one = {"name": "app_open", "occurredAt": "2026-11-23T00:00:00Z", "properties": {"screen": sha512(b"").hexdigest()}}
        return {"projectId": project, "sdkAppId": "app_nope", "events": [one] * count}

    short, long = await search("POST /v1/events", **events(24)), await search("POST /v1/events", **events(40))

    assert short.record["status"] == "confirmation_required"
    assert long.record["error"]["code"] == "VALIDATION"
    assert "send it in parts" in long.text
    assert tokens(short.text) + tokens(json.dumps(short.record, ensure_ascii=False)) < 8000


async def test_what_lacks_something_is_not_said_to_be_missing(story, search):
    """A project without an ad layer is there: its id leads to it."""
    project = await story.project()

    refused = await search("run_optimizer", projectId=project, platform="tiktok_ads", dryRun=True)

    assert refused.record["error"]["code"] == "NOT_FOUND"
    assert "connect an ad account first" in refused.text
    assert refused.record["error"]["details"]["issues"] == [{"path": "projectId", "message": "is there, and has none of what is asked for"}]


async def test_what_layers_refuses_is_refused_through_an_endpoint_too(story, search):
    """The approval gate of Layers stands behind ours: a post that waits is not published."""
    project, person = await story.project(), Agreeing()
    account, post = await story.account(project), await story.post(project)
    wanted = {"containerId": post, "targets": [{"socialAccountId": account}]}
    handle = (await search(PUBLISH, **wanted, asker=person)).record["confirmation"]["handle"]

    refused = await search(PUBLISH, **wanted, confirm=handle, asker=person)

    assert refused.record["error"]["code"] == "APPROVAL_REQUIRED"


async def test_nothing_of_a_foreign_project_is_read_or_written_by_any_endpoint(story, search):
    """Issue 5: the allow-list holds for every endpoint that no tool covers; what names no project stays closed."""
    own, foreign = await story.project(customerExternalId="own"), await story.project(customerExternalId="foreign")
    post = await story.approved(foreign)
    house = replace(story.house, projects=frozenset({own}))
    ids = {"projectId": foreign, "containerId": post, "influencerId": "inf_1", "scheduledPostId": "sp_1", "socialAccountId": "sa_1"}
    before = len(story.wire.rows)

    for row in ENDPOINTS:
        given = {name: ids.get(name, "x_1") for name in row.path_fields}
        told = await search(row.name, house=house, asker=Agreeing(), **given)
        said = json.dumps(told.record)
        assert told.record["status"] in ("failed", "done"), (row.name, said)
        assert told.record["status"] == "failed" or not row.path_fields, (
            row.name,
            said,
        )  # the one project is filled in where none is named
        assert foreign not in json.dumps(told.record.get("result", {})), (row.name, said)
        assert told.is_error is (told.record["status"] == "failed")
    sent = story.wire.rows[before:]
    assert not any(name.startswith(("POST", "PATCH", "PUT", "DELETE")) for name in sent), sent


async def test_the_pinned_project_is_filled_in_and_not_repeated(story, search):
    """Issue 8: pinned parameters leave the schemas, also of what is not shown."""
    own = await story.project(customerExternalId="own")
    house = replace(story.house, projects=frozenset({own}))

    read = await search("GET /v1/projects/{projectId}/engagement", house=house)
    listed = await search("list_content", house=house)

    assert not read.is_error
    assert not any("projectId" in json.dumps(step["arguments"]) for step in listed.record.get("next", ()))


async def test_one_scheduled_post_is_canceled_after_a_persons_yes(story, search):
    """`halt` cancels all that waits; a user who took back one post needs that one only."""
    project, person = await story.project(), Agreeing()
    kept, gone = await story.approved(project), await story.approved(project, hook="No more queue.")
    account = {"socialAccountId": await story.account(project)}
    posts = []
    for post in (kept, gone):
        made = await story.yes("schedule_content", containerId=post, scheduledFor=story.at(days=1), targets=[account])
        posts += made["result"]["schedule"]["scheduledPostIds"]

    covered = await search("DELETE /v1/scheduled-posts/{scheduledPostId}", scheduledPostId=posts[1], asker=person)
    shown = await search("cancel_post", scheduledPostId=posts[1], asker=person)
    handle = shown.record["confirmation"]["handle"]
    done = await search("cancel_post", scheduledPostId=posts[1], confirm=handle, asker=person)
    listed = await search("list_posts", projectId=project)

    assert "cancel_post" in covered.text
    assert shown.record["confirmation"]["items"][0]["facts"]["hook"] == "No more queue."
    assert done.record["confirmedBy"] == "person"
    assert {one["id"]: one["status"] for one in listed.record["result"]["items"]} == {posts[0]: "queued", posts[1]: "canceled"}
