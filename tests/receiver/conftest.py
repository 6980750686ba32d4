"""A receiver over a store in a file, and what Layers would send to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from layers_mcp.clock import HandClock
from layers_mcp.contract.signing import SIGNATURE, signature
from layers_mcp.receiver.app import PATH, Receiver, route
from layers_mcp.receiver.pump import Pump
from layers_mcp.receiver.reactions import Reaction
from layers_mcp.store.store import Store
from layers_mcp.store.told import Known

PLACE, SECRET = "https://api.layers.com", "whsec_new"


class Sender:
    """Layers, as a receiver meets it; `woken`: what events came to, in the order in which they were handled."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.clock, self.woken, self.failing, self.heard = clock, list[Reaction](), list[Exception](), asyncio.Event()
        self.pump = Pump(store.inbox, self._wake, clock)
        self.receiver = Receiver(place=PLACE, clock=clock, endpoints=store.endpoints, inbox=store.inbox, pump=self.pump)
        app = Starlette(routes=[route(self._opened)])
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:8000")
        self.opening: Exception | None = None

    async def _opened(self) -> Receiver:
        if self.opening is not None:
            raise self.opening
        return self.receiver

    async def _wake(self, found: Reaction) -> None:
        if self.failing:
            raise self.failing.pop()
        self.woken.append(found)
        self.heard.set()

    async def send(self, body: bytes | dict[str, Any], *, secrets=(SECRET,), late_s: float = 0.0, **headers: str) -> httpx2.Response:
        """Deliver a body, signed `late_s` seconds ago."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = {SIGNATURE: signature(secrets, raw, int(self.clock.now().timestamp() - late_s))}
        return await self.client.post(PATH, content=raw, headers=signed | headers)


@pytest.fixture
def store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    """The store, with one endpoint whose secret is being rotated."""
    one = Store.open(tmp_path / "layers.db", clock=clock)
    one.endpoints.keep(Known(id="whe_1", place=PLACE, url="https://growth.example.com/webhooks/layers", made_at=clock.now(), secret=SECRET))
    yield one
    one.close()


@pytest.fixture
async def sender(store: Store, clock: HandClock) -> AsyncIterator[Sender]:
    """Layers, and the receiver."""
    made = Sender(store, clock)
    yield made
    await made.client.aclose()
    await asyncio.sleep(0)
