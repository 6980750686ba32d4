"""Tables of what a project borrows and of what Layers says for it: requests for leased accounts, and the auto-pilot."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from layers_mcp.sandbox.columns import TABLES, at, identity, json, of, seq, word

__all__ = ["engagements", "lease_requests"]

lease_requests = Table(
    "lease_requests",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    Column("count", Integer, nullable=False),
    Column("niche", json(), nullable=False),
    word("target", empty=True),
    word("note", empty=True),
    Column("outcome", String, nullable=False, comment="what is decided at decides_at"),
    at("submitted_at"),
    at("decides_at"),
)
engagements = Table(
    "engagements",
    TABLES,
    Column("project_id", String, ForeignKey("projects.id"), primary_key=True),
    Column("said", json(), nullable=False, comment="what somebody set, as the wire has it"),
    at("updated_at"),
)
