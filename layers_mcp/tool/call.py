"""What a tool function is handed: the API, the time, a way to report progress, and the key of this operation."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from layers_mcp.client.desk import Report
from layers_mcp.client.layers import Layers
from layers_mcp.clock import Clock

__all__ = ["Begun", "Call"]

Begun = Callable[[Literal["job", "post", "oauth"], str, "str | None"], None]
"""Records a job, post or consent that this call started: kind, id, project id."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of one tool.

    `wait_s`: how long a long tool waits when the call does not say. `return_url`: where people come back to after a consent when
    the call does not say (setting LAYERS_RETURN_URL). `again`: an earlier attempt at this operation is on record, so
    what it starts may stand already.
    """

    layers: Layers
    clock: Clock
    report: Report
    begun: Begun
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
