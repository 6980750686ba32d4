"""What the customers' own apps reported, event by event."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, UniqueConstraint

from layers_mcp.sandbox.columns import TABLES, at, json, of, seq, word

__all__ = ["app_events"]

app_events = Table(
    "app_events",
    TABLES,
    seq(),
    Column("event_id", String, nullable=False, comment="as whoever forwarded it names it, once in its app"),
    of("projects", "project_id"),
    of("sdk_apps", "app_id"),
    word("name"),
    word("user_id", empty=True),
    at("occurred_at"),
    at("received_at"),
    Column("properties", json(), nullable=False),
    Column("context", json(), nullable=False),
    UniqueConstraint("app_id", "event_id"),
)
