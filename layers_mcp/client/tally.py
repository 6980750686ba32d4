"""Counting what a task sends: every request that goes out, its retries too, by rate class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["note", "tallied"]

_tally: ContextVar[Counter[str] | None] = ContextVar("tally", default=None)


@contextmanager
def tallied(into: Counter[str]) -> Generator[None]:
    """Count meanwhile what this task sends, and the tasks that it starts."""
    token = _tally.set(into)
    try:
        yield
    finally:
        _tally.reset(token)


def note(rate: str) -> None:
    """A request of a rate class goes out."""
    if (into := _tally.get()) is not None:
        into[rate] += 1
