"""Runs of the loops, the bells they lie by and the workers they are on, as tables of the store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from layers_mcp.store.tables import TABLES, Instant

__all__ = ["bells", "runs", "workers"]

runs = Table(
    "runs",
    TABLES,
    Column("id", String(200), primary_key=True),
    Column("loop", String(40), nullable=False),
    Column("owner", String(80)),
    Column("given", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("born_us", BigInteger, nullable=False),
    Column("project_id", String(100), index=True),
    Column("customer", String(256), index=True),
    Column("worker", String(40), index=True),
    Column("turn", Integer, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("name", String(200)),
    Column("bell", String(200), index=True),
    Column("until", Instant),
    Column("due_at", Instant, index=True),
    Column("woken", String(10)),
    Column("taken_until_us", BigInteger),
    Column("tries", Integer, nullable=False),
    Column("trying_since", Instant),
    Column("code", String(80)),
    Column("words", Text),
    Column("came", Text),
    Index(None, "state", "began_at"),
    comment="one run of a loop, as people see it; its steps are in the engine's own tables",
)
bells = Table(
    "bells",
    TABLES,
    Column("name", String(200), primary_key=True),
    Column("rung_us", BigInteger, nullable=False),
    comment="when each bell was rung last, by the database's time; whoever rings it or lies down by it holds this row",
)
workers = Table(
    "workers",
    TABLES,
    Column("id", String(40), primary_key=True),
    Column("place", String(200), nullable=False),
    Column("since", Instant, nullable=False),
    Column("seen_us", BigInteger, nullable=False),
    comment="processes that run loops, and when each was heard of last, by the database's time",
)
