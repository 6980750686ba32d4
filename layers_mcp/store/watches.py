"""Who watches what, in the database: one row for each thing, held by one desk at a time and read by the others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, delete, or_, select, update
from sqlalchemy.engine import RowMapping

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add_or_hold
from layers_mcp.store.rows import Watched
from layers_mcp.store.tables import watches

__all__ = ["News", "Watches", "empty", "forget"]

News = tuple[str | None, str | None, datetime | None, datetime, datetime | None]
"""What a desk says after a look: the reply as JSON, its etag, when it was seen, when the next look is planned, and allowed."""
OLD = timedelta(minutes=5)
"""What was seen longer ago tells no desk anything (`client/watch`)."""
LOST = datetime.max.replace(tzinfo=UTC)
"""When a thing that is not held was seen: what is not ours is always to be read again."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None or (other is not None and other > one) else one


def forget(connection: Connection, before: datetime) -> None:
    """Forget what nobody has watched since then."""
    connection.execute(delete(watches).where(watches.c.until < before))


def empty(engine: Engine) -> None:
    """Forget what was seen of anything; whoever watches goes on, and looks once more."""
    nothing = {"reply": None, "etag": None, "seen_at": None}
    with writing(engine) as connection:
        connection.execute(update(watches).values(nothing))


class Watches:
    """The leases of one principal; another's key may see other things."""

    def __init__(self, engine: Engine, principal: str) -> None:
        self._engine = engine
        self._principal = principal

    def _name(self, thing: str) -> str:
        return hashlib.sha256(f"{self._principal} {thing}".encode()).hexdigest()

    @staticmethod
    def _row(connection: Connection, name: str) -> RowMapping | None:
        return connection.execute(select(watches).where(watches.c.name == name)).mappings().first()

    @staticmethod
    def _taken(row: RowMapping, holder: str, *, now: datetime, until: datetime) -> bool:
        """Whether another holds it: not when it has run out, nor when it would run longer than any lease (a clock went back)."""
        return row["holder"] != holder and now < row["until"] <= until + (until - now)

    def claim(self, thing: str, holder: str, *, now: datetime, until: datetime) -> Watched:
        """Take the lease until then when it is free or the holder's own; whoever holds it after that, and what was seen last."""
        name = self._name(thing)
        with reading(self._engine) as connection:
            row = self._row(connection, name)
        if row is not None and self._taken(row, holder, now=now, until=until):
            return Watched.model_validate(dict(row))
        with writing(self._engine) as connection:
            fresh = Watched(name=name, holder=holder, until=until)
            row = add_or_hold(connection, watches, fresh.model_dump())
            if row is None:
                return fresh
            if self._taken(row, holder, now=now, until=until):
                return Watched.model_validate(dict(row))
            connection.execute(update(watches).where(watches.c.name == name).values(holder=holder, until=until))
        return Watched.model_validate({**row, "holder": holder, "until": until})

    def publish(self, thing: str, holder: str, news: News, *, until: datetime) -> None:
        """Say what was seen, and keep the lease until then if it is ours; nothing when another holds it and knows something newer."""
        this, ours = watches.c.name == self._name(thing), watches.c.holder == holder
        seen = dict(zip(("reply", "etag", "seen_at", "next_at", "not_before"), news, strict=True))
        newer = ours if seen["seen_at"] is None else or_(ours, watches.c.seen_at.is_(None), watches.c.seen_at < seen["seen_at"])
        with writing(self._engine) as connection:
            connection.execute(update(watches).where(this, newer).values(seen))
            connection.execute(update(watches).where(this, ours).values(until=until))

    def renew(self, holder: str, things: Mapping[str, datetime | None], *, now: datetime, until: datetime) -> frozenset[str]:
        """Keep every lease of this holder that has not run out, and forget what nobody has watched for `OLD`: it holds customers' texts.

        Of `things`, each with when the holder last saw it: those that it holds no more, or of which something newer is known or was told.
        """
        ours = (watches.c.holder == holder) & (watches.c.until > now)
        with writing(self._engine) as connection:
            connection.execute(update(watches).where(ours).values(until=until))
            forget(connection, now - OLD)
            wanted = select(watches.c.name, watches.c.seen_at, watches.c.told_at).where(ours)
            held = {name: _later(seen_at, told_at) for name, seen_at, told_at in connection.execute(wanted).all()}
        seen = {thing: held.get(self._name(thing), LOST) for thing in things}
        return frozenset(thing for thing, at in seen.items() if at is not None and at > (things[thing] or _NEVER))

    def told(self, thing: str, *, now: datetime) -> None:
        """Say that a webhook told of it, to whoever watches it in whatever process."""
        this = watches.c.name == self._name(thing)
        with reading(self._engine) as connection:
            if connection.execute(select(watches.c.name).where(this)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(update(watches).where(this).values(told_at=now))

    def release(self, thing: str, holder: str, *, now: datetime) -> None:
        """Let it go; what was seen stays for whoever follows, for `OLD`."""
        ours = (watches.c.name == self._name(thing)) & (watches.c.holder == holder)
        with writing(self._engine) as connection:
            connection.execute(update(watches).where(ours).values(until=now))
            forget(connection, now - OLD)
