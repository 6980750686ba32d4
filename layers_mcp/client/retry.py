"""Whether and when a failed exchange is tried again: by the error's code, never by its status."""

from __future__ import annotations

from layers_mcp.contract.errors import InProgress, LayersError, RateLimited

__all__ = ["LONGEST_S", "pause_before"]

ATTEMPTS = 4
ATTEMPTS_WHEN_LIMITED = 6
"""Layers says when to come back, so coming back is worth more often."""
ATTEMPTS_WHEN_IN_PROGRESS = 8
"""The first request with this key will be answered, and its answer is what is wanted."""
IN_PROGRESS_S = 1.0
"""Before the first look whether it has been, when Layers does not say when (`InProgress`; ours)."""
FIRST_S = 0.5
SLOWEST_S = 20.0
PATIENCE_S = 120.0
"""The longest Retry-After that is waited for; a longer one is the caller's to know."""
LONGEST_S = 300.0
"""How long the attempts at one request may take, together; the key of an operation is on record for ten minutes."""


def _attempts(problem: LayersError) -> int:
    if isinstance(problem, InProgress):
        return ATTEMPTS_WHEN_IN_PROGRESS
    return ATTEMPTS_WHEN_LIMITED if isinstance(problem, RateLimited) else ATTEMPTS


def pause_before(attempt: int, problem: LayersError, *, safe: bool, luck: float, elapsed_s: float = 0.0) -> float | None:
    """Seconds to wait before `attempt` (2, 3, …), or None when it must not be made.

    `safe`: the exchange has an Idempotency-Key or is a GET. `luck` in [0, 1) spreads the callers (full jitter over
    0.5 s doubling to 20 s); it comes on top of Layers' own Retry-After, which wins (layers-api: operational/rate-limits).
    `elapsed_s`: since the first attempt went out; what would go out later than `LONGEST_S` after it is not made.
    """
    asked_s = problem.retry_after_s if problem.retry_after_s is not None else IN_PROGRESS_S if isinstance(problem, InProgress) else 0.0
    if not (safe and problem.transient) or attempt > _attempts(problem) or asked_s > PATIENCE_S:
        return None
    pause_s = asked_s + luck * min(SLOWEST_S, FIRST_S * 2.0 ** (attempt - 2))
    return pause_s if elapsed_s + pause_s <= LONGEST_S else None
