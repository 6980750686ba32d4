"""The tables of what the loops go by; part of the store's schema."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Index, Integer, String, Table, Text

from layers_mcp.store.tables import TABLES, Instant

__all__ = ["customers", "plans", "questions"]

customers = Table(
    "customers",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("external_id", String(256), primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("asked", JSON, nullable=False),
    Column("since", Instant, nullable=False),
    Column("stage", String(12), nullable=False),
    Column("project_id", String(100)),
    Column("priority", Integer, nullable=False, default=0, server_default="0"),
    Index(None, "project_id"),
)
plans = Table(
    "plans",
    TABLES,
    Column("id", String(40), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("project_id", String(100), nullable=False, index=True),
    Column("accounts", JSON, nullable=False),
    Column("slots", JSON, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("a_day", Integer, nullable=False),
    Column("until", Date, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("confirmed_by", String(10), nullable=False),
    Column("confirmation", String(64), nullable=False),
    Column("revoked_at", Instant),
)
questions = Table(
    "questions",
    TABLES,
    Column("id", String(40), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("words", Text, nullable=False),
    Column("options", JSON, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("project_id", String(100)),
    Column("facts", JSON, nullable=False),
    Column("run_id", String(200)),
    Column("closed_at", Instant),
    Column("answer", String(40)),
    Column("answered_by", String(10)),
    Index(None, "principal", "closed_at", "asked_at"),
)
