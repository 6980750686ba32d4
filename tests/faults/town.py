"""The sandbox over HTTP, and a person who does what only people do, on a thread of their own that nobody kills."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx2

from layers_mcp.clock import WallClock
from layers_mcp.commands.browser import walk
from layers_mcp.contract import github, review, social
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.port import Port
from layers_mcp.sandbox.world import World
from layers_mcp.store.asked import Plan, Question

OWNER = "quinns-coffee"
LOOKS_S = 0.3
"""How often the person looks into the queue."""


class Person:
    """Consents as the owner of each account, lets a plan stand for it, and then approves what is shown; each question once."""

    def __init__(self, place: Any) -> None:
        self._office, self._layers, self._runner = place.office, place.layers, place.runner
        self._done: set[str] = set()

    async def install(self) -> None:
        """Install the GitHub App, once for all."""
        page = await self._layers.send(github.INSTALL_URL, github.GetInstallUrl())
        (offered,) = [one for one in page.sandbox_installations if one.org_login == OWNER]
        wanted = github.RegisterInstallation(installation_id=offered.installation_id, state=page.state)
        await self._layers.send(github.REGISTER, wanted)

    async def _consent(self, asked: Question) -> None:
        async with httpx2.AsyncClient() as browser:
            _, answer = await walk(browser, str(asked.facts["authorizeUrl"]), "Allow")
        assert answer.status_code == 302, answer.text
        page = await self._layers.send(social.ACCOUNTS, social.ListAccounts(project_id=asked.project_id))
        plan = Plan(
            id=f"pln_{asked.id}",
            principal=asked.principal,
            project_id=asked.project_id,
            accounts=tuple(one.social_account_id for one in page.items),
            slots=("10:00",),
            zone="UTC",
            a_day=2,
            until=date(9999, 12, 31),
            made_at=datetime.now(UTC),
            confirmed_by="person",
            confirmation="k1",
        )
        await self._office.set_plan(plan)

    async def look(self) -> None:
        """Do what is asked for now."""
        for asked in self._office.questions(project_id=None, kind=None, after=None, limit=200):
            if asked.id in self._done:
                continue
            if asked.kind == "connect":
                await self._consent(asked)
            elif asked.kind == "review" and self._office.plan(asked.project_id) is not None:
                for one in asked.facts["containerIds"]:
                    await self._layers.send(review.APPROVE, review.ApproveContent(container_id=one))
                await self._runner.ring(f"project:{asked.project_id}")
            else:
                assert asked.kind == "review", asked
                continue
            self._done.add(asked.id)


class Town:
    """A new world in a folder, served until `close`. `url`, `key`: where, and for whom."""

    def __init__(self, folder: Path, speed: float) -> None:
        self._folder, self._speed = folder, speed
        self._opened: Future[None] = Future()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._opened.result(30)

    def _serve(self) -> None:
        try:
            asyncio.run(self._served())
        except BaseException as problem:
            if self._opened.done():
                raise
            self._opened.set_exception(problem)

    async def _served(self) -> None:
        port = Port()
        world = await World.open(self._folder, wall=WallClock(), job_speed=self._speed, site_url=port.url)
        self._loop, self.url, self.key = asyncio.get_running_loop(), port.url, world.key
        try:
            async with port.serving(build(world)):
                self._opened.set_result(None)
                await self._stop.wait()
        finally:
            await world.close()
            port.release()

    def lived_in(self, place: Any) -> Future[None]:
        """Let a person be there, at `place`, from now on; done only when something goes wrong with them, or they are cancelled."""
        person = Person(place)

        async def live() -> None:
            await person.install()
            while True:
                await person.look()
                await asyncio.sleep(LOOKS_S)

        return asyncio.run_coroutine_threadsafe(live(), self._loop)

    def do(self, what: Any) -> Any:
        """Await something there."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    def close(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
