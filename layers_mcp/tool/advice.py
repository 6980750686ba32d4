"""What a refusal advises: to look, and not to repeat, where a write may have taken effect."""

from __future__ import annotations

from layers_mcp.contract.errors import LayersError

__all__ = ["retry_helps", "what_to_do"]

_LOOK_FIRST = "It is not known whether this took effect, so do not repeat it: make the call in details.look to see."


def what_to_do(problem: LayersError) -> str:
    """The way out; where a write may have taken effect, to look before anything else."""
    return _LOOK_FIRST if problem.unsure else problem.advice


def retry_helps(problem: LayersError) -> bool:
    """Whether the same call may work later; what may have taken effect is looked at, not repeated."""
    return problem.transient and not problem.unsure
