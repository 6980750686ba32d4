"""A file that is read again when it has changed, so that a secret in it is replaced without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

__all__ = ["Reread"]

T = TypeVar("T")
_Mark = tuple[int, int, int]


def _mark(path: Path) -> _Mark | None:
    """What differs once the file was written or replaced; None when it can't be looked at."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino


class Reread(Generic[T]):
    """What `read` makes of a file, as the file is now. One look at the file's times for each `now()`; no watcher, no thread."""

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        """Read it for the first time; what `read` raises goes through."""
        self._path, self._read = path, read
        self._seen = _mark(path)
        self._value = read(path)

    def now(self) -> T:
        """The newest version that can be read; one that is broken or gone is logged once, and the last good one stays."""
        seen = _mark(self._path)
        if seen != self._seen:
            self._seen = seen  # taken before reading: what is written meanwhile shows in the next look
            try:
                self._value = self._read(self._path)
            except (OSError, ValueError) as problem:
                logging.getLogger(__name__).error("%s: %s; what it said before still holds", self._path, _words(problem))  # noqa: TRY400  the words are enough
        return self._value


def _words(problem: Exception) -> str:
    return f"can't be read ({problem.strerror})" if isinstance(problem, OSError) else str(problem)
