"""The tables of webhooks: our endpoints at Layers with their secrets, and what they were told; part of the store's schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from layers_mcp.store.tables import TABLES, Instant

__all__ = ["inbox", "webhook_endpoints"]

webhook_endpoints = Table(
    "webhook_endpoints",
    TABLES,
    Column("id", String(100), primary_key=True),
    Column("place", String(200), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("secret", String(200), nullable=False),
    Column("previous_secret", String(200)),
    Column("previous_until", Instant),
    Column("heard_at", Instant),
    comment="secrets stand here in the clear, as a MAC can't be checked by a digest of its key, and every machine has to check it",
)
inbox = Table(
    "inbox",
    TABLES,
    Column("id", String(100), primary_key=True),
    Column("endpoint_id", String(100), nullable=False),
    Column("type", String(100), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("project_id", String(100), index=True),
    Column("replays", String(100)),
    Column("handled_at", Instant),
    Column("tries", Integer, nullable=False),
    Column("holder", String(40)),
    Column("free_us", BigInteger, nullable=False),
    Column("trouble", String(100)),
    Index(None, "handled_at", "received_at"),
    comment="events by their ids; free_us: when somebody may take one to handle it, by the database's clock",
)
