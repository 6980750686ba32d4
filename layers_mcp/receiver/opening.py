"""Opening the receiver on a house: what an event wakes, and the pump that runs as long as the receiver is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from layers_mcp.client.desk import Desk
from layers_mcp.loops.bells import of_thing
from layers_mcp.loops.early import Early
from layers_mcp.loops.hands import House
from layers_mcp.receiver.app import Receiver
from layers_mcp.receiver.pump import Pump, Waker
from layers_mcp.receiver.reactions import Reaction
from layers_mcp.store.begun import Begun
from layers_mcp.store.store import Store
from layers_mcp.store.watches import Watches

__all__ = ["Ring", "left_over", "receiving", "waker"]

Ring = Callable[[str], Awaitable[None]]
"""Wakes the runs that lie by a bell (`loops/bells`)."""
_CONSENTS = 20
"""Of the consents that were begun of late so many are looked at: an event names the account, and not the consent."""


def waker(desk: Desk, watches: Watches, begun: Begun, *, ring: Ring, early: Early) -> Waker:
    """What does what an event comes to: in this process by the desk, in others by the row that their desks read, in runs by bells.

    Loops that look before their hour are started by rows, too, for whoever runs loops.
    """

    def things(found: Reaction) -> list[str]:
        if found.consents_of is None:
            return list(found.things)
        open_ = begun.recent(project_id=found.consents_of or None, kind="oauth", limit=_CONSENTS)
        return [*found.things, *(f"consent {one.id}" for one in open_)]

    async def wake(found: Reaction) -> None:
        for name in await asyncio.to_thread(things, found):
            await asyncio.to_thread(partial(watches.told, name, now=early.clock.now()))
            desk.wake(name)
            await ring(of_thing(name))
        for bell in found.bells:
            await ring(bell)
        if found.early:
            await asyncio.to_thread(early.start, found.early, found.project_id, found.cause)

    return wake


def left_over(where: Path | str) -> bool:
    """Whether events wait in a store (a file, or a database URL) that a process before this one stored and did not handle."""
    store = Store.open(where)
    try:
        return store.inbox.overview().waiting > 0
    finally:
        store.close()


@asynccontextmanager
async def receiving(house: House) -> AsyncGenerator[Receiver]:
    """The receiver of a house, pumping meanwhile."""
    store, clock, principal = house.store, house.clock, house.gate.principal
    ring: Ring = partial(asyncio.to_thread, store.runs.ring)
    early = Early(store=store, clock=clock, principal=principal, projects=house.projects)
    pump = Pump(store.inbox, waker(house.desk, store.watches(principal), store.begun, ring=ring, early=early), clock)
    task = asyncio.create_task(pump.run())
    try:
        yield Receiver(place=house.layers.place, clock=clock, endpoints=store.endpoints, inbox=store.inbox, pump=pump)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
