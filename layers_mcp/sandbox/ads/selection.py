"""Which creatives of the pool an ad set should run (layers-api: concepts/ad-eligibility)."""

from __future__ import annotations

from collections.abc import Sequence

from layers_mcp.sandbox.ads.facts import CreativeFacts

__all__ = ["ELIGIBLE_FROM", "SLOTS", "capacity", "eligible", "selected"]

ELIGIBLE_FROM = 4.0
"""`ELIGIBILITY_THRESHOLD` (layers-api: concepts/organic-scoring)."""
_POOLS = ("generated", "ugc", "manual")
SLOTS = 3
"""generatedSlots, ugcSlots, manualSlots."""
MOST_BY_ADSET, META_MOST = 10, 50
"""maxCreativesPerAdset, and Meta's own limit of ads in an ad set."""


def eligible(one: CreativeFacts) -> bool:
    """Whether a creative may be promoted: by its score or by an override, never when it is unsafe."""
    if one.safety_failed or one.override == "exclude":
        return False
    return one.override == "include" or one.score >= ELIGIBLE_FROM


def selected(creatives: Sequence[CreativeFacts]) -> tuple[CreativeFacts, ...]:
    """The best of each pool by score, the older first among equals, at most three a pool; scores of different pools are not compared.

    What waits for its approval or was rejected is never among them: nothing reaches an audience past the review.
    """
    able = sorted((one for one in creatives if one.approved and eligible(one)), key=lambda one: -one.score)
    return tuple(one for pool in _POOLS for one in [own for own in able if own.pool == pool][:SLOTS])


def capacity(platform: str, running: int, every: int) -> int:
    """How many more ads an ad set takes: `running` of them run, `every` stands there."""
    room = MOST_BY_ADSET - running
    return max(min(room, META_MOST - every) if platform == "meta_ads" else room, 0)
