"""A world in which every write tool has something to do, copied for each trouble; time in hand, and no real work is done."""

from __future__ import annotations

import importlib.util
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, delete, select, update

from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.database import reading, writing
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.store.store import Store

TIMEOUT_S = 30.0
ORDINARY = (-1.0, -1.1, -1.2, -1.3, -1.4)
"""Five posts that no audience likes much."""
NOT_AN_EFFECT = {"awaited", "buckets", "faults", "keys", "replies", "world", "work"}
"""Tables that a request leaves a trace in although nothing was done; `work` and `awaited` follow their job, which is
counted."""
SLIDE = {"id": "asset_1", "kind": "image", "name": "slide.jpg", "mime": "image/jpeg", "width": 1080, "height": 1920}
SLIDE |= {"size": 1, "duration_ms": None, "preview": "slide.jpg"}
_TESTS = Path(__file__).parents[1]
Rows = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"of_faults_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOLS = _module(_TESTS / "tools" / "conftest.py")


@pytest.fixture(autouse=True)
def _quick(drawn_once: None) -> None:
    """What is drawn is not what these tests are about."""


@pytest.fixture(scope="session")
def module() -> Callable[[str], ModuleType]:
    """Loads a module of this folder, by its name."""
    return lambda name: _module(Path(__file__).with_name(f"{name}.py"))


@pytest.fixture(scope="session")
def wire() -> type:
    """The class of servers that are spoken to in plain JSON lines."""
    return _module(_TESTS / "journeys" / "conftest.py").Wire


class Hurried(httpx2.AsyncBaseTransport):
    """Passes requests on, and gives up where the answer takes longer than the client waits; both by the clock in hand."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, clock: HandClock) -> None:
        self._inner, self._clock = inner, clock

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass on; what comes too late is not heard."""
        began_s = self._clock.elapsed_s()
        answer = await self._inner.handle_async_request(request)
        if self._clock.elapsed_s() - began_s > TIMEOUT_S:
            raise httpx2.ReadTimeout("the answer came too late", request=request)
        return answer


class Troubled(TOOLS.Story):
    """One world whose jobs begin and are never worked on: what is counted is what was begun. A sleep moves the clock, and that is all."""

    def __init__(self, world: World, store: Store, clock: HandClock) -> None:
        super().__init__(world, store, clock, world.key)
        self.wire = Hurried(self.wire, clock)
        self.patient = clock
        self.reach(Layers("http://sandbox", SecretStr(world.key), clock=clock, transport=self.wire, luck=lambda: 0.0))
        self.house = self.of("someone")

    def drawn(self) -> None:
        """Let all that was generated be drawn by now, without a picture."""
        with writing(self.world.engine) as connection:
            connection.execute(update(tables.work).values(state="done"))
            connection.execute(update(tables.containers).values(media=[SLIDE]))
            connection.execute(update(tables.jobs).where(tables.jobs.c.opened_at.is_(None)).values(opened_at=self.world.now()))
        self.clock.advance(timedelta(minutes=10))

    async def post(self, project: str, **brief: Any) -> str:
        """A generated, pending post."""
        asked = {"format": "slideshow_remix", "hook": "Skip the line.", "waitSeconds": 0, **brief}
        made = await self.call("generate_content", projectId=project, **asked)
        self.drawn()
        return made["result"]["containerIds"][0]

    def heal(self) -> None:
        """Let no more trouble come."""
        with writing(self.world.engine) as connection:
            connection.execute(delete(tables.faults))

    def troubles(self) -> int:
        """How many scripted troubles have not come yet."""
        with reading(self.world.engine) as connection:
            return len(connection.execute(select(tables.faults)).all())

    def rows(self) -> Rows:
        """All that the world holds, by table and primary key."""
        with reading(self.world.engine) as connection:
            return {table.name: _rows(connection, table) for table in tables.TABLES.sorted_tables if table.name not in NOT_AN_EFFECT}


def _rows(connection: Connection, table: Any) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = [column.name for column in table.primary_key.columns]
    found = connection.execute(select(table)).mappings()
    return {tuple(row[name] for name in names): dict(row) for row in found}


def changes(before: Rows, after: Rows) -> Counter[str]:
    """What came, went and changed between two looks, counted: `jobs +`, `app_media -`, `containers approval,decided_at`."""
    found: Counter[str] = Counter()
    for table, rows in after.items():
        known = before[table]
        found[f"{table} +"] += len(rows.keys() - known.keys())
        found[f"{table} -"] += len(known.keys() - rows.keys())
        for key in rows.keys() & known.keys():
            other = sorted(name for name, value in rows[key].items() if value != known[key][name])
            found[f"{table} {','.join(other)}"] += bool(other)
    return +found


@pytest.fixture(name="changes")
def _changes() -> Callable[[Rows, Rows], Counter[str]]:
    """Counts what two looks differ in."""
    return changes


async def _furnished(story: Troubled, paid_of: Any) -> dict[str, Any]:
    """Something for every tool to act on, by name."""
    project = await story.project()
    await story.call("update_project", projectId=project, brandContext={"appDescription": "Order coffee ahead.", "keywords": ["coffee"]})
    await story.yes("update_review_policy", projectId=project, policy="auto_approve")
    account, sources = await story.account(project), []
    for place, quality in enumerate((*ORDINARY, 3.0)):
        container = await story.post(project, hook=f"Hook {place}.")
        sources.append((container, await story.out(container, account, quality)))
        story.clock.advance(timedelta(days=1))
    story.clock.advance(timedelta(days=2))
    await story.yes("update_review_policy", projectId=project, policy="review_all")
    recommended = (await story.call("list_recommendations", projectId=project))["result"]["items"][0]
    approved, queued = await story.post(project, hook="Approved."), await story.post(project, hook="Queued.")
    await story.yes("approve_content", containerIds=[approved, queued])
    target = [{"socialAccountId": account}]
    sent = await story.yes("schedule_content", containerId=queued, scheduledFor=story.at(days=9), targets=target)
    app = await story.call("create_sdk_app", projectId=project, name="Shop", platform="web", webDomain="acme.com")
    media = await story.call("add_app_media", projectId=project, kind="logo", url="https://quinnscoffee.com/logo.svg")
    paid = paid_of(story.world, project)
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=300)
    story.clock.advance(timedelta(days=1))
    decided = (await story.call("explain_decision", projectId=project))["result"]["decisions"]
    pending = [await story.post(project, hook="One."), await story.post(project, hook="Two.")]
    story.clock.advance(timedelta(days=1))  # nothing was spent today
    ask = await story.call("ingest_repo", projectId=project, repoFullName=TOOLS.SAMPLE)  # last: what it hands out is soon stale
    return {
        "project": project,
        "account": account,
        "source": sources[-1],
        "poor": sources[0],
        "pending": pending,
        "approved": approved,
        "queued": (queued, sent["result"]["schedule"]["scheduledPostIds"][0]),
        "recommendation": recommended["recommendationId"],
        "app": app["result"]["app"]["appId"],
        "media": media["result"]["media"]["id"],
        "waits": [one["pendingId"] for one in decided if one.get("outcome") == "pending"],
        "ingest": ask["next"][0]["arguments"],
    }


@asynccontextmanager
async def _opened(folder: Path, clock: HandClock, at: datetime | None = None) -> AsyncIterator[Troubled]:
    world = await World.open(folder, wall=clock, at=at)
    await world._worker.stop()
    store = Store.open(folder / "layers.db", clock=clock)
    story = Troubled(world, store, clock)
    story.place = folder / "engine.db"
    try:
        yield story
    finally:
        await story.layers.close()
        if story.engine is not None:
            story.engine.close()
        store.close()
        await world.close()


class Stage:
    """The furnished world, made once, and copies of it. `deeds`: what each deed changes, as a test has seen it."""

    def __init__(self, folder: Path, paid_of: Any, began: datetime) -> None:
        self._folder, self._paid_of, self._began = folder, paid_of, began
        self._copies = 0
        self._at = began
        self.things: dict[str, Any] = {}
        self.deeds: dict[str, Any] = {}

    def paid(self, story: Troubled) -> Any:
        """The paid side of the project in a copy."""
        return self._paid_of(story.world, self.things["project"])

    async def _make(self) -> None:
        clock = HandClock(self._began)
        async with _opened(self._folder / "first", clock, self._began) as story:
            self.things = await _furnished(story, self._paid_of)
        self._at = clock.now()

    @asynccontextmanager
    async def copy(self) -> AsyncIterator[Troubled]:
        """A world of its own to make trouble in."""
        log.configure("error")
        if not self.things:
            await self._make()
        self._copies += 1
        folder = self._folder / str(self._copies)
        shutil.copytree(self._folder / "first", folder)
        async with _opened(folder, HandClock(self._at)) as story:
            yield story
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, paid_of: Any) -> Stage:
    """The stage of this process, on the day of the seeds' examples."""
    return Stage(tmp_path_factory.mktemp("stage"), paid_of, datetime.fromisoformat("2026-04-18T17:22:14+00:00"))
