"""What the writes of one call came to, so that nobody has to guess it from the last error."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

from layers_mcp.contract.errors import (
    BadReply,
    ForbiddenScope,
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

__all__ = ["Came", "Sent", "may_have_acted", "note", "says_nothing", "watched"]

Came = Literal["unsure", "answered", "refused"]
"""A write that is under way, or whose end is not known; one that took effect; one that surely did not."""


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
        return set(self.writes.values()) == {"answered", "refused"}

    @property
    def keyed(self) -> bool:
        """Whether all of them went out with a key, so that sending them again does nothing twice."""
        return not any(name.startswith(_ROUTES) for name in self.writes)

    def left_nothing(self, *, again: bool) -> bool:
        """Whether nothing was changed. `again`: an earlier attempt at the same may have, unless a refusal under its key says not."""
        came = self.writes.values()
        return "unsure" not in came and "answered" not in came and (not again or "refused" in came)

    def lost(self, key: str, *, again: bool) -> bool:
        """Whether surely nothing came of what was to go out with `key`."""
        return self.writes.get(key, "unsure" if again else "refused") == "refused"

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


def note(name: str, came: Came) -> None:
    """Note how the write that goes by `name` came out, where somebody watches."""
    if (sent := _watching.get()) is not None:
        sent.writes[name] = came


def may_have_acted(problem: LayersError) -> bool:
    """Whether a write that ended so may have taken effect: nobody answered, or something broke behind the answer."""
    broke = isinstance(problem, UnknownProblem) and problem.wire_status >= 500
    return broke or isinstance(problem, (TimedOut, Internal, Unavailable, InProgress, BadReply))


def says_nothing(problem: LayersError) -> bool:
    """Whether a refusal says nothing of an earlier attempt: Layers gives it before it looks at the Idempotency-Key."""
    return isinstance(problem, (Unauthenticated, ForbiddenScope, RateLimited, KillSwitch, Unreachable))
