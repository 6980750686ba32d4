"""Chance that can be asked twice: a draw is a function of a seed and of what it is for."""

from __future__ import annotations

import struct
from hashlib import blake2b, shake_128
from statistics import NormalDist

__all__ = ["bell", "draws", "uniform"]

_BELL = NormalDist()
_BITS = 53


def _named(seed: str, what: tuple[str | int, ...]) -> bytes:
    return "\x1f".join([seed, *map(str, what)]).encode()


def uniform(seed: str, *what: str | int) -> float:
    """A number between 0 and 1, never either of them."""
    bits = int.from_bytes(blake2b(_named(seed, what), digest_size=8).digest(), "big") >> (64 - _BITS)
    return (bits + 0.5) / 2**_BITS


def draws(number: int, seed: str, *what: str | int) -> tuple[int, ...]:
    """Many draws at once, each a whole number from 0 to 2**32 - 1."""
    return struct.unpack(f">{number}I", shake_128(_named(seed, what)).digest(number * 4))


def bell(seed: str, *what: str | int) -> float:
    """A number from the normal distribution with mean 0 and deviation 1."""
    return _BELL.inv_cdf(uniform(seed, *what))
