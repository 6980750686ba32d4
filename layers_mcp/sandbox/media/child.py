"""Draws one errand in a child process."""

from __future__ import annotations

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.running import run as run_child
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media.errand import WORKSHOP, Errand, Outcome

__all__ = ["run"]

_LIMITS = Limits(at_most_s=60.0)


async def run(errand: Errand, limits: Limits = _LIMITS) -> Outcome | Trouble:
    """Draw the slides, the video and the preview of one brief."""
    return await run_child(WORKSHOP, errand, limits)
