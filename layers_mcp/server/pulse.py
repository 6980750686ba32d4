"""A sign of life for every call that lasts: its client hears at least every five seconds that it is under way.

A client gives a call up after a time without progress (performance-baselines: limits), and what a call waits for may not move for minutes.
So whoever was not told anything for `EVERY_S` is told the last stage once more, by one task for all calls of the process. As progress
must rise with each notification (MCP: utilities/progress), a sign of life adds a `BREATH`, too little to be seen.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import Context
from typing import Final

from layers_mcp.server.answer import Tell

__all__ = ["BREATH", "EVERY_S", "Pulse"]

EVERY_S: Final = 5.0
BREATH: Final = 1e-6
_AT_ONCE: Final = 32
"""How many are told before other work has its turn."""
_PATIENCE_S: Final = 0.1
"""How long those are waited for: a client that does not read keeps nobody else waiting."""


class _Call:
    """A call under way: what its client heard last, and when it is to hear again."""

    __slots__ = ("done", "due_s", "stage", "task", "tell")

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.done, self.stage, self.due_s = -1.0, "under way", 0.0
        self.task: asyncio.Task[None] | None = None

    def breathe(self) -> asyncio.Task[None] | None:
        """Tell the last once more; not while it is still being told, and not when it has arrived."""
        risen = max(self.done + BREATH, 0.0)
        if risen >= 1 or not (self.task is None or self.task.done()):
            return None
        self.done = risen
        self.task = asyncio.get_running_loop().create_task(self._say(), context=Context())
        return self.task

    async def _say(self) -> None:
        with suppress(Exception):  # a client that is gone ends its call by itself
            await self.tell(self.done, self.stage)


class Pulse:
    """The pulse of all calls of one process; `every_s`: the longest that one of them is silent."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._calls: OrderedDict[_Call, None] = OrderedDict()  # who is due first stands first
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def over(self, tell: Tell) -> Generator[Tell]:
        """While a call lasts, what tells its client: only what rises, and by itself when nothing does."""
        call = _Call(tell)

        async def told(done: float, stage: str) -> None:
            if done > call.done:
                call.done, call.stage = done, stage
                self._heard(call)
                await tell(done, stage)

        self._heard(call)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drive(), context=Context())
        try:
            yield told
        finally:
            del self._calls[call]
            if call.task is not None:
                call.task.cancel()

    def _heard(self, call: _Call) -> None:
        call.due_s = asyncio.get_running_loop().time() + self._every_s
        self._calls[call] = None
        self._calls.move_to_end(call)

    def _due(self) -> list[_Call]:
        now_s, due = asyncio.get_running_loop().time(), list[_Call]()
        for call in self._calls:
            if call.due_s > now_s or len(due) == _AT_ONCE:
                break
            due.append(call)
        return due

    async def _drive(self) -> None:
        """Until no call is left."""
        while self._calls:
            due = self._due()
            for call in due:
                self._heard(call)
            said = [task for call in due if (task := call.breathe()) is not None]
            if said:
                await asyncio.wait(said, timeout=_PATIENCE_S)
            elif not due:
                await asyncio.sleep(next(iter(self._calls)).due_s - asyncio.get_running_loop().time())
