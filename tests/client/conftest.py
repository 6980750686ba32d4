"""A far side for the client: it answers what a test has written down, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from pydantic import SecretStr

from layers_mcp.client.layers import Layers
from layers_mcp.clock import HandClock

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


class FarSide:
    """Answers in the order of `script`, the last one for ever."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.asked: list[httpx2.Request] = []
        self.addresses: dict[str, list[str]] = {}

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """The next answer."""
        self.asked.append(request)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def far() -> FarSide:
    """The far side of `layers`."""
    return FarSide()


@pytest.fixture
async def layers(far: FarSide, clock: HandClock) -> AsyncIterator[Layers]:
    """A client whose luck is always the middle."""
    transport = httpx2.MockTransport(far.answer)

    def resolve(host: str, _: int) -> list[str]:
        return far.addresses.get(host, ["93.184.216.34"])

    async with Layers(
        "https://api.test/v1/", SecretStr("lp_live_secret\n"), clock=clock, transport=transport, luck=lambda: 0.5, resolve=resolve
    ) as one:
        yield one
