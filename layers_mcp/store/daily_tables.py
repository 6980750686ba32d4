"""The tables of the daily loops: when each is due, and how each project does; part of the store's schema."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, String, Table

from layers_mcp.store.tables import TABLES, Instant

__all__ = ["pulses", "rounds", "ticks"]

rounds = Table(
    "rounds",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("external_id", String(256), primary_key=True),
    Column("loop", String(40), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Index(None, "principal", "due_at"),
    comment="when each daily loop of a customer is due next",
)
ticks = Table(
    "ticks",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("minute", BigInteger, nullable=False),
    comment="the last minute for which somebody looked what is due, since 1970",
)
pulses = Table(
    "pulses",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("project_id", String(100), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("customer", String(256)),
    Column("ails", Boolean, nullable=False, index=True),
    Column("scores", JSON, nullable=False),
    Column("alerts", JSON, nullable=False),
    comment="what the last check of a project found, and its average organic score of the days before",
)
