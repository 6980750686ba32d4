"""A client that waits hears at least every five seconds that its call is under way, and only what rises."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from layers_mcp.server.pulse import BREATH, Pulse

pytestmark = pytest.mark.anyio

SHORT_S = 0.05


class Heard:
    """A client that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.bell = asyncio.Event()

    async def tell(self, done: float, stage: str) -> None:
        """One notification."""
        self.told.append((done, stage))
        self.bell.set()

    async def until(self, many: int) -> None:
        """Wait for so many of them."""
        while len(self.told) < many:
            self.bell.clear()
            await asyncio.wait_for(self.bell.wait(), 60)


async def test_each_of_many_calls_hears_its_last_stage_again_and_again_and_only_rising_numbers():
    """Progress must rise with each notification (MCP: utilities/progress), and a breath is too little to be seen."""
    pulse, clients = Pulse(SHORT_S), [Heard() for _ in range(100)]

    async def call(number: int) -> None:
        with pulse.over(clients[number].tell) as told:
            await told(number / 200, f"stage {number}")
            await clients[number].until(4)

    await asyncio.gather(*(call(number) for number in range(100)))

    for number, client in enumerate(clients):
        assert {stage for _, stage in client.told} == {f"stage {number}"}
        assert all(before < after for (before, _), (after, _) in pairwise(client.told))
        assert client.told[-1][0] < number / 200 + 10 * BREATH


async def test_a_call_that_has_nothing_to_tell_yet_is_under_way():
    """A thousand waits share two reads a second: the first look of one may be minutes off."""
    client = Heard()
    with Pulse(SHORT_S).over(client.tell):
        await client.until(2)
    assert client.told[:2] == [(0.0, "under way"), (BREATH, "under way")]


async def test_what_does_not_rise_is_not_told():
    """Whatever a tool reports, the protocol's rule holds at the edge."""
    client = Heard()
    with Pulse(60).over(client.tell) as told:
        for done in (0.5, 0.5, 0.4, 0.6):
            await told(done, "drawing")
    assert [done for done, _ in client.told] == [0.5, 0.6]


async def test_a_call_that_is_over_or_complete_hears_nothing_more():
    """A notification after the answer would be a breach of the protocol."""
    pulse, over, complete = Pulse(SHORT_S), Heard(), Heard()
    with pulse.over(over.tell) as told:
        await told(0.2, "drawing")
    with pulse.over(complete.tell) as told:
        await told(1.0, "completed")
        await asyncio.sleep(5 * SHORT_S)
    assert (over.told, complete.told) == ([(0.2, "drawing")], [(1.0, "completed")])


async def test_a_client_that_does_not_read_keeps_nobody_else_waiting():
    """Over HTTP a client may hold its stream open and take nothing; it is told nothing more until that came through."""
    pulse, stuck, client, calls = Pulse(SHORT_S), asyncio.Event(), Heard(), list[int]()

    async def never(_done: float, _stage: str) -> None:
        calls.append(1)
        await stuck.wait()

    with pulse.over(never), pulse.over(client.tell):
        await client.until(5)
    assert calls == [1]


async def test_a_client_that_is_gone_ends_nothing():
    """Its call ends by itself, when its session does."""
    pulse, client = Pulse(SHORT_S), Heard()

    async def gone(_done: float, _stage: str) -> Any:
        raise ConnectionResetError

    with pulse.over(gone), pulse.over(client.tell):
        await client.until(3)
    assert len(client.told) >= 3
