"""The inbox: every event that a webhook delivered, kept once by its id, and handled by one process at a time until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, select, update

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add
from layers_mcp.database.now import now_us
from layers_mcp.store.inbox_tables import inbox
from layers_mcp.store.told import Overview, Told

__all__ = ["KEPT", "MOST_TRIES", "Inbox"]

KEPT = timedelta(days=7)
"""How long what was handled stays on record: Layers repeats an event for 32 hours (layers-api: operational/webhooks)."""
KEPT_OPEN = timedelta(days=30)
"""And what could not be handled, for a person to see."""
MOST_TRIES = 8
"""An event that was taken so often, and never done, is given up: it may be what ends the process."""
_HELD_US = 30_000_000
"""How long whoever took an event has for it; then its process counts as dead."""
_LEFT = set(Told.model_fields)
_WAITS = (inbox.c.handled_at.is_(None)) & (inbox.c.tries < MOST_TRIES)


def _told(row: Mapping[str, Any]) -> Told:
    return Told.model_validate({name: row[name] for name in _LEFT})


class Inbox:
    """All events of this store. Leases go by the database's clock, which all machines share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, event: Told) -> bool:
        """Store an event; False, and nothing done, when one of its id is there."""
        with writing(self._engine) as connection:
            return add(connection, inbox, event.model_dump() | {"free_us": 0})

    def take(self, holder: str, *, most: int = 50) -> tuple[Told, ...]:
        """Take events that wait, oldest first, to handle them; nobody else gets them while the lease holds."""
        free = inbox.c.free_us <= now_us()
        wanted = select(inbox).where(_WAITS, free).order_by(inbox.c.received_at, inbox.c.id).limit(most)
        with reading(self._engine) as connection:
            if connection.execute(wanted.with_only_columns(inbox.c.id).limit(1)).first() is None:
                return ()
        with writing(self._engine) as connection:
            rows = [dict(row) for row in connection.execute(wanted.with_for_update(skip_locked=True)).mappings()]
            taken = {"holder": holder, "free_us": now_us() + _HELD_US, "tries": inbox.c.tries + 1}
            connection.execute(update(inbox).where(inbox.c.id.in_([row["id"] for row in rows])).values(taken))
        return tuple(_told(row | {"tries": row["tries"] + 1}) for row in rows)

    def hold(self, event_id: str, holder: str) -> bool:
        """Have the whole lease of an event again; False when it ran out and another has the event, or has done it."""
        mine = (inbox.c.id == event_id) & (inbox.c.holder == holder) & inbox.c.handled_at.is_(None)
        with writing(self._engine) as connection:
            return connection.execute(update(inbox).where(mine).values(free_us=now_us() + _HELD_US)).rowcount == 1

    def done(self, event_id: str, holder: str, now: datetime) -> bool:
        """Mark an event as handled; False when its lease ran out and another has it, or has done it."""
        return self._end(event_id, holder, {"handled_at": now, "trouble": None})

    def failed(self, event_id: str, holder: str, trouble: str, *, pause_s: float) -> bool:
        """Give an event back, to be taken again in `pause_s` seconds; False when another has it."""
        return self._end(event_id, holder, {"trouble": trouble[:100], "free_us": now_us() + int(pause_s * 1_000_000)})

    def _end(self, event_id: str, holder: str, said: dict[str, Any]) -> bool:
        mine = (inbox.c.id == event_id) & (inbox.c.holder == holder) & inbox.c.handled_at.is_(None)
        with writing(self._engine) as connection:
            return connection.execute(update(inbox).where(mine).values(said | {"holder": None})).rowcount == 1

    def find(self, event_id: str) -> Told | None:
        """An event on record, or None."""
        with reading(self._engine) as connection:
            row = connection.execute(select(inbox).where(inbox.c.id == event_id)).mappings().first()
        return None if row is None else _told(dict(row))

    def overview(self) -> Overview:
        """How many wait, and how many were given up."""
        open_ = inbox.c.handled_at.is_(None)
        wanted = select(func.count().filter(inbox.c.tries < MOST_TRIES), func.count().filter(inbox.c.tries >= MOST_TRIES)).where(open_)
        with reading(self._engine) as connection:
            waiting, given_up = connection.execute(wanted).one()
        return Overview(waiting=waiting, given_up=given_up)

    def forget(self, project_id: str) -> int:
        """Empty what was told of a project, or of none by name; how many there were. Their ids stay, so that repetitions are known."""
        its = (inbox.c.project_id == project_id) | (inbox.c.project_id.is_(None) & ~_WAITS)
        with writing(self._engine) as connection:
            return connection.execute(update(inbox).where(its, inbox.c.body != "").values(body="")).rowcount

    def sweep(self, now: datetime) -> int:
        """Drop what is too old; how many there were."""
        handled = (inbox.c.handled_at < now - KEPT) | (inbox.c.handled_at.is_(None) & (inbox.c.received_at < now - KEPT_OPEN))
        with writing(self._engine) as connection:
            return connection.execute(delete(inbox).where(handled)).rowcount
