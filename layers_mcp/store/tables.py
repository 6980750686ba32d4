"""The store's schema at its head; portable SQL, the same on SQLite and Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import JSON, BigInteger, Boolean, Column, DateTime, Dialect, Float, Index, Integer, MetaData, String, Table, Text, func
from sqlalchemy.types import TypeDecorator

__all__ = [
    "HEAD", "TABLES", "VERSIONS", "Instant", "began", "confirmations", "durations", "halts", "levels", "operations", "paused", "purse",
    "spending", "tasks", "trail", "trail_end", "watches",
]  # fmt: skip

HEAD = "0013"
VERSIONS = Path(__file__).parent / "versions"
TABLES = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An instant, kept as naive UTC of fixed width so that it sorts and compares right on every database; aware outside."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy asks for it
        """UTC without its zone; a naive value is refused, because nobody knows what it means."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  SQLAlchemy asks for it
        """The instant again, in UTC."""
        return value and value.replace(tzinfo=UTC)


confirmations = Table(
    "confirmations",
    TABLES,
    Column("handle", String(64), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("tool", String(80), nullable=False),
    Column("arguments", String(64), nullable=False),
    Column("shown", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("key", String(64), nullable=False),
    Column("minted_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("spent_at", Instant),
    Column("finished_at", Instant),
    Column("confirmed_by", String(10)),
    Column("outcome", JSON(none_as_null=True)),
    Column("project_id", Text),
    Column("question", Text, nullable=False),
    Column("items", JSON(none_as_null=True)),
    Column("media", JSON(none_as_null=True), nullable=False),
    Column("due_at", Instant),
    Column("zone", Text),
    Column("token", String(64)),
    Column("answered_at", Instant),
    Column("how", String(10)),
    Column("projects", JSON, nullable=False),
    Column("forgotten_at", Instant),
    Column("sandbox", Boolean, nullable=False),
)
operations = Table(
    "operations",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("tool", String(80), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("arguments", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("made_at", Instant, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("holder", String(64)),
    Column("held_until", Instant),
)
spending = Table(
    "spending",
    TABLES,
    Column("key", String(64), primary_key=True),
    Column("project_id", Text),
    Column("day", String(10), nullable=False),
    Column("credits", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Index(None, "day"),
)
purse = Table(
    "purse",
    TABLES,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("credits", BigInteger, nullable=False),
    comment="all that counts of spending; whoever reserves or gives back holds this row",
)
began = Table(
    "began",
    TABLES,
    Column("kind", String(10), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("tool", String(80), nullable=False),
    Column("project_id", String(100)),
    Column("started_at", Instant, nullable=False),
    Column("arguments", String(64), nullable=False),
    Column("key", String(64)),
    Index(None, "principal", "started_at"),
)
trail = Table(
    "trail",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("principal", String(80), nullable=False),
    Column("tool", String(80), nullable=False),
    Column("effect", String(10), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("request_id", Text),
    Column("confirmed_by", String(10)),
    Column("project_id", Text),
    Column("arguments", String(64), nullable=False),
    Column("shown", String(64)),
    Column("how", String(10)),
    Column("digest", String(64), nullable=False),
    Index(None, "principal", "number"),
)
Index("ix_trail_project", func.lower(trail.c.project_id), trail.c.number)
trail_end = Table(
    "trail_end",
    TABLES,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    comment="the last entry of the trail; whoever adds one holds this row",
)
halts = Table(
    "halts",
    TABLES,
    Column("project_id", String(100), primary_key=True),
    Column("what", String(40), primary_key=True, server_default="writes"),
    Column("at", Instant, nullable=False),
    Column("principal", String(80), nullable=False),
    Column("by", String(10), nullable=False),
)
paused = Table(
    "paused_campaigns",
    TABLES,
    Column("project_id", String(100), primary_key=True),
    Column("campaign_id", String(100), primary_key=True),
    Column("platform", String(20), nullable=False),
    Column("at", Instant, nullable=False),
    Column("heard", Boolean, nullable=False),
    Column("pending_id", String(100)),
)
watches = Table(
    "watches",
    TABLES,
    Column("name", String(64), primary_key=True),
    Column("holder", String(40), nullable=False, index=True),
    Column("until", Instant, nullable=False),
    Column("reply", Text),
    Column("etag", Text),
    Column("seen_at", Instant),
    Column("next_at", Instant),
    Column("not_before", Instant),
    Column("told_at", Instant),
    comment="who looks at what, and what was seen last; name: the SHA-256 of principal and thing",
)
durations = Table(
    "durations",
    TABLES,
    Column("principal", String(80), primary_key=True),
    Column("kind", String(100), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("count", Float, nullable=False),
    comment="how long things of a kind lasted of late; bucket: of client/guess",
)
levels = Table(
    "levels",
    TABLES,
    Column("key", String(80), primary_key=True),
    Column("rate", String(20), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("room", Float, nullable=False),
    Column("blocked_until", Float, nullable=False),
    Column("day", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
    comment="what a key may still ask of Layers, by our count; times in seconds since 1970",
)
tasks = Table(
    "tasks",
    TABLES,
    Column("id", String(64), primary_key=True),
    Column("principal", String(80), nullable=False),
    Column("tool", String(80), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    Column("made_at", Instant, nullable=False, index=True),
    Column("changed_at", Instant, nullable=False),
    comment="waits that clients hold as tasks; id: the SHA-256 of the task's",
)
