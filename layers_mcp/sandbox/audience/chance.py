"""Chance that can be asked twice: a draw is a function of a seed and of what it is for."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist

__all__ = ["bell", "uniform"]

_BELL = NormalDist()
_BITS = 53


def uniform(seed: str, *what: str | int) -> float:
    """A number between 0 and 1, never either of them."""
    named = "\x1f".join([seed, *map(str, what)]).encode()
    bits = int.from_bytes(blake2b(named, digest_size=8).digest(), "big") >> (64 - _BITS)
    return (bits + 0.5) / 2**_BITS


def bell(seed: str, *what: str | int) -> float:
    """A number from the normal distribution with mean 0 and deviation 1."""
    return _BELL.inv_cdf(uniform(seed, *what))
