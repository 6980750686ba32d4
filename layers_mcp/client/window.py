"""How many customers are worked on at once under one key: enough that the starts never idle, few enough that some are done early.

Little's law: what is in progress is what comes in by the minute times how long it stays. Who is let in stays in until done, so all that
all have in common waits here, where it costs nothing, and not in the lines for each request.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType

from layers_mcp.client.limits import admitted
from layers_mcp.client.pace import Pace

__all__ = ["Window"]


class Window:
    """A semaphore whose size follows from the key's starts a minute, first come first served: `async with window:`.

    `longest_s`: seconds of long work that one customer needs at most; `starts`: how many starts it makes. The window grows as soon as
    Layers has told that the key may start more.
    """

    def __init__(self, pace: Pace, *, longest_s: float, starts: int = 2) -> None:
        self._pace, self._longest_s, self._starts = pace, longest_s, starts
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        pace.resized.append(self._let_in)

    @property
    def size(self) -> int:
        """How many may be inside now."""
        return admitted(self._pace.a_minute("long-running"), self._longest_s, starts=self._starts)

    async def __aenter__(self) -> None:
        """Wait to be let in."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.remove(turn)
            else:  # let in at the same moment
                self._leave()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        """Let the next one in."""
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        for turn in [one for one in self._waiting if not one.done()][: max(self.size - self._inside, 0)]:
            self._waiting.remove(turn)
            self._inside += 1
            turn.set_result(None)
