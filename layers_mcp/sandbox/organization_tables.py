"""Tables of organizations below others: which there are, and the credits that went between them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table

from layers_mcp.sandbox.columns import TABLES, at, identity, json, of, seq, word

__all__ = ["children", "transfers"]

children = Table(
    "children",
    TABLES,
    seq(),
    Column("id", String, ForeignKey("organizations.id"), nullable=False, unique=True),
    of("organizations", "parent_id"),
    Column("name", String, nullable=False, comment="what the parent calls it; two may have the same"),
    word("status"),
    Column("metadata", json()),
    word("billing_email", empty=True),
    Column("monthly_cap", Integer, comment="credits; NULL: none"),
    Column("refill_threshold", Integer),
    Column("refill_amount", Integer),
    Column("auto_refill", Boolean, nullable=False),
    at("archived_at", empty=True),
    at("created_at"),
    at("updated_at"),
)
transfers = Table(
    "transfers",
    TABLES,
    seq(),
    identity(),
    of("organizations", "sender_id"),
    of("organizations", "receiver_id"),
    Column("credits", Integer, nullable=False),
    word("description", empty=True),
    Column("metadata", json()),
    at("at"),
)
