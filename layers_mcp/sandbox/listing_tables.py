"""What the sandbox keeps of app-store readings and of app media, as tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from layers_mcp.sandbox.columns import TABLES, at, identity, of, seq, word

__all__ = ["app_media", "scrapes"]

scrapes = Table(
    "scrapes",
    TABLES,
    seq(),
    of("jobs", "job_id"),
    Column("app", String, nullable=False, index=True, comment="store:id"),
    at("at"),
    Column("failed", Boolean, nullable=False),
)
app_media = Table(
    "app_media",
    TABLES,
    seq(),
    identity(),
    of("projects", "project_id"),
    word("kind"),
    word("file"),
    word("mime"),
    Column("size", Integer, nullable=False),
    at("created_at"),
    at("deleted_at", empty=True),
)
