"""The world: one folder with its database, its clock, and the work under way. It knows no business."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from sqlalchemy import Connection, Engine, select

from layers_mcp.clock import Clock
from layers_mcp.database import open_engine, reading, writing
from layers_mcp.sandbox import clockwork, faults, growth, keys, news, tables
from layers_mcp.sandbox.deliver import Post, Teller, poster
from layers_mcp.sandbox.trades import TRADES
from layers_mcp.sandbox.visit import NO_PORT, Ground
from layers_mcp.sandbox.work import Worker

__all__ = ["World"]


_AT_ONCE = 4
"""Answers whose work is done at one time; the others wait their turn."""


class World:
    """An open world. Several processes may have the same folder open. `preparing`: a place among the answers that need work done."""

    def __init__(self, engine: Engine, ground: Ground, wall: Clock, *, send: Post | None = None) -> None:
        self.engine = engine
        self.ground = ground
        self.wall = wall
        self.key = keys.DEFAULT_KEY
        self.preparing = asyncio.Semaphore(_AT_ONCE)
        self._teller = Teller(engine, ground, wall, send or poster(ground))
        self._worker = Worker(engine, ground, wall, TRADES, settled=self._teller.nudge)

    @classmethod
    async def open(  # noqa: PLR0913  the door of the room: each is a setting
        cls,
        folder: Path,
        *,
        wall: Clock,
        job_speed: float = 1.0,
        uneven: float = 0.0,
        at: datetime | None = None,
        speed: float | None = None,
        repositories: Sequence[str] = (),
        sites: Sequence[str] = (),
        push: bool = False,
        site_url: str | None = None,
        chance: clockwork.Chance | None = None,
        demo: bool = False,
        send: Post | None = None,
    ) -> Self:
        """Open the world in `folder`, made on first use, and take up work that nobody does any more.

        `job_speed`: how many times faster than life long operations run; `uneven`: the share, 0 to 1, by which one may last longer or
        shorter. `at`, `speed`: the world's time and how fast it runs; a world that exists keeps its own unless they are given, and never
        goes back. `site_url`: where this process
        serves the world's site; None when it serves none. `chance`: what luck depends on in a world that is made now. `demo`: let the
        growth demo be there. `send`: what carries webhooks out; else they go to this machine, the listed sites and the public Internet.
        """
        place = await asyncio.to_thread(folder.resolve)
        ground = Ground(
            folder=place,
            job_speed=job_speed,
            uneven=uneven,
            repositories=tuple(repositories),
            sites=tuple(sites),
            push=push,
            site_url=site_url or NO_PORT,
        )
        engine = await asyncio.to_thread(_opened, ground, wall.now(), _Begin(chance or clockwork.Chance(), at, speed, demo))
        world = cls(engine, ground, wall, send=send)
        world._worker.start()
        world._teller.start()
        return world

    async def close(self) -> None:
        """Stop the work under way, which whoever opens the world next takes up, and let go of the database."""
        await self._teller.stop()
        await self._worker.stop()
        self.engine.dispose()

    def now(self) -> datetime:
        """The world's time, in UTC."""
        with reading(self.engine) as connection:
            return clockwork.world_now(connection, self.wall.now())

    def setting(self) -> clockwork.Setting:
        """How the world's time follows from the wall's."""
        with reading(self.engine) as connection:
            return clockwork.setting(connection)

    def set_clock(self, *, at: datetime | None = None, speed: float | None = None) -> datetime:
        """Move the world's clock forward to `at`, or let it run `speed` times as fast; the time it shows then."""
        with writing(self.engine) as connection:
            now = clockwork.set_clock(connection, self.wall.now(), at=at, speed=speed).epoch
            news.catch_up(connection, now, self.ground)
            return now

    def advance(self, seconds: float) -> datetime:
        """Move the world's clock forward; the time it shows then."""
        with writing(self.engine) as connection:
            wall_now = self.wall.now()
            later = clockwork.world_now(connection, wall_now) + timedelta(seconds=seconds)
            now = clockwork.set_clock(connection, wall_now, at=later).epoch
            news.catch_up(connection, now, self.ground)
            return now

    def script(self, fault: faults.Fault) -> None:
        """Script trouble; it survives a restart."""
        with writing(self.engine) as connection:
            faults.add(connection, fault)

    def add_key(
        self,
        *,
        scopes: Sequence[str] = keys.SCOPES,
        tier: str = "standard",
        return_hosts: Sequence[str] = keys.DEFAULT_HOSTS,
        organization: str = keys.HOME,
    ) -> str:
        """A new API key in plain, of the organization with this name, which is made when there is none."""
        with writing(self.engine) as connection:
            owner = keys.add_organization(connection, organization)
            return keys.add_key(connection, owner, keys.Grant(scopes, tier, return_hosts))

    def allow_return(self, host: str) -> None:
        """Let consents that the default key asks for come back to a page of `host` too."""
        with writing(self.engine) as connection:
            keys.allow_host(connection, self.key, host)

    def nudge(self) -> None:
        """Let the worker and the teller look now rather than at their next round."""
        self._worker.nudge()
        self._teller.nudge()

    async def told(self) -> None:
        """Return when every webhook that is due by the world's time was sent."""
        await self._teller.idle()

    async def work_done(self) -> None:
        """Return when no real work is under way or waiting here."""
        await self._worker.idle()


def _furnish(connection: Connection) -> None:
    if connection.execute(select(tables.keys.c.id)).first() is None:
        home = keys.add_organization(connection, keys.HOME)
        keys.add_key(connection, home, keys.Grant(tier="partner"), plain=keys.DEFAULT_KEY)
    keys.renew_default(connection)


class _Begin(NamedTuple):
    """How a world that is made now begins; one that exists takes `at`, `speed` and `demo` from it."""

    chance: clockwork.Chance
    at: datetime | None
    speed: float | None
    demo: bool


def _opened(ground: Ground, wall_now: datetime, begin: _Begin) -> Engine:
    engine = open_engine(ground.folder / "sandbox.db", tables.TABLES, versions=tables.VERSIONS, head=tables.HEAD)
    with writing(engine) as connection:
        clockwork.make_clock(connection, wall_now, begin.chance, at=begin.at, speed=begin.speed)
        _furnish(connection)
        if begin.demo:
            growth.found(connection, clockwork.world_now(connection, wall_now))
    return engine
