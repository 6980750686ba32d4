"""The house as a tool call meets it: gate, store and sandbox for real, time in hand, requests written down."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import update

from layers_mcp.client.desk import Desk
from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.commands.browser import walk
from layers_mcp.contract import content, publishing
from layers_mcp.contract.content import Container, GetContent
from layers_mcp.contract.publishing import PublishContent, Target
from layers_mcp.contract.scalars import wire_time
from layers_mcp.contract.table import TABLE
from layers_mcp.database import writing
from layers_mcp.gate.budget import Budget, Price
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.gate.policy import Policy, Tier
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.hands import House as Grounds
from layers_mcp.loops.office import Office
from layers_mcp.loops.onboarding import onboarding
from layers_mcp.loops.optimization import optimization
from layers_mcp.loops.publish_to_learn import publish_to_learn
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.server.answer import Answer
from layers_mcp.server.calling import answer
from layers_mcp.server.catalog import read_catalog
from layers_mcp.server.pulse import Pulse
from layers_mcp.store.asked import Option, Question
from layers_mcp.store.store import Store
from layers_mcp.tool.asking import Asker
from layers_mcp.tool.visit import House
from layers_mcp.tools.catalog import TOOLS

SAMPLE = "quinns-coffee/quinns-app"
SHOWN = [declared.name for declared in TOOLS]
REACH = read_catalog(("all",)).reach
RETURN = "https://app.your-partner.com/done"
_ROUTES = [
    (row.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", row.path)), row.name) for row in sorted(TABLE, key=lambda row: row.path.count("{"))
]


def _time(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.lower() in ("date", "x-sandbox-time", "x-request-id")}


class Recording(httpx2.AsyncBaseTransport):
    """Passes requests on and writes down which rows of the table they went to, and which files were fetched, with what.

    `signs`: media URLs differ at each look; `drops`: fields that top performers lack. `ungrouped`: ads-metrics knows no
    groupBy, as its reference page has it; `grouped`: the kinds of things that it was asked for all of. `refuses`: a row, and the body
    that it is refused with.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.rows: list[str] = []
        self.files: list[httpx2.Request] = []
        self.signs = False
        self.drops: tuple[str, ...] = ()
        self.ungrouped = False
        self.grouped: list[str] = []
        self.refuses: tuple[str, dict[str, Any]] = ("", {})

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Write down, and pass on."""
        path = request.url.path
        if path.startswith("/media/"):
            self.files.append(request)
            return await self._inner.handle_async_request(request)
        self.rows.append(next(name for method, pattern, name in _ROUTES if method == request.method and pattern.fullmatch(path)))
        self.grouped += request.url.params.get_list("groupBy")
        if self.rows[-1].endswith(self.refuses[0]) and self.refuses[0]:
            return httpx2.Response(409, json=self.refuses[1])
        if self.ungrouped and "groupBy" in request.url.params:
            details = {"issues": [{"path": "scope", "message": "Field required"}]}
            return httpx2.Response(422, json={"error": {"code": "VALIDATION", "message": "scope: Field required", "details": details}})
        answer = await self._inner.handle_async_request(request)
        if self.drops and path.endswith("/top-performers"):
            items = json.loads(await answer.aread())["items"]
            rows = [{name: value for name, value in item.items() if name not in self.drops} for item in items]
            return httpx2.Response(answer.status_code, json={"items": rows}, headers=_time(answer))
        if not self.signs:
            return answer
        body = (await answer.aread()).replace(b'.jpg"', f'.jpg?signature={len(self.rows)}"'.encode())
        return httpx2.Response(answer.status_code, content=body, headers={"Content-Type": "application/json"})


class Patient:
    """The hand of `clock`, which a sleep only moves once no real work is under way: time in hand waits for what takes real time."""

    def __init__(self, clock: HandClock, world: World) -> None:
        self._clock, self._world = clock, world
        self.now, self.elapsed_s = clock.now, clock.elapsed_s

    async def sleep(self, pause_s: float) -> None:
        """Wait for the work, then move the hand."""
        await self._world.work_done()
        await self._clock.sleep(pause_s)


class Later:
    """A runner whose engine is opened by the first who needs it, as most stories need none."""

    def __init__(self, make: Callable[[], EngineRunner]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)


class Story:
    """One world, one house, and what happened in them."""

    def __init__(self, world: World, store: Store, clock: HandClock, key: str) -> None:
        self.world, self.store, self.clock = world, store, clock
        self.wire = Recording(httpx2.ASGITransport(app=build(world)))
        self.patient = Patient(clock, world)
        self.reach(Layers("http://sandbox.layers", SecretStr(key), clock=self.patient, transport=self.wire, luck=lambda: 0.0))
        self.policy = Policy()
        self.budget = Budget()
        self.engine: Engine | None = None
        self.place: Path | None = None
        self.house = self.of("someone")
        self.told: list[tuple[float, str]] = []
        self.pulse = Pulse()

    def reach(self, layers: Layers) -> None:
        """From now on a new house sends by this client, and waits at a desk of its own."""
        self.layers = layers
        self.desk = Desk(layers, leases=self.store.watches("someone"), durations=self.store.durations("someone"), pace=layers.pace)

    def of(self, who: str) -> House:
        """The house as another principal enters it."""
        gate = Gate(lambda: self.store, self.clock, principal_of(SecretStr(who)), budget=self.budget)
        grounds = Grounds(
            layers=self.layers, desk=self.desk, gate=gate, store=self.store, clock=self.patient, policy=self.policy, return_url=RETURN
        )
        self.loops = (onboarding(grounds), publish_to_learn(grounds), optimization(grounds))
        office = Office(grounds, Later(self.runner), self.loops)
        shared = {"layers": self.layers, "desk": self.desk, "gate": gate, "clock": self.patient, "policy": self.policy}
        return House(**shared, wait_s=45, sandbox=True, office=office)

    def runner(self) -> EngineRunner:
        """What starts runs of the loops."""
        self.engine = self.engine or Engine(self.place, poll_s=0.02)
        return EngineRunner(self.store, self.engine, self.clock, self.loops)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Meanwhile the loops' runs are worked off."""
        async with self.runner().working("a test", pause_s=0.02):
            yield

    def under(self, tier: Tier, **actions: Tier) -> None:
        """From now on the policy is this one."""
        self.policy = Policy(default=tier, actions=actions)
        self.house = self.of("someone")

    def within(self, **limits: int) -> None:
        """From now on the budgets are these."""
        self.budget = Budget(**limits)
        self.house = self.of("someone")

    def halts_after(self, route: str, *, times: int = 1, project: str | None = None) -> None:
        """A person halts a project, or everything, once requests to a route were answered, or lost, so many times."""
        inner, met = self.wire.handle_async_request, []

        async def halting(request: httpx2.Request) -> httpx2.Response:
            try:
                return await inner(request)
            finally:
                if request.url.path.endswith(route):
                    met.append(request)
                    if len(met) == times:
                        self.house.gate.hold(project, by="person")

        self.wire.handle_async_request = halting

    def spent(self, project: str) -> int:
        """Credits that count today."""
        return self.house.gate.purse.standing([Price("", project, 0)], self.now()).spent_today

    async def result(self, tool: str, /, *, house: House | None = None, asker: Asker | None = None, **arguments: Any) -> Answer:
        """The whole answer of one call; `asker`: the way its client asks its person."""

        async def tell(done: float, stage: str) -> None:
            self.told.append((done, stage))

        with self.pulse.over(tell) as rising:
            return await answer(house or self.house, tool, arguments, rising, shown=SHOWN, reach=REACH, asker=asker)

    async def call(self, tool: str, /, *, house: House | None = None, asker: Asker | None = None, **arguments: Any) -> dict[str, Any]:
        """The record of one call."""
        return (await self.result(tool, house=house, asker=asker, **arguments)).record

    async def content(self, container: str) -> Container:
        """One container, read back past every tool."""
        return await self.layers.send(content.GET, GetContent(container_id=container))

    async def project(self, **more: Any) -> str:
        """A project."""
        made = await self.call("create_project", **{"name": "Quinns Coffee Co", "timezone": "America/Los_Angeles", **more})
        return made["result"]["project"]["id"]

    async def post(self, project: str, **brief: Any) -> str:
        """A generated, pending post; a slideshow, as that is drawn sooner than a video."""
        asked = {"format": "slideshow_remix", "hook": "Skip the line.", **brief}
        made = await self.call("generate_content", projectId=project, waitSeconds=900, **asked)
        return made["result"]["containers"][0]["id"]

    async def approved(self, project: str, **brief: Any) -> str:
        """A post that went through the gate."""
        post = await self.post(project, **brief)
        await self.yes("approve_content", containerIds=[post])
        return post

    async def fed(self, project: str, *qualities: float) -> list[tuple[str, str]]:
        """Containers and their posts, published a day after each other without a decision, of these true qualities; all are measured."""
        await self.yes("update_review_policy", projectId=project, policy="auto_approve")
        account, made = await self.account(project), []
        for place, quality in enumerate(qualities):
            container = await self.post(project, hook=f"Hook {place}.")
            made.append((container, await self.out(container, account, quality)))
            self.clock.advance(timedelta(days=1))
        self.clock.advance(timedelta(days=2))
        return made

    async def out(self, container: str, account: str, quality: float) -> str:
        """The post of a container that is out, with the quality it truly has."""
        with writing(self.world.engine) as connection:
            row = tables.containers.c
            connection.execute(update(tables.containers).where(row.id == container).values(quality=quality, luck=f"luck {quality}"))
        target = Target(social_account_id=account)
        sent = await self.layers.send(publishing.PUBLISH, PublishContent(container_id=container, targets=(target,)))
        return sent.scheduled_post_ids[0]

    async def account(self, project: str, platform: str = "tiktok") -> str:
        """A connected account, its owner having consented."""
        asked = await self.call("connect_account", projectId=project, platform=platform, returnUrl=RETURN)
        await self.press(asked)
        done = await self.call("connect_account", projectId=project, platform=platform, state=asked["result"]["state"])
        return done["result"]["account"]["socialAccountId"]

    async def press(self, asked: dict[str, Any], button: str = "Allow") -> httpx2.Response:
        """What the owner of the account does with the URL of a connect_account; no redirect is followed."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(self.world))) as browser:
            _, answer = await walk(browser, asked["result"]["authorizeUrl"], button)
        assert answer.status_code == 302, answer.text
        return answer

    async def handle(self, tool: str, /, **arguments: Any) -> str:
        """A live handle for exactly this call."""
        return (await self.call(tool, **arguments))["confirmation"]["handle"]

    async def yes(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Preview, then the same call with its handle."""
        return await self.call(tool, **arguments, confirm=await self.handle(tool, **arguments))

    def at(self, **ahead: float) -> str:
        """An instant from now on the world's clock, in the wire's spelling."""
        return wire_time(self.now() + timedelta(**ahead))

    def now(self) -> datetime:
        """The world's time."""
        return self.world.now()


def _asked(story: Any, project: str) -> Question:
    """A question about a project, which a loop has left."""
    option = Option(word="no", means="It is left as it is.")
    known = {"kind": "spend", "words": "Spend 9 credits?", "options": (option,), "asked_at": story.clock.now(), "project_id": project}
    return story.store.questions.ask(Question(id=f"q_{uuid4()}", principal=story.house.gate.principal, **known))


async def _furnished(story: Any, paid: Any, project: str) -> dict[str, str]:
    """One of everything that a tool can name."""
    container, post = (await story.fed(project, 3))[0]
    paid.campaign(paid.account())
    paid.layer(target_cpa_cents=300)
    story.clock.advance(timedelta(days=1))
    await story.yes("update_review_policy", projectId=project, policy="review_all")
    waiting = await story.post(project, hook="Only the Zanzibar people know this hook.")
    account_id = (await story.call("get_project", projectId=project))["result"]["accounts"][0]["socialAccountId"]
    consent = await story.call("connect_account", projectId=project, platform="instagram", returnUrl="https://app.your-partner.com/done")
    started = await story.call("generate_content", projectId=project, hook="Running.", waitSeconds=0)
    later = await story.yes(
        "schedule_content",
        containerId=container,
        scheduledFor=wire_time(story.layers.now() + timedelta(days=1)),
        targets=[{"socialAccountId": account_id}],
    )
    decisions = (await story.call("explain_decision", projectId=project))["result"]["decisions"]
    app = await story.call("create_sdk_app", projectId=project, name="Kiosk web", platform="web", webDomain="zanzibar.example")
    media = await story.call("add_app_media", projectId=project, kind="logo", url="https://quinnscoffee.com/logo.svg")
    found = (await story.call("list_recommendations", projectId=project))["result"].get("items", [])
    creative = (await story.call("list_ads_content", projectId=project))["result"]["items"][0]["adsContentId"]
    voice = (await story.call("get_project", projectId=project))["result"].get("influencers", [{}])
    return {
        "projectId": project,
        "containerId": waiting,
        "containerIds": waiting,
        "sourcePostId": post,
        "scheduledPostId": later["result"]["schedule"]["scheduledPostIds"][0],
        "socialAccountId": account_id,
        "state": consent["result"]["state"],
        "jobId": started["result"]["job"]["jobId"],
        "pendingId": next(one["pendingId"] for one in decisions if one.get("outcome") == "pending"),
        "decisionId": next(one["pendingId"] for one in decisions if "pendingId" in one),
        "adId": next(one["adId"] for one in decisions if "adId" in one),
        "appId": app["result"]["app"]["appId"],
        "mediaId": media["result"]["media"]["id"],
        "recommendationId": found[0]["recommendationId"] if found else f"rec_{uuid4()}",
        "creativeId": creative,
        "adsContentId": creative,
        "questionId": _asked(story, project).id,
        "influencerId": (voice or [{}])[0].get("influencerId", f"inf_{uuid4()}"),
        "customerExternalId": "zanzibar-kiosk-1",
    }


@pytest.fixture
def furnish() -> Any:
    """Puts one of everything that a tool can name into a project, and gives the ids by the names of arguments."""
    return _furnished


_SINGLE = ("account", "projects", "questions", "trail", "api")


def _wanted(tool: Any, ids: dict[str, str], project: str) -> list[dict[str, Any]]:
    """Calls of a tool with each of its ids: all of its required arguments, and one optional id at a time."""
    fields = {field.alias or name: field for name, field in tool.arguments.model_fields.items()}
    known: dict[str, Any] = {
        **ids,
        "projectId": project,
        "containerIds": [ids["containerIds"]],
        "targets": [{"socialAccountId": ids["socialAccountId"]}],
        "scheduledFor": "2026-12-01T12:00:00Z",
        "answer": "no",
        "uri": "layers://trail",
        "loop": "publish_to_learn",
        "arguments": {},
        "name": "Another", "repoFullName": "quinns-coffee/quinns-app", "platform": "tiktok", "override": "exclude", "policy": "review_all",
        "status": "dismissed", "kind": "logo", "url": "https://quinnscoffee.com/logo.svg", "returnUrl": "https://app.your-partner.com/done",
    }  # fmt: skip
    if tool.name == "run_optimizer":
        known |= {"platform": "meta_ads"}
    if tool.name == "create_sdk_app":
        known |= {"platform": "web", "webDomain": "quinnscoffee.com"}
    needed = {
        name: known[name] for name, field in fields.items() if field.is_required() or (name == "projectId" and tool.name != "get_project")
    }
    more = {
        "run_optimizer": {"dryRun": False},
        "create_sdk_app": {"webDomain": "q.example"},
        "ingest_listing": {"url": "https://quinnscoffee.com"},
    }
    more |= {
        "connect_account": {"returnUrl": known["returnUrl"]},
        "schedule_content": {"targets": known["targets"]},
        "update_project": {"name": "Taken over"},
        "update_sdk_app": {"name": "Mine"},
    }
    needed |= more.get(tool.name, {})
    if "waitSeconds" in fields:
        needed["waitSeconds"] = 0
    optional = [name for name in fields if name in ids and name not in needed]
    calls: list[dict[str, Any]] = [needed, *({**needed, name: known[name]} for name in optional)]
    if tool.name == "wait_for_job":
        calls = [{name: one[name] for name in one if name != "projectId" or "state" in one} for one in calls]
    if tool.name == "halt":
        calls += [{"projectId": project, "cancel": True}, {"projectId": project, "resume": True}, {}]
    if tool.name == "read_metrics":
        pairs = (("project", "projectId"), ("social_account", "socialAccountId"), ("platform_post", "sourcePostId"))
        calls += [{"projectId": project, "scope": scope, "id": ids[name]} for scope, name in pairs]
        calls.append({"projectId": project, "scope": "organization", "id": "org_1"})
    if tool.name == "get_project":
        calls += [{"search": "Zanzibar"}, {"projectId": project}]
    if tool.name == "read_resource":
        places = ("", "/content", "/decisions")
        own = [f"projects/{project}{place}" for place in places]
        things = [f"content/{ids['containerId']}", f"jobs/{ids['jobId']}"]
        calls = [{"uri": f"layers://{path}"} for path in (*_SINGLE, *own, *things)]
    return calls


@pytest.fixture
def wanted_of() -> Any:
    """The calls of a tool with each of its ids."""
    return _wanted


@pytest.fixture
async def story(tmp_path: Path, clock: HandClock, drawn_once: None) -> AsyncIterator[Story]:
    """A fresh world with a key of the partner tier."""
    log.configure("error")
    world = await World.open(tmp_path, wall=clock, at=clock.now())
    store = Store.open(tmp_path / "layers.db", clock=clock)
    made = Story(world, store, clock, world.key)
    made.place = tmp_path / "engine.db"
    yield made
    await made.layers.close()
    if made.engine is not None:
        made.engine.close()
    store.close()
    await world.close()
