"""Tables of the edge: replies by Idempotency-Key, what is left of each rate bucket, and trouble that was scripted."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, String, Table, UniqueConstraint

from layers_mcp.sandbox.columns import TABLES, Instant, json, of, seq, word

__all__ = ["buckets", "faults", "replies"]

replies = Table(
    "replies",
    TABLES,
    seq(),
    of("keys", "key_id"),
    word("endpoint"),
    word("idempotency_key"),
    word("digest"),
    Column("status", Integer, nullable=False),
    Column("body", String, nullable=False),
    Column("stored_at", Instant, nullable=False, index=True, comment="wall"),
    UniqueConstraint("key_id", "endpoint", "idempotency_key"),
)
buckets = Table(
    "buckets",
    TABLES,
    Column("key_id", String, ForeignKey("keys.id"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("left", Float, nullable=False),
    Column("at", Instant, nullable=False, comment="wall"),
)
faults = Table(
    "faults",
    TABLES,
    seq(),
    word("method"),
    word("path"),
    Column("left", Integer, nullable=False),
    Column("trouble", json(), nullable=False),
)
