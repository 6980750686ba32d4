"""The calls that run, so that the end of the process can wait for them, a little."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layers_mcp.server.answer import Answer, AnswerCall, Tell
    from layers_mcp.server.caller import Caller
    from layers_mcp.tool.asking import Asker, AskFirst

__all__ = ["Running"]


class Running:
    """Counts the calls of one process, over whichever transport they came. `ending`: no new request is let in."""

    def __init__(self) -> None:
        self.ending = False
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def counted(self, answer: AnswerCall) -> AnswerCall:
        """The same answer, counted while it is made."""

        async def counting(
            name: str, given: dict[str, Any], tell: Tell, asker: Asker | None, *, caller: Caller | None = None
        ) -> Answer | AskFirst:
            self._count += 1
            self._none.clear()
            try:
                return await answer(name, given, tell, asker, caller=caller)
            finally:
                self._count -= 1
                if not self._count:
                    self._none.set()

        return counting

    async def settle(self, at_most_s: float) -> None:
        """Let no more in, and return when none runs, or after `at_most_s`."""
        self.ending = True
        try:
            await asyncio.wait_for(self._none.wait(), at_most_s)
        except TimeoutError:
            return
