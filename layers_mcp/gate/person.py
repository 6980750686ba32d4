"""What a person sees and answers outside the conversation: the previews of every principal of this store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from layers_mcp.clock import Clock
from layers_mcp.store.rows import Confirmation, How

if TYPE_CHECKING:
    from layers_mcp.store.store import Store

__all__ = ["NAME_LETTERS", "Person", "name_of"]

NAME_LETTERS: Final = 16
"""Of the digest under which a preview is kept: enough to name it, and nothing that could be spent."""


def name_of(row: Confirmation) -> str:
    """What a person knows a preview by; the handle can't be had back from it."""
    return row.handle[:NAME_LETTERS]


class Person:
    """The one whose yes is asked for. What they answer is a state of the row; nothing acts here."""

    def __init__(self, store: Callable[[], Store], clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def now(self) -> datetime:
        """The wall's time, by which previews end."""
        return self._clock.now()

    def waiting(self) -> tuple[Confirmation, ...]:
        """What nobody has answered yet, oldest first."""
        return self._store().confirmations.waiting(self.now())

    def named(self, name: str) -> Confirmation | None:
        """The preview of this name, whatever became of it; None when there is no such one."""
        found = self._store().confirmations.named(name) if len(name) >= NAME_LETTERS else ()
        return found[0] if len(found) == 1 else None

    def answer(self, row: Confirmation, *, yes: bool, how: How) -> bool:
        """Record the answer, the first one only; False when the row was answered or ran out before."""
        return self._store().confirmations.answer(row.handle, yes=yes, how=how, now=self.now())
