"""What the sandbox keeps of app-store readings of app media, and of files that are sent, as tables."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from layers_mcp.sandbox.columns import TABLES, at, identity, of, seq, word

__all__ = ["app_media", "scrapes", "uploads"]

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
uploads = Table(
    "uploads",
    TABLES,
    seq(),
    Column("token", String, nullable=False, unique=True, comment="whoever has it may send the file"),
    of("projects", "project_id"),
    of("containers", "container_id"),
    word("mime"),
    Column("size", Integer, nullable=False),
    at("expires_at"),
)
