"""Draws one errand in a child process."""

from __future__ import annotations

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.running import run as run_child
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.media.errand import WORKSHOP, Errand, Outcome

__all__ = ["run"]

_PIECE_S = 60.0
"""The longest the drawing of one piece may take; a video takes four seconds on an idle machine."""


async def run(errand: Errand, limits: Limits | None = None) -> Outcome | Trouble:
    """Draw what the errand asks for."""
    return await run_child(WORKSHOP, errand, limits or Limits(at_most_s=_PIECE_S * len(errand.pieces)))
