"""What desks that share a database tell each other: who watches a thing and what it saw last; and how long things of a kind lasted.

A lease holds for `LEASE_S` and is renewed every `BEAT_S`, so what a killed process watched is free soon; another desk that waits for the
same thing reads the row every `FOLLOW_S` and takes the lease over once it is free. The store keeps both (`store/watches`,
`store/durations`); these are the shapes it is handed down in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

__all__ = ["BEAT_S", "FOLLOW_S", "LEASE", "Durations", "Lease", "Leases", "News"]

LEASE = timedelta(seconds=12)
BEAT_S = 4.0
FOLLOW_S = 1.0
"""Together a killed watcher's things are taken over within 13 s; a desk that follows learns of the end a second late, and one that leads of
what another has seen at its next beat."""


class Lease(Protocol):
    """Who watches, and what was seen last, perhaps by the holder before.

    `reply`: as JSON, None when nothing was seen yet; `next_at`: when the watcher meant to look next; `not_before`: Layers asked not to be
    asked sooner; `told_at`: when a webhook told of it.
    """

    @property
    def holder(self) -> str:
        """The desk that looks."""
        ...

    @property
    def reply(self) -> str | None:
        """What was seen."""
        ...

    @property
    def etag(self) -> str | None:
        """The etag of that."""
        ...

    @property
    def seen_at(self) -> datetime | None:
        """When it was seen."""
        ...

    @property
    def next_at(self) -> datetime | None:
        """When the next look was planned."""
        ...

    @property
    def not_before(self) -> datetime | None:
        """No look before."""
        ...

    @property
    def told_at(self) -> datetime | None:
        """Look at once, if it was not seen since."""
        ...


class News(NamedTuple):
    """What a desk tells the others after a look, in the words of `Lease`."""

    reply: str | None
    etag: str | None
    seen_at: datetime | None
    next_at: datetime
    not_before: datetime | None


class Leases(Protocol):
    """One row for each thing that somebody watches. Names are those of the things; a holder is one desk."""

    def claim(self, thing: str, holder: str, *, now: datetime, until: datetime) -> Lease:
        """Take the lease until then when it is free or the holder's own; whoever holds it after that."""
        ...

    def publish(self, thing: str, holder: str, news: News, *, until: datetime) -> None:
        """Say what was seen, and keep the lease until then if it is ours; whoever holds it hears of it. Nothing when newer is known."""
        ...

    def renew(self, holder: str, things: Mapping[str, datetime | None], *, now: datetime, until: datetime) -> frozenset[str]:
        """Keep every lease of this holder that has not run out, and forget what nobody has watched for minutes.

        `things`: those that the holder believes to hold, each with when it last saw it. The answer: those of them that it does not hold
        any more, or of which something newer is known or was told.
        """
        ...

    def release(self, thing: str, holder: str, *, now: datetime) -> None:
        """Let it go; what was seen stays for whoever follows."""
        ...


class Durations(Protocol):
    """How many of late lasted how long, by kind, in the buckets of `client/guess`."""

    def read(self, kind: str) -> Mapping[int, float]:
        """The counts of a kind; old ones count for less than one."""
        ...

    def learn(self, kind: str, bucket: int) -> None:
        """Count one more."""
        ...
