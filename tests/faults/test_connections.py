"""Connections that break on a real port: before the request is read, while it is read, after it was answered, or never answered at all."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from layers_mcp.client.layers import Layers
from layers_mcp.contract.scalars import wire_time
from layers_mcp.sandbox.app import build
from layers_mcp.sandbox.port import Port

pytestmark = pytest.mark.anyio
PATIENCE_S, IMPATIENCE_S = 20.0, 1.0
"""Real seconds that the client waits for an answer, and for one that never comes."""
AT_ONCE = struct.pack("ii", 1, 0)
Pipe = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with a content-length, or without a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"0")
    return head + await reader.readexactly(int(length))


class Wire:
    """A raw proxy before a port. The next `left` requests that are no GET meet `trouble`; connections are reset, not closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.trouble, self.left, self.met = "", 0, 0
        self.tasks: list[asyncio.Task[None]] = []

    async def _answered(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request)
        answer = await _message(reader)
        writer.close()
        await writer.wait_closed()
        return answer

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> None:
        """What one request to be troubled meets; `line`: the first of it."""
        if self.trouble == "before it is read":
            return
        request = line + await _message(reader)
        if self.trouble == "while it is read":
            return
        answer = await self._answered(request)
        if self.trouble == "never answered":
            await reader.read()  # until the client has had enough
        elif self.trouble == "in the middle of the answer":
            writer.write(answer[: len(answer) // 2])
            await writer.drain()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.tasks.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                if self.left and not line.startswith(b"GET"):
                    self.left, self.met = self.left - 1, self.met + 1
                    await self._meet(reader, writer, line)
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    break
                writer.write(await self._answered(line + await _message(reader)))
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def close(self) -> None:
        """End every connection."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@asynccontextmanager
async def _wired(story: Any, timeout_s: float) -> AsyncIterator[Wire]:
    """The house of `story` with its API behind a wire of the machine."""
    port = Port()
    wire = Wire(port.number)
    async with port.serving(build(story.world)):
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        number = server.sockets[0].getsockname()[1]
        key = SecretStr(story.world.key)
        async with Layers(f"http://127.0.0.1:{number}", key, clock=story.clock, timeout_s=timeout_s, luck=lambda: 0.0) as layers:
            await story.layers.close()
            story.reach(layers)
            story.house = story.of("someone")
            yield wire
        server.close()
        await server.wait_closed()
        await wire.close()
    port.release()


async def _project(story: Any, things: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "create_project", {"name": "New"}


async def _post(story: Any, things: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "generate_content", {"projectId": things["project"], "hook": "By wire.", "waitSeconds": 0}


async def _schedule(story: Any, things: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    given = {"containerId": things["approved"], "scheduledFor": wire_time(story.now() + timedelta(days=2))}
    given["targets"] = [{"socialAccountId": things["account"]}]
    return "schedule_content", given | {"confirm": await story.handle("schedule_content", **given)}


DEEDS = {"a project": (_project, "projects"), "a post": (_post, "containers"), "a schedule": (_schedule, "posts")}
TROUBLES = ("before it is read", "while it is read", "after it was answered", "in the middle of the answer", "never answered")


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("deed", DEEDS)
async def test_a_connection_that_breaks_is_made_again_and_the_deed_is_done_once(stage, changes, tally, trouble, deed):
    """Issue 5, "Prove it: Faults": connection reset, slow answer; over a real port, with real resets."""
    make, table = DEEDS[deed]
    timeout_s = IMPATIENCE_S if trouble == "never answered" else PATIENCE_S
    async with stage.copy() as story, _wired(story, timeout_s) as wire:
        tool, given = await make(story, stage.things)
        before = story.rows()
        wire.trouble, wire.left = trouble, 2

        done = await story.call(tool, **given)

        assert "error" not in done, done
        assert wire.met == 2
        made = changes(before, story.rows())[f"{table} +"]
        tally("Deeds over broken connections", deeds=1, twice=max(made - 1, 0), lost=max(1 - made, 0))
        assert made == 1
