"""Puts the house together: the API or its sandbox, the store, the gate; opened by the first call, closed at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from layers_mcp import telemetry
from layers_mcp.clock import Clock
from layers_mcp.founding import as_seen_by, catalog_of, key_file, learning, policy_of, principal
from layers_mcp.server.answer import Answer, Tell
from layers_mcp.server.caller import Caller
from layers_mcp.server.catalog import READER, tools_of
from layers_mcp.settings import Settings
from layers_mcp.tool.asking import Asker, AskFirst

if TYPE_CHECKING:
    from httpx2 import AsyncBaseTransport
    from pydantic import SecretStr

    from layers_mcp.client.layers import Layers
    from layers_mcp.loops.office import Office
    from layers_mcp.receiver.app import Receiver
    from layers_mcp.sandbox.world import World
    from layers_mcp.server.page.routes import Page
    from layers_mcp.store.store import Store
    from layers_mcp.tool.visit import House

__all__ = ["App", "open_world", "place_of"]


def place_of(settings: Settings) -> str:
    """The API that calls go to, by its URL; the embedded sandbox has no URL, and is called by this one."""
    return settings.base_url if settings.live else "http://sandbox.layers"


async def open_world(  # noqa: PLR0913  each is a setting of its own
    settings: Settings,
    clock: Clock,
    *,
    job_speed: float = 1.0,
    at: datetime | None = None,
    speed: float | None = None,
    site_url: str | None = None,
    demo: bool = False,
) -> World:
    """The sandbox's world in the state folder.

    `job_speed`: how many times faster than life its jobs run; `at`, `speed`: its own time, and how fast that runs; `site_url`: where
    this process serves its site, None when it serves none; `demo`: whether the growth demo is in it. Consents may come back
    to the host of LAYERS_RETURN_URL.
    """
    from layers_mcp.sandbox.clockwork import Chance  # noqa: PLC0415  a heavy room, shut until it is needed
    from layers_mcp.sandbox.world import World  # noqa: PLC0415

    world = await World.open(
        settings.state_dir,
        wall=clock,
        job_speed=job_speed,
        at=at,
        speed=speed,
        repositories=settings.sandbox_repos,
        sites=settings.sandbox_sites,
        push=settings.sandbox_push,
        site_url=site_url,
        chance=Chance(settings.sandbox_seed, settings.sandbox_audience),
        demo=demo,
    )
    if settings.return_url is not None:
        world.allow_return(urlsplit(settings.return_url).hostname or "")
    return world


class App:
    """One process's house, with what it shows. Nothing of the house is imported or opened before the first call."""

    def __init__(self, settings: Settings, clock: Clock, *, page: str | None = None, works: bool = True) -> None:
        """Read the catalog and the policy. `page`: where people answer in a browser; `works`: else it takes no seat, and only asks.

        Raises:
            UnknownTool: a tool or preset that nobody knows is named, or no tool is left.
            BadPolicy: the file of LAYERS_POLICY can't be held to.
            BadKeyFile: the file of LAYERS_API_KEY_FILE holds no keys.
        """
        self.catalog = catalog_of(settings)
        self._policy = policy_of(settings) if settings.policy is not None else None
        self._keys = key_file(settings.api_key_file) if settings.api_key_file is not None else settings.api_key
        self._settings = settings
        self._clock = clock
        self._page = page
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._house: House | None = None
        self._store: Store | None = None
        seated = works and not settings.read_only and settings.projects is None  # else it would fail the runs of all other projects
        self._place = f"layers-mcp serve (process {os.getpid()})" if seated else None
        self._works = False
        self._receiver: Receiver | None = None

    async def answer(
        self, name: str, given: dict[str, Any], tell: Tell, asker: Asker | None = None, *, caller: Caller | None = None
    ) -> Answer | AskFirst:
        """The answer to one call, or what its person is to be asked first; the first call opens the house. `caller`: who, over HTTP."""
        from layers_mcp.server import log  # noqa: PLC0415  tools and contract, shut until the first call
        from layers_mcp.server.calling import answer, unopened  # noqa: PLC0415

        shown, reach = self.catalog.offered(caller)
        with log.bound(caller):
            try:
                house = await self.house()
            except Exception as problem:  # noqa: BLE001  a house that can't be opened is an answer too
                return unopened(name, problem)
            house = house if caller is None else as_seen_by(caller, house)
            return await answer(house, name, given, tell, shown=shown, reach=reach, asker=asker)

    async def fill(self, name: str, given: dict[str, str]) -> str:
        """The text of the prompt `name` with its arguments in place; it needs no house.

        Raises:
            ValueError: no such prompt, or arguments that do not fit, by name.
        """
        from layers_mcp.prompts import filled, read_prompts  # noqa: PLC0415  YAML, shut until a prompt is asked for

        known = {prompt.name: prompt for prompt in read_prompts()}
        if name not in known:
            raise ValueError(f"there is no prompt of this name; there are {', '.join(known)}")
        return filled(known[name], given)

    def person_secret(self) -> str | None:
        """The secret that opens the page, if there is one by now.

        Raises:
            Exposed: the file it is kept in is open to others, or holds none.
        """
        from layers_mcp.store.token import kept_token  # noqa: PLC0415  shut while nothing is served over HTTP

        given = self._settings.person_token
        return given.get_secret_value() if given is not None else kept_token(self._settings.state_dir)

    def page(self) -> Page:
        """What the page for a person's answers needs of this process."""
        from layers_mcp.server.page.routes import Page  # noqa: PLC0415  shut while nothing is served over HTTP
        from layers_mcp.store.token import person_token  # noqa: PLC0415

        def token() -> str:
            """The secret as it is now: a file that was deleted is made anew, and the old sessions are over."""
            given = self._settings.person_token
            return given.get_secret_value() if given is not None else person_token(self._settings.state_dir)

        return Page(clock=self._clock, token=token, house=self.house)

    async def house(self) -> House:
        """The open house."""
        async with self._opening:
            if self._house is None:
                try:
                    self._house = await self._open()
                except BaseException:
                    await self._stack.aclose()  # the next call opens it anew
                    raise
        return self._house

    async def catch_up(self) -> None:
        """Handle what webhooks told a process before this one, if that ended too soon; nothing is opened where there is nothing."""
        where = self._settings.kept_in("layers.db")
        if isinstance(where, Path) and not where.exists():
            return
        from layers_mcp.receiver.opening import left_over  # noqa: PLC0415  shut where nothing was ever kept

        if await asyncio.to_thread(left_over, where):
            await self.receiver()

    @property
    def loops(self) -> bool:
        """Whether a tool of the loops can be called; then this process runs them, too, unless it only reads or asks."""
        return not (tools_of(("loops",), said="") - {READER}).isdisjoint(self.catalog.callable)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Meanwhile the house may be used, and at the end it is closed. Where loops are shown it is opened at once: they need no caller."""
        begun = asyncio.create_task(self._begin())
        try:
            yield
        finally:
            begun.cancel()
            await asyncio.wait([begun])
            await self.close()

    async def _begin(self) -> None:
        if self.loops:
            with suppress(Exception):  # the first call says it to whoever makes it
                await self.house()

    async def receiver(self) -> Receiver:
        """What takes webhooks; opened with the house by the first delivery, and at work from then on."""
        from layers_mcp.receiver.opening import receiving  # noqa: PLC0415  shut until something is delivered

        house = await self.house()
        async with self._opening:
            if self._receiver is None:
                assert self._store is not None, "the house is open, and its store with it"
                made = receiving(house.grounds(self._store))
                self._receiver = await self._stack.enter_async_context(made)
        return self._receiver

    async def _embedded(self) -> tuple[SecretStr, AsyncBaseTransport]:
        """The key of the sandbox inside this process, and the way to it; its site gets a port of this machine."""
        import httpx2  # noqa: PLC0415  heavy rooms, shut until the first call
        from pydantic import SecretStr  # noqa: PLC0415

        from layers_mcp.sandbox.app import build  # noqa: PLC0415
        from layers_mcp.sandbox.port import Port  # noqa: PLC0415
        from layers_mcp.sandbox.site import build_site  # noqa: PLC0415

        port = Port.of(self._settings.state_dir)
        self._stack.callback(port.release)
        world = await open_world(self._settings, self._clock, job_speed=self._settings.sandbox_speed, site_url=port.url, demo=True)
        self._stack.push_async_callback(world.close)
        port.keep(self._settings.state_dir)
        await self._stack.enter_async_context(port.serving(build_site(world)))
        return SecretStr(world.key), httpx2.ASGITransport(app=build(world))

    async def _layers(self, store: Store, principal: str) -> Layers:
        """The client of the live API, or of the sandbox inside this process; who shares the store and the key shares their budget."""
        from layers_mcp.client.layers import Layers  # noqa: PLC0415  heavy, shut until the first call
        from layers_mcp.client.pace import Pace  # noqa: PLC0415

        settings, clock = self._settings, self._clock
        where, keys, transport = place_of(settings), self._keys, None
        if keys is None:
            keys, transport = await self._embedded()
        pace = Pace(clock, shelf=store.levels(where, principal))
        layers = Layers(where, keys, clock=clock, transport=transport, timeout_s=settings.timeout_seconds, pace=pace)
        self._stack.push_async_callback(layers.close)
        await self._stack.enter_async_context(learning(settings, layers))
        return layers

    async def _open(self) -> House:
        from layers_mcp.client.desk import Desk  # noqa: PLC0415  heavy rooms, shut until the first call
        from layers_mcp.client.told import Told  # noqa: PLC0415
        from layers_mcp.gate.budget import Budget  # noqa: PLC0415
        from layers_mcp.gate.gate import Gate  # noqa: PLC0415
        from layers_mcp.gate.policy import Policy  # noqa: PLC0415
        from layers_mcp.server import log  # noqa: PLC0415
        from layers_mcp.store.store import Store  # noqa: PLC0415
        from layers_mcp.tool.visit import House  # noqa: PLC0415

        settings, clock = self._settings, self._clock
        log.configure(settings.log_level)
        store = Store.open(settings.kept_in("layers.db"))
        self._stack.callback(store.close)
        self._store = store
        who = principal(settings)
        layers = await self._layers(store, who)
        budget = Budget(call=settings.budget_call, day=settings.budget_day, total=settings.budget_total)
        gate = Gate(lambda: store, clock, who, budget=budget)
        speed = 1.0 if settings.live else settings.sandbox_speed
        durations = store.durations(who if settings.live else f"{who} at {speed:g}")  # a sandbox's jobs take as long as it says
        told = Told(clock, partial(store.endpoints.heard_at, place_of(settings)))
        desk = Desk(layers, leases=store.watches(who), durations=durations, pace=layers.pace, told=told, speed=speed)
        house = House(
            layers=layers,
            desk=desk,
            gate=gate,
            clock=clock,
            wait_s=settings.wait_seconds,
            sandbox=not settings.live,
            return_url=settings.return_url,
            policy=self._policy or Policy(default=settings.confirm),
            page=self._page,
            projects=None if settings.projects is None else frozenset(settings.projects),
            sites=frozenset(entry.partition("=")[0].strip().lower().rstrip(".") for entry in settings.sandbox_sites),
        )
        return replace(house, office=await self._office(store, house))

    async def _office(self, store: Store, house: House) -> Office | None:
        """The loops' office, where a tool of theirs is shown; this process then runs loops as long as no other one does."""
        if not self.loops and not self._works:
            return None
        from layers_mcp.loops.office import open_office  # noqa: PLC0415  the engine is heavy, and shut unless loops are wanted

        return await self._stack.enter_async_context(open_office(house.grounds(store), self._settings.kept_in("engine.db"), self._place))

    async def work(self, place: str) -> None:
        """Run loops, and handle what webhooks told a server; `place`: what people call this process. Before any call."""
        self._works, self._place = True, place
        await self.receiver()

    async def close(self) -> None:
        """Close what was opened, last first, and send what telemetry has not sent yet."""
        await self._stack.aclose()
        await asyncio.to_thread(telemetry.flush)
