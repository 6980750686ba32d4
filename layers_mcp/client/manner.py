"""How the requests of a task wait for their turn: what the caller says, for whatever is sent on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["AWAITED", "FOREMOST", "Manner", "Tell", "manner"]

AWAITED, FOREMOST = 4, 5
"""The ranks of a call that somebody waits for, and of the brake; who can wait longer, as a loop can, stands behind."""

PATIENCE_S = 60.0
"""How long a request waits for its turn when its caller does not say; hosts of MCP servers often give a call as long."""

Tell = Callable[[str], Awaitable[None]]
"""Hears in words what is waited for."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a task waits for its turn: `rank` 0 to `FOREMOST`, `patience_s` at most, telling `tell` what it waits for.

    `brake`: it stops something, so our own count of the day does not keep it back.
    """

    rank: int = AWAITED
    patience_s: float = PATIENCE_S
    brake: bool = False
    tell: Tell | None = None


manner: ContextVar[Manner] = ContextVar("manner", default=Manner())  # noqa: B039  it is frozen
"""How requests of this task and the tasks it starts wait for their turn."""
