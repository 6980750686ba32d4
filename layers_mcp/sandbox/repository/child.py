"""Runs one errand on a repository in a child process."""

from __future__ import annotations

from layers_mcp.sandbox.child.running import Limits
from layers_mcp.sandbox.child.running import run as run_child
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import WORKSHOP, Errand, Outcome, Push

__all__ = ["run"]

_LIMITS = Limits()


async def run(errand: Errand | Push, limits: Limits = _LIMITS) -> Outcome | Trouble:
    """Read the repository and write the branch, or push what was written."""
    return await run_child(WORKSHOP, errand, limits)
