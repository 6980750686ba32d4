"""What the writes of one call came to, so that nobody has to guess it from the last error."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from layers_mcp.contract.errors import (
    BadReply,
    ForbiddenScope,
    Halted,
    InProgress,
    Internal,
    KillSwitch,
    LayersError,
    RateLimited,
    TimedOut,
    Unauthenticated,
    Unavailable,
    UnknownProblem,
    Unreachable,
)

__all__ = ["Came", "Check", "Sent", "Write", "unchecked", "watched"]

Came = Literal["unsure", "answered", "refused", "turned_away"]
"""A write that is under way, or whose end is not known; one that took effect; one that surely did not; and one that surely did not this
time, though nobody looked whether an earlier attempt had.
"""
Check = Callable[[], None]
"""Called before a request goes out; it raises what that is refused with."""

_ROUTES = ("POST ", "PATCH ", "DELETE ")
"""How the name of a route begins, and no key does."""


@dataclass
class Sent:
    """The writes of one call, each under its Idempotency-Key, or its route where that honours none."""

    writes: dict[str, Came] = field(default_factory=dict[str, Came])

    @property
    def unsure(self) -> bool:
        """Whether one of them may have taken effect, or may not."""
        return "unsure" in self.writes.values()

    @property
    def acted(self) -> bool:
        """Whether all that went out took effect."""
        return set(self.writes.values()) == {"answered"}

    @property
    def in_part(self) -> bool:
        """Whether some of it took effect, and some surely did not."""
        came = set(self.writes.values())
        return "answered" in came and "unsure" not in came and len(came) > 1

    @property
    def keyed(self) -> bool:
        """Whether all of them went out with a key, so that sending them again does nothing twice."""
        return not any(name.startswith(_ROUTES) for name in self.writes)

    def left_nothing(self, *, again: bool) -> bool:
        """Whether nothing was changed. `again`: an earlier attempt at the same may have, unless a refusal under its key says not."""
        came = self.writes.values()
        return "unsure" not in came and "answered" not in came and (not again or ("refused" in came and "turned_away" not in came))

    def open(self, *, again: bool) -> bool:
        """Whether the end of one of them is not known. `again`: an earlier attempt at those that were turned away may have acted."""
        return self.unsure or (again and "turned_away" in self.writes.values())

    def lost(self, key: str, *, again: bool) -> bool:
        """Whether surely nothing came of what was to go out with `key`."""
        came = self.writes.get(key, "turned_away")
        return came == "refused" or (came == "turned_away" and not again)

    def seen(self, key: str) -> None:
        """Reading has shown that the write with this key took effect."""
        self.writes[key] = "answered"


_watching: ContextVar[Sent | None] = ContextVar("watching", default=None)


@contextmanager
def watched(sent: Sent) -> Generator[None]:
    """Have the writes of this task, and of those it begins, noted in `sent`."""
    token = _watching.set(sent)
    try:
        yield
    finally:
        _watching.reset(token)


def _may_have_acted(problem: LayersError) -> bool:
    """Whether a write that ended so may have taken effect: nobody answered, or something broke behind the answer."""
    broke = isinstance(problem, UnknownProblem) and problem.wire_status >= 500
    return broke or isinstance(problem, (TimedOut, Internal, Unavailable, InProgress, BadReply))


def _says_nothing(problem: LayersError) -> bool:
    """Whether a refusal says nothing of an earlier attempt: Layers gives it before it looks at the key, or we before we send."""
    return isinstance(problem, (Unauthenticated, ForbiddenScope, RateLimited, KillSwitch, Unreachable, Halted))


def unchecked() -> None:
    """The check of what is always let out."""


class Write:
    """One write over all of its attempts: whether the next may go out, and what is known by then, noted where somebody watches."""

    def __init__(self, name: str, check: Check) -> None:
        """`name`: its Idempotency-Key, or its route where that honours none; `check` is asked before each attempt."""
        self._name, self._check, self._lost = name, check, False
        sent = _watching.get() or Sent()
        self._writes = sent.writes
        self._before: Came | None = sent.writes.get(name)
        self._stands: Came | None = self._before

    def begins(self) -> None:
        """An attempt goes out, if it may. Until it is answered, and for good if the call is broken off, nobody knows what came of it."""
        self._stand(self._stands)
        self._check()
        self._writes[self._name] = "unsure"

    def failed(self, problem: LayersError) -> bool:
        """An attempt ended so; whether the write may have taken effect."""
        self._lost = _may_have_acted(problem) or (self._lost and _says_nothing(problem))
        self._stand("unsure" if self._lost else (self._before or "turned_away") if _says_nothing(problem) else "refused")
        return self._lost

    def answered(self) -> None:
        """It took effect."""
        self._stand("answered")

    def _stand(self, came: Came | None) -> None:
        self._stands = came
        if came is None:
            self._writes.pop(self._name, None)
        else:
            self._writes[self._name] = came
