"""What a refusal says and advises: Layers' sentences in quotes; to look, and not to repeat, where a write may have taken effect."""

from __future__ import annotations

import json

from layers_mcp.contract.errors import LayersError
from layers_mcp.tool.words import visible

__all__ = ["retry_helps", "said", "what_to_do"]

_LETTERS = 300
"""Of a sentence of Layers, which may hold text of strangers: a platform's, a customer's. Ours."""

_LOOK_FIRST = "It is not known whether this took effect, so do not repeat it: make the call in details.look to see."


def said(problem: LayersError) -> str:
    """What happened, without a full stop: our own words as they are, those of the wire on one line, quoted and cut."""
    words = " ".join(visible(problem.message).split())
    if not problem.from_wire:
        return words
    short = words if len(words) <= _LETTERS else f"{words[:_LETTERS]}…"
    return f"Layers said: {json.dumps(short, ensure_ascii=False)}" if short else "Layers refused it without a word"


def what_to_do(problem: LayersError) -> str:
    """The way out; where a write may have taken effect, to look before anything else."""
    return _LOOK_FIRST if problem.unsure else problem.advice


def retry_helps(problem: LayersError) -> bool:
    """Whether the same call may work later; what may have taken effect is looked at, not repeated."""
    return problem.transient and not problem.unsure
