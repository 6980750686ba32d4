"""The house as a tool call meets it: gate, store and sandbox for real, time in hand, requests written down."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock
from layers_mcp.contract import content
from layers_mcp.contract.content import Container, GetContent
from layers_mcp.contract.scalars import wire_time
from layers_mcp.contract.table import TABLE
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import principal_of
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.world import World
from layers_mcp.server import log
from layers_mcp.server.bind import Answer
from layers_mcp.server.calling import answer
from layers_mcp.store.store import Store
from layers_mcp.tool.perform import House

SAMPLE = "quinns-coffee/quinns-app"
RETURN = "https://app.your-partner.com/done"
_ROUTES = [
    (row.method, re.compile(re.sub(r"\{\w+\}", "[^/]+", row.path)), row.name) for row in sorted(TABLE, key=lambda row: row.path.count("{"))
]


class Recording(httpx2.AsyncBaseTransport):
    """Passes requests on and writes down which rows of the table they went to.

    `signs`: media URLs differ at each look. `ungrouped`: ads-metrics knows no groupBy, as its reference page has it.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.rows: list[str] = []
        self.signs = False
        self.ungrouped = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Write down, and pass on."""
        path = request.url.path
        self.rows.append(next(name for method, pattern, name in _ROUTES if method == request.method and pattern.fullmatch(path)))
        if self.ungrouped and "groupBy" in request.url.params:
            details = {"issues": [{"path": "scope", "message": "Field required"}]}
            return httpx2.Response(422, json={"error": {"code": "VALIDATION", "message": "scope: Field required", "details": details}})
        answer = await self._inner.handle_async_request(request)
        if not self.signs:
            return answer
        body = (await answer.aread()).replace(b".mp4", f".mp4?signature={len(self.rows)}".encode())
        return httpx2.Response(answer.status_code, content=body, headers={"Content-Type": "application/json"})


class Story:
    """One world, one house, and what happened in them."""

    def __init__(self, world: World, store: Store, clock: HandClock, key: str) -> None:
        self.world, self.store, self.clock = world, store, clock
        self.wire = Recording(httpx2.ASGITransport(app=build(world)))
        self.layers = Layers("http://sandbox", SecretStr(key), clock=clock, transport=self.wire, luck=lambda: 0.0)
        self.house = self.of("someone")
        self.told: list[tuple[float, str]] = []

    def of(self, who: str) -> House:
        """The house as another principal enters it."""
        gate = Gate(lambda: self.store, self.clock, principal_of(SecretStr(who)))
        return House(layers=self.layers, gate=gate, clock=self.clock, wait_s=45, sandbox=True)

    async def result(self, tool: str, *, house: House | None = None, **arguments: Any) -> Answer:
        """The whole answer of one call."""

        async def tell(done: float, stage: str) -> None:
            self.told.append((done, stage))

        return await answer(house or self.house, tool, arguments, tell)

    async def call(self, tool: str, *, house: House | None = None, **arguments: Any) -> dict[str, Any]:
        """The record of one call."""
        return (await self.result(tool, house=house, **arguments)).record

    async def content(self, container: str) -> Container:
        """One container, read back past every tool."""
        return await self.layers.send(content.GET, GetContent(container_id=container))

    async def project(self, **more: Any) -> str:
        """A project."""
        made = await self.call("create_project", **{"name": "Quinns Coffee Co", "timezone": "America/Los_Angeles", **more})
        return made["result"]["project"]["id"]

    async def post(self, project: str, **brief: Any) -> str:
        """A generated, pending post."""
        made = await self.call("generate_content", projectId=project, waitSeconds=900, hook="Skip the line.", **brief)
        return made["result"]["containers"][0]["id"]

    async def approved(self, project: str, **brief: Any) -> str:
        """A post that went through the gate."""
        post = await self.post(project, **brief)
        await self.yes("approve_content", containerIds=[post])
        return post

    async def account(self, project: str, platform: str = "tiktok") -> str:
        """A connected account."""
        made = await self.call("connect_account", projectId=project, platform=platform, returnUrl=RETURN, waitSeconds=900)
        return made["result"]["account"]["socialAccountId"]

    async def handle(self, tool: str, **arguments: Any) -> str:
        """A live handle for exactly this call."""
        return (await self.call(tool, **arguments))["confirmation"]["handle"]

    async def yes(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Preview, then the same call with its handle."""
        return await self.call(tool, **arguments, confirm=await self.handle(tool, **arguments))

    def at(self, **ahead: float) -> str:
        """An instant from now on the world's clock, in the wire's spelling."""
        return wire_time(self.now() + timedelta(**ahead))

    def now(self) -> datetime:
        """The world's time."""
        return self.world.now()


@pytest.fixture
async def story(tmp_path: Path, clock: HandClock) -> AsyncIterator[Story]:
    """A fresh world with a key of the partner tier."""
    log.configure("error")
    world = await World.open(tmp_path, wall=clock, at=clock.now())
    store = Store.open(tmp_path / "layers.db", clock=clock)
    made = Story(world, store, clock, world.key)
    yield made
    await made.layers.close()
    store.close()
    await world.close()
