"""What a refusal says and advises: Layers' sentences in quotes; to look, and not to repeat, where a write took effect or may have."""

from __future__ import annotations

import json

from layers_mcp.contract.errors import Invalid, LayersError
from layers_mcp.tool.words import visible

__all__ = ["end_of", "look_first", "refusal_of", "retry_helps", "said", "what_to_do"]

_LETTERS = 300
"""Of a sentence of Layers, which may hold text of strangers: a platform's, a customer's. Ours."""

_LOOK_FIRST = "It is not known whether this took effect, so do not repeat it: make the call in details.look to see."
_LIVE_ONLY = "Only the live API answers it; here nothing can be tried."
_STANDS = "What this call sent took effect and stands; only what is read after it failed. Do not repeat it: make the call in details.look."
_IN_PART = "What this call had sent before took effect and stands; the call in details.look shows it."


def said(problem: LayersError) -> str:
    """What happened, without a full stop: our own words as they are, those of the wire on one line, quoted and cut."""
    words = " ".join(visible(problem.message).split())
    if not problem.from_wire:
        return words
    short = words if len(words) <= _LETTERS else f"{words[:_LETTERS]}…"
    return f"Layers said: {json.dumps(short, ensure_ascii=False)}" if short else "Layers refused it without a word"


def what_to_do(problem: LayersError) -> str:
    """The way out; where a write took effect, or may have, to look before anything else."""
    if "liveOnly" in problem.details:
        return _LIVE_ONLY
    if problem.outcome == "in_part":
        return f"{problem.advice} {_IN_PART}"
    return _STANDS if problem.outcome == "acted" else _LOOK_FIRST if problem.unsure else problem.advice


def look_first(problem: LayersError) -> bool:
    """Whether the same call is no way out, as a write of it took effect or may have."""
    return problem.unsure or problem.outcome == "acted"


def end_of(problem: LayersError) -> str:
    """How the trail has it: the code, and what is known of the writes."""
    return f"{problem.outcome}:{problem.wire_code}" if problem.outcome else problem.wire_code


def retry_helps(problem: LayersError) -> bool:
    """Whether the same call may work later; what took effect, or may have, is looked at, not repeated."""
    return problem.transient and not look_first(problem)


def refusal_of(path: str, words: str) -> Invalid:
    """The refusal of one argument: `words` go on from its name."""
    return Invalid(f"{path} {words}", details={"issues": [{"path": path, "message": words}]})
