"""Tables of webhooks: who is told, what there is to tell, how each delivery stands, and what will come about by itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from layers_mcp.sandbox.columns import TABLES, Instant, at, identity, json, of, seq, word

__all__ = ["awaited", "deliveries", "events", "webhooks"]

webhooks = Table(
    "webhooks",
    TABLES,
    seq(),
    identity(),
    of("organizations", "organization_id"),
    of("projects", "project_id", empty=True),
    word("url"),
    word("description", empty=True),
    Column("metadata", json()),
    word("scope"),
    word("status"),
    Column("events", json(), nullable=False),
    word("secret"),
    word("previous_secret", empty=True),
    at("previous_until", empty=True),
    Column("failures", Integer, nullable=False, comment="attempts in a row that failed"),
    at("last_success_at", empty=True),
    at("last_failure_at", empty=True),
    at("created_at"),
    at("updated_at"),
)
events = Table(
    "events",
    TABLES,
    seq(),
    identity(),
    of("organizations", "organization_id"),
    of("projects", "project_id", empty=True),
    word("type"),
    at("at"),
    Column("data", json(), nullable=False),
    word("replay_of", empty=True),
)
deliveries = Table(
    "deliveries",
    TABLES,
    seq(),
    identity(),
    of("webhooks", "webhook_id"),
    of("events", "event_id"),
    of("projects", "project_id", empty=True),
    word("type"),
    word("status"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, index=True, comment="when it is sent next; NULL when it is over"),
    at("created_at"),
    at("delivered_at", empty=True),
    at("abandoned_at", empty=True),
    Column("last_status", Integer),
    at("last_at", empty=True),
    word("last_error", empty=True),
    word("holder", empty=True),
    Column("lease_until_ms", BigInteger, nullable=False, comment="wall; 0 when nobody sends it"),
)
awaited = Table(
    "awaited",
    TABLES,
    seq(),
    Column("project_id", String, ForeignKey("projects.id"), nullable=False, index=True),
    word("kind"),
    word("subject"),
    Column("due_at", Instant, index=True, comment="when to look; NULL while it is not known"),
    UniqueConstraint("kind", "subject"),
    comment="what will come about by itself, and is to be told then",
)
