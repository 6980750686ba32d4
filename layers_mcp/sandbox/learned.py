"""Tables of what people said about what was made: overrides, marks on recommendations, and the audit log."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from layers_mcp.sandbox.columns import TABLES, Instant, at, identity, json, of, seq, word

__all__ = ["audit", "overrides", "recommendations"]

overrides = Table(
    "overrides",
    TABLES,
    seq(),
    of("projects", "project_id"),
    Column("ads_content_id", String, nullable=False, unique=True),
    word("override", empty=True),
    word("note", empty=True),
    at("updated_at"),
)
recommendations = Table(
    "recommendations",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    word("status"),
    word("note", empty=True),
    at("acknowledged_at", empty=True),
    at("dismissed_at", empty=True),
    at("acted_on_at", empty=True),
    at("updated_at"),
)
audit = Table(
    "audit",
    TABLES,
    seq(),
    identity(),
    word("event_type"),
    Column("occurred_at", Instant, nullable=False, index=True),
    word("request_id", empty=True),
    word("actor"),
    of("organizations", "organization_id"),
    of("projects", "project_id", empty=True),
    of("keys", "key_id", empty=True),
    Column("data", json(), nullable=False),
    Index(None, "organization_id", "occurred_at", "seq"),
)
