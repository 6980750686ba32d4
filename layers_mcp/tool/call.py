"""What a tool function is handed: the API, the time, a way to report progress, and the key of this operation."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from layers_mcp.client.desk import Report
from layers_mcp.client.partner import Partner
from layers_mcp.clock import Clock
from layers_mcp.store.rows import Began, Halt

__all__ = ["Begun", "Call", "Switch"]

Begun = Callable[[Literal["job", "post", "oauth"], str, "str | None"], None]
"""Records a job, post or consent that this call started: kind, id, project id."""


class Switch(Protocol):
    """Holds writes back, for whoever shares our store; None: those to all projects."""

    def hold(self, project_id: str | None) -> None:
        """Hold back."""
        ...

    def lift(self, project_id: str | None) -> None:
        """Let go."""
        ...

    def held(self, projects: Collection[str]) -> Halt | None:
        """Why a write that touches these projects is held back, or None."""
        ...

    def recent(self, *, project_id: str | None = None, limit: int = 20) -> tuple[Began, ...]:
        """What this principal's calls began, newest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one tool.

    `wait_s`: how long a long tool waits when the call does not say. `return_url`: where people come back to after a consent when
    the call does not say (setting LAYERS_RETURN_URL). `again`: an earlier attempt at this operation is on record, so
    what it starts may stand already.
    """

    layers: Partner
    clock: Clock
    report: Report
    begun: Begun
    switch: Switch
    key: str
    wait_s: int
    return_url: str | None = None
    again: bool = False

    def now(self) -> datetime:
        """The API's time: in the sandbox its world may run apart from ours."""
        return self.layers.now()

    def key_for(self, part: str) -> str:
        """The idempotency key of one part of this operation, the same at every attempt."""
        return str(uuid.uuid5(uuid.UUID(self.key), part))
