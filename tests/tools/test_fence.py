"""A server that may touch one project: nothing of another is read, told or changed, by any tool, with any of its ids."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import MetaData, select

from layers_mcp.client.fence import Fence
from layers_mcp.client.owners import CLOSED, LISTS, ORGANIZATION_READS, ORGANIZATION_WRITES, OWNED, names_project
from layers_mcp.contract import account, content, jobs, projects
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.errors import Conflict, LayersError, OutsideProjects, TimedOut
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox import tables
from layers_mcp.tools.catalog import TOOLS

pytestmark = pytest.mark.anyio
OUTSIDE = "OUTSIDE_PROJECTS"
NAMED = "Zanzibar Kiosk"
DAY = timedelta(days=1)
_LONG_ENOUGH = 12


def _words(value: Any) -> set[str]:
    """Every text in a row that is long enough to be told from another."""
    if isinstance(value, dict):
        return {word for entry in value.values() for word in _words(entry)}
    if isinstance(value, list | tuple):
        return {word for entry in value for word in _words(entry)}
    return {value} if isinstance(value, str) and len(value) >= _LONG_ENOUGH else set()


def _rows(world: Any, project: str) -> list[dict[str, Any]]:
    """Every row of the world that names the project."""
    found: list[dict[str, Any]] = []
    metadata: MetaData = tables.projects.metadata
    with world.engine.connect() as connection:
        for table in metadata.sorted_tables:
            column = table.c.get("project_id", table.c.id if table is tables.projects else None)
            if column is not None:
                found += [{**row, "table": table.name} for row in connection.execute(select(table).where(column == project)).mappings()]
    return found


class Neighbours:
    """Two projects of one organization, and the ids of all that the foreign one has."""

    def __init__(self, story: Any, own: str, foreign: str) -> None:
        self.story, self.own, self.foreign = story, own, foreign
        self.ids: dict[str, str] = {}
        self.house = replace(story.house, projects=frozenset({own}))

    async def call(self, tool: str, **arguments: Any) -> Any:
        """The whole answer of a call that may touch its own project only."""
        return await self.story.result(tool, house=self.house, **arguments)

    def secrets(self) -> set[str]:
        """Every id of the foreign project, and the sentences that stand in its rows and in none of its neighbour's."""
        theirs = {word for row in _rows(self.story.world, self.foreign) for word in _words(dict(row))}
        ours = {word for row in _rows(self.story.world, self.own) for word in _words(dict(row))}
        return {word for word in theirs - ours if " " in word} | set(self.ids.values())


@pytest.fixture
async def next_door(story, paid_of, furnish):
    """A project that may be touched, and one with everything in it that may not."""
    own = await story.project(customerExternalId="quinn-1")
    foreign = await story.project(name=NAMED, customerExternalId="zanzibar-kiosk-1")
    made = Neighbours(story, own, foreign)
    made.ids = await furnish(story, paid_of(story.world, foreign), foreign)
    await story.world.work_done()
    return made


def _plain(record: dict[str, Any], ids: dict[str, str]) -> str:
    """A record without what differs at each call, and without the ids that the caller gave."""
    words = json.dumps({name: entry for name, entry in record.items() if name not in ("asOf", "requestId")}, sort_keys=True)
    for given in sorted(ids.values(), key=len, reverse=True):
        words = words.replace(given, "…")
    return words


def _unknown(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same form of which there is nothing."""
    return {name: f"{given.partition('_')[0]}_{uuid4()}" if name != "customerExternalId" else "nobody" for name, given in ids.items()}


@pytest.mark.timeout(300)
async def test_no_tool_tells_or_changes_anything_of_a_foreign_project(next_door, wanted_of):
    """Issue 5, "Ids and URLs": the allow-list is enforced for arguments and results; peers I, 41."""
    story, here = next_door.story, next_door
    before, secrets = _rows(story.world, here.foreign), here.secrets()
    tried = 0
    for tool in TOOLS:
        for project in (here.foreign, here.own):
            for wanted in wanted_of(tool, here.ids, project):
                answer = await here.call(tool.name, **wanted)
                record = dict(answer.record)
                if handle := record.get("confirmation", {}).get("handle"):
                    answer = await here.call(tool.name, **wanted, confirm=handle)
                said = json.dumps([record, answer.record], ensure_ascii=False) + answer.text
                told = [word for word in secrets if word in said and word not in json.dumps(wanted)]
                assert told == [], (tool.name, wanted)
                assert NAMED not in said, (tool.name, wanted)
                if project == here.foreign and "projectId" in wanted and tool.name != "read_metrics":
                    assert answer.record["error"]["code"] == OUTSIDE, (tool.name, wanted, answer.text)
                tried += 1

    assert tried > 2 * len(TOOLS)
    assert _rows(story.world, here.foreign) == before


@pytest.mark.timeout(300)
async def test_what_is_foreign_is_told_in_the_words_for_what_is_not_there(next_door, wanted_of):
    """Issue 5: a refusal never says whether it exists."""
    here = next_door
    unknown = _unknown(here.ids)
    stranger = unknown["projectId"]
    for tool in TOOLS:
        for theirs, nobodys in zip(wanted_of(tool, here.ids, here.foreign), wanted_of(tool, unknown, stranger), strict=True):
            foreign, nothing = await here.call(tool.name, **theirs), await here.call(tool.name, **nobodys)
            assert _plain(foreign.record, here.ids) == _plain(nothing.record, unknown), (tool.name, theirs)


async def test_its_own_project_is_served_as_ever(next_door):
    """The fence keeps nobody from what is allowed: every kind of id is let through."""
    here, story = next_door, next_door.story
    story.house = here.house
    post = await story.post(here.own)
    listed = await story.call("get_project")
    found = await story.call("get_project", customerExternalId="quinn-1")
    again = await story.call("create_project", name="Quinn", customerExternalId="quinn-1")
    account_id = await story.account(here.own)
    approved = await story.yes("approve_content", containerIds=[post])
    handle = await story.handle("approve_content", containerIds=[await story.post(here.own, hook="Two.")])
    queued = await story.yes(
        "schedule_content", containerId=post, scheduledFor=story.at(minutes=5), targets=[{"socialAccountId": account_id}]
    )
    waited = await story.call("wait_for_job", scheduledPostId=queued["result"]["schedule"]["scheduledPostIds"][0], waitSeconds=900)
    seen = await story.call("wait_for_job", containerId=post)
    stopped = await story.yes("halt", projectId=here.own, cancel=True)

    assert listed["result"]["project"]["id"] == here.own
    assert "nextCursor" not in listed["result"]
    assert found["result"]["project"]["id"] == again["result"]["project"]["id"] == here.own
    assert (approved["status"], queued["status"], waited["status"], seen["status"], stopped["status"]) == ("done",) * 5
    assert handle.startswith("cf_")


async def test_what_was_done_before_the_list_was_shortened_is_not_told_again(next_door):
    """Replayed outcomes and confirmations are results too."""
    here, story = next_door, next_door.story
    wanted = {"containerIds": [here.ids["containerId"]]}
    handle = await story.handle("approve_content", **wanted)
    await story.call("approve_content", **wanted, confirm=handle)

    again = await here.call("approve_content", **wanted, confirm=handle)

    assert again.record["error"]["code"] == OUTSIDE
    assert again.record["error"]["details"]["issues"][0]["path"] == "containerIds"


async def test_what_was_begun_for_others_is_not_remembered_to_this_call(next_door):
    """Rows of `recent` are results too; a halt of all is more than one project."""
    here = next_door
    call = await _call_of(here)

    assert {one.project_id for one in call.switch.recent(limit=50)} <= {here.own}
    assert call.switch.recent(project_id=here.foreign) == ()
    for act in (call.switch.hold, call.switch.lift):
        for project in (None, here.foreign):
            with pytest.raises(OutsideProjects):
                act(project, by="agent")


async def _call_of(here: Neighbours) -> Any:
    """What a tool is handed in the house of one project."""
    from layers_mcp.tool.declaration import parse  # noqa: PLC0415  only here
    from layers_mcp.tool.visit import Visit  # noqa: PLC0415

    tool = next(one for one in TOOLS if one.name == "get_project")

    async def report(_: object) -> None: ...

    visit = Visit(house=here.house, tool=tool, request=parse(tool, {}), arguments="", report=report)
    return visit.call(str(uuid4()))


async def test_a_write_by_an_id_alone_waits_for_the_owner_to_be_read(next_door):
    """Issue 5: a write whose request names only an id goes out only if the id is of an allowed project."""
    here, story = next_door, next_door.story
    fence = Fence(story.layers, {here.own})
    story.wire.rows.clear()

    with pytest.raises(OutsideProjects):
        await fence.send(jobs.CANCEL, jobs.CancelJob(job_id=here.ids["jobId"]))
    with pytest.raises(OutsideProjects):
        await fence.send(projects.CREATE, projects.CreateProject(name="Mine"))
    with pytest.raises(OutsideProjects):
        await fence.look(content.PROGRESS, content.GetProgress(container_id=here.ids["containerId"]))

    assert story.wire.rows == ["GET /v1/jobs/{jobId}", "GET /v1/content/{containerId}"]
    assert (await fence.send(account.CREDITS, Empty())).available >= 0


@pytest.mark.parametrize("problem", [TimedOut, Conflict])
async def test_what_may_have_taken_effect_is_said_though_the_words_are_of_another_project(next_door, problem):
    """A refusal is told without the other project's id, and is still no "nothing was done"."""
    here = next_door

    class Telling:
        async def send(self, *_: object, **__: object) -> None:
            lost = problem(f"of {here.foreign}", retry_after_s=3.0)
            lost.unsure = True
            raise lost

    with pytest.raises(LayersError) as told:
        await Fence(Telling(), {here.own}).send(projects.GET, projects.GetProject(project_id=here.own))

    assert here.foreign not in f"{told.value} {told.value.details}"
    assert (told.value.unsure, told.value.retry_after_s) == (True, 3.0)


async def test_bare_and_prefixed_ids_are_one_project(next_door):
    """Seed 004 prints both forms."""
    here, story = next_door, next_door.story
    bare = Neighbours(story, here.own, here.foreign)
    bare.house = replace(story.house, projects=frozenset({here.own.removeprefix("prj_")}))

    for named in (here.own, here.own.removeprefix("prj_"), here.own.removeprefix("prj_").upper()):
        assert (await bare.call("get_project", projectId=named)).record["status"] == "done"
    assert (await bare.call("get_project", projectId=here.foreign.removeprefix("prj_"))).record["error"]["code"] == OUTSIDE


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda endpoint: endpoint.name)
async def test_what_may_be_any_projects_is_closed_where_only_some_may_be_touched(next_door, endpoint):
    """An endpoint of webhooks tells of all projects, and an account's lease names no project: nothing of them goes out."""
    here = next_door
    fenced = Fence(here.story.house.layers, frozenset({here.own}))
    known = {name: "whe_1" for name, field in endpoint.request.model_fields.items() if field.is_required()}

    with pytest.raises(OutsideProjects):
        await fenced.send(endpoint, endpoint.request.model_construct(**known))


def test_every_endpoint_says_whose_it_is():
    """No endpoint is undecided: a new one has to be put into one of the tables before it can be called behind the fence."""
    for endpoint in TABLE:
        kinds = [names_project(endpoint), endpoint.name in OWNED, endpoint in LISTS, endpoint in ORGANIZATION_READS]
        kinds += [endpoint in ORGANIZATION_WRITES, endpoint in CLOSED]
        assert sum(kinds) == 1, endpoint.name
        if endpoint in ORGANIZATION_READS:
            assert endpoint.method == "GET"
        if "projectId" in endpoint.path:
            assert names_project(endpoint)


def test_no_argument_names_an_organization():
    """Issue 5: the organization comes from the configuration only; peers I, 41."""
    for tool in TOOLS:
        assert not [name for name in tool.arguments.model_fields if "organization" in name or "workspace" in name or "api_key" in name]
