"""A customer in the daily loops: a project with an account, posts that are out, and what their audience makes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx2
import pytest
from sqlalchemy import update

from layers_mcp.client.thing import job
from layers_mcp.commands.browser import walk
from layers_mcp.contract import clones, content, projects, publishing, review, social
from layers_mcp.contract.content import Brief, Container, GenerateContent
from layers_mcp.contract.publishing import Target
from layers_mcp.contract.scalars import full_project
from layers_mcp.database import writing
from layers_mcp.loops.daily import Daily, daily_id
from layers_mcp.loops.run import Look, Loop
from layers_mcp.sandbox import tables
from layers_mcp.sandbox.app import build
from layers_mcp.store.asked import Customer

RETURN = "https://app.your-partner.com/done"


class Shop:
    """One customer, and the people around it."""

    def __init__(self, town: Any) -> None:
        self.town, self.layers, self.clock, self.store = town, town.layers, town.clock, town.store
        self.owner, self.project, self.account = town.house.gate.principal, "", ""
        self.days = 0

    async def opens(self, *, zone: str = "America/Los_Angeles", external_id: str = "quinn-1") -> None:
        """A project whose posts need no decision, its account, and its place in the daily loops."""
        made = await self.layers.send(
            projects.CREATE, projects.CreateProject(name="Quinns", customer_external_id=external_id, timezone=zone)
        )
        self.project, self.external_id = full_project(made.id), external_id
        await self.reviews("auto_approve")
        self.store.customers.keep(
            Customer(principal=self.owner, external_id=external_id, name="Quinn", zone=zone, asked={}, since=self.clock.now())
        )
        self.store.customers.belongs(self.owner, external_id, self.project)
        self.store.customers.move(self.owner, external_id, "active", self.clock.now())
        await self.connects()

    async def connects(self) -> None:
        """The owner of an account consents."""
        wanted = social.CreateOauthUrl(project_id=self.project, platform="tiktok", return_url=RETURN)
        asked = await self.layers.send(social.OAUTH_URL, wanted)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(self.town.world))) as browser:
            await walk(browser, asked.authorize_url, "Allow")
        (self.account,) = await self.town.accounts(self.project)

    async def reviews(self, policy: str) -> None:
        """From now on new content waits for a decision, or does not."""
        await self.layers.send(review.SET_POLICY, review.SetReviewPolicy(project_id=self.project, policy=policy))

    async def makes(self, hook: str) -> str:
        """A post that is generated; its container."""
        wanted = GenerateContent(project_id=self.project, format="slideshow_remix", brief=Brief(hook=hook))
        begun = await self.layers.send(content.GENERATE, wanted)
        return (await self._made(begun))[0]

    async def clones(self, post: str, number: int) -> str:
        """A clone of a post that a person had made; its container."""
        wanted = clones.CloneFromPost(
            container_id=str(uuid5(NAMESPACE_URL, f"{post} {number}")), project_id=self.project, source_platform_post_id=post
        )
        return (await self._made(await self.layers.send(clones.CLONE, wanted)))[0]

    async def queues(self, container: str, *, days: float) -> str:
        """The post that a person queues by hand."""
        wanted = publishing.ScheduleContent(
            container_id=container,
            targets=(Target(social_account_id=self.account),),
            scheduled_for=self.layers.now() + timedelta(days=days),
        )
        return (await self.layers.send(publishing.SCHEDULE, wanted)).scheduled_post_ids[0]

    async def _made(self, begun: Any) -> tuple[str, ...]:
        thing = job(begun.job_id)
        while not thing.sign(await self.layers.send(thing.endpoint, thing.request)).over:
            await self.town.patient.sleep(60)
        return begun.container_ids

    def truly(self, container: str, quality: float) -> None:
        """What a content is really worth to its audience."""
        with writing(self.town.world.engine) as connection:
            known = update(tables.containers).where(tables.containers.c.id == container)
            connection.execute(known.values(quality=quality, luck=f"luck {quality}"))

    async def out(self, container: str, quality: float) -> str:
        """The post of a content that a person publishes at once."""
        self.truly(container, quality)
        target = Target(social_account_id=self.account)
        sent = await self.layers.send(publishing.PUBLISH, publishing.PublishContent(container_id=container, targets=(target,)))
        return sent.scheduled_post_ids[0]

    async def fed(self, *qualities: float) -> list[tuple[str, str]]:
        """Contents and their posts, a day after each other; all are measured."""
        made = []
        for place, quality in enumerate(qualities):
            container = await self.makes(f"Hook {place}.")
            made.append((container, await self.out(container, quality)))
            self.clock.advance(timedelta(days=1))
        self.clock.advance(timedelta(days=2))
        return made

    def plans(self, **given: Any) -> Any:
        """A standing plan of this account, which a person confirmed."""
        return self.town.plan(self.project, self.account, **given)

    async def contents(self) -> dict[str, Container]:
        """All content of the project by its id."""
        page = await self.layers.send(content.LIST, content.ListContent(project_id=self.project, limit=200))
        return {one.id: one for one in page.items}

    async def waiting(self) -> list[tuple[str, datetime]]:
        """What is queued, and for when."""
        posts = await self.town.posts(self.project)
        return sorted((one.container_id, one.scheduled_for) for one in posts if one.status == "queued")

    async def starts(self, loop: Loop[Daily, Any]) -> str:
        """Start the loop of another day; the id of its run."""
        self.days += 1
        day = self.clock.now().date() + timedelta(days=self.days)
        run_id = daily_id("x", self.owner, self.external_id, day)
        await self.town.runner.start(loop, run_id, Daily(customer=self.external_id, project_id=self.project, day=day))
        return run_id

    async def day(self, loop: Loop[Daily, Any]) -> Any:
        """What came of a day of the loop, time going on until it is over."""
        look: Look = await self.town.over(await self.starts(loop))
        assert look.row.state == "completed", (look.row.code, look.row.words)
        return loop.came.model_validate_json(look.row.came or "")


@contextmanager
def _writes(shop: Shop) -> Iterator[list[str]]:
    """The routes that were written to."""
    seen: list[str] = []
    inner = shop.layers.send

    async def send(endpoint: Any, request: Any, **more: Any) -> Any:
        if endpoint.method != "GET":
            seen.append(endpoint.name)
        return await inner(endpoint, request, **more)

    shop.layers.send = send
    try:
        yield seen
    finally:
        shop.layers.send = inner


@pytest.fixture
def writes() -> Callable[[Shop], Any]:
    """Watches what is written."""
    return _writes


@pytest.fixture
def shop_of(town: Any) -> Callable[..., Any]:
    """Opens one."""

    async def opens(**given: Any) -> Shop:
        made = Shop(town)
        await made.opens(**given)
        return made

    return opens


@pytest.fixture
async def shop(shop_of: Callable[..., Any]) -> Shop:
    """An open one."""
    return await shop_of()
