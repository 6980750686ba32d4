"""What a child process may use."""

from __future__ import annotations

import math
import resource
import signal

__all__ = ["limit"]

_FILES_OPEN = 256


def limit(*, at_most_s: float, at_most_bytes: int) -> None:
    """Bound this process and those it starts: address space and file size in bytes, processor and wall seconds, no core files."""
    seconds = max(1, math.ceil(at_most_s))
    for kind, most in (
        (resource.RLIMIT_AS, at_most_bytes),
        (resource.RLIMIT_FSIZE, at_most_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES_OPEN),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most, most) if hard == resource.RLIM_INFINITY or most <= hard else (hard, hard))
    signal.alarm(seconds + 1)
