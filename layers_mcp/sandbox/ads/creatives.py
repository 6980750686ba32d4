"""The pool of creatives that ads are made from, and how each scores."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, UniqueConstraint, insert, select

from layers_mcp.sandbox import ids
from layers_mcp.sandbox.ads.facts import CreativeFacts
from layers_mcp.sandbox.columns import TABLES, at, identity, of, seq, word

__all__ = ["add", "creatives", "facts_at", "score_at"]

creatives = Table(
    "creatives",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    of("containers", "container_id", empty=True),
    word("pool"),
    word("name"),
    word("override", empty=True),
    word("note", empty=True),
    at("created_at"),
    UniqueConstraint("project_id", "name"),
)
_DAY = timedelta(days=1)


def add(connection: Connection, project_id: str, name: str, *, pool: str, at: datetime) -> str:
    """The id of the creative called `name`, made when there is none; its true quality hangs on its name and the world's seed."""
    row = creatives.c
    known = connection.execute(select(row.id).where(row.project_id == project_id, row.name == name)).scalar()
    if known is not None:
        return str(known)
    new = ids.derived("adc", project_id, name)
    connection.execute(insert(creatives).values(id=new, project_id=project_id, pool=pool, name=name, created_at=at))
    return new


def score_at(row: Row[Any], spent_30d_cents: int, now: datetime) -> float:
    """0 to 10 by age and spend: `max(2, 7 - 5 * age / 30) + min(3, spend / 33.3)` (layers-api: concepts/organic-scoring, by its prose)."""
    age = (now - row.created_at) / _DAY
    return min(max(2.0, 7.0 - 5.0 * age / 30) + min(3.0, spent_30d_cents / 3330), 10.0)


def facts_at(connection: Connection, project_id: str, spent: dict[str, int], now: datetime) -> tuple[CreativeFacts, ...]:
    """The pool as the optimizer sees it; `spent`: cents of 30 days by creative."""
    row = creatives.c
    rows = connection.execute(select(creatives).where(row.project_id == project_id, row.created_at <= now).order_by(row.seq))
    return tuple(CreativeFacts(one.id, one.pool, score_at(one, spent.get(one.id, 0), now), one.override) for one in rows)
