"""How good a post truly is, fixed when it is made: nobody in the world sees it, only what it earns."""

from __future__ import annotations

from math import sqrt

from layers_mcp.contract.clones import CloneMode
from layers_mcp.sandbox.audience.chance import bell
from layers_mcp.sandbox.audience.parameters import Audience

__all__ = ["acting", "cloned", "fresh"]


def fresh(audience: Audience, luck: str, *, brand: str, hook: str, form: str) -> float:
    """The quality of a new post, in deviations from the average: its hook's and format's for this brand, and its own luck.

    `luck` names the post, `brand` its project; the same seed and names give the same quality.
    """
    numbers, seed = audience.model.quality, audience.seed
    shared = sqrt(numbers.hook) * bell(seed, "hook", brand, hook) + sqrt(numbers.format) * bell(seed, "format", brand, form)
    return shared + sqrt(1 - numbers.hook - numbers.format) * bell(seed, "luck", luck)


def cloned(audience: Audience, luck: str, *, source: float, mode: CloneMode, earlier: int) -> float:
    """The quality of a clone: part of its source's, luck of its own, and less for each of the `earlier` clones of the same source."""
    numbers = audience.model.quality
    kept = numbers.heritability[mode]
    own = numbers.spread[mode] * sqrt(1 - kept * kept) * bell(audience.seed, "luck", luck)
    return kept * source + own - numbers.fatigue * earlier


def acting(audience: Audience, luck: str, quality: float) -> float:
    """The quality that makes those who watched act, in deviations: partly the same, partly its own."""
    same = audience.model.quality.conversion
    return same * quality + sqrt(1 - same**2) * bell(audience.seed, "acting", luck)
