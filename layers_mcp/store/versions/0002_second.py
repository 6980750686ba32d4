"""What a person is shown elsewhere, and their answer; what is held back and paused; a trail that is chained; credits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from layers_mcp.store.rows import Entry
from layers_mcp.store.trail import chained

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


_FIRST = ("at", "principal", "tool", "effect", "outcome", "request_id", "confirmed_by", "project_id", "arguments")
"""What an entry was until now."""


def _instant(kept: Any) -> datetime:
    """A naive UTC instant as the database gives it, aware."""
    return (kept if isinstance(kept, datetime) else datetime.fromisoformat(kept)).replace(tzinfo=UTC)


def _chain() -> None:
    """Give the entries so far their digests, from 1 on, and make that the rule."""
    op.add_column("trail", sa.Column("shown", sa.String(64)))
    op.add_column("trail", sa.Column("how", sa.String(10)))
    op.add_column("trail", sa.Column("digest", sa.String(64)))
    connection, number, before = op.get_bind(), 0, "0" * 64
    for row in connection.execute(sa.text(f"SELECT number, {', '.join(_FIRST)} FROM trail ORDER BY number")).mappings().all():  # noqa: S608  our own names
        number += 1
        known = {name: row[name] for name in _FIRST} | {"at": _instant(row["at"])}
        before = chained(before, number, Entry.model_validate(known))
        renewed = {"number": number, "digest": before, "was": row["number"]}
        connection.execute(sa.text("UPDATE trail SET number = :number, digest = :digest WHERE number = :was"), renewed)
    with op.batch_alter_table("trail") as trail:
        trail.alter_column("digest", existing_type=sa.String(64), nullable=False)
    op.create_table(
        "trail_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_trail_end"),
        comment="the last entry of the trail; whoever adds one holds this row",
    )
    connection.execute(
        sa.text("INSERT INTO trail_end (id, number, digest) VALUES (1, :number, :digest)"), {"number": number, "digest": before}
    )


def _operations() -> None:
    """Say what each operation was called with, and who runs it; those of a caller's own key are named otherwise now.

    Nobody asks any more whether one was answered.
    """
    op.execute("DELETE FROM operations WHERE name LIKE 'given:%'")
    with op.batch_alter_table("operations") as table:
        table.add_column(sa.Column("arguments", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("holder", sa.String(64)))
        table.add_column(sa.Column("held_until", sa.DateTime()))
    op.execute("UPDATE operations SET arguments = name")
    with op.batch_alter_table("operations") as table:
        table.alter_column("arguments", server_default=None)
        table.drop_column("finished")


def _credits() -> None:
    op.create_table(
        "spending",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("project_id", sa.Text()),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_spending"),
    )
    op.create_index("ix_spending_day", "spending", ["day"])
    op.create_table(
        "purse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purse"),
        comment="all that counts of spending; whoever reserves or gives back holds this row",
    )


def upgrade() -> None:
    """Previews so far were kept without their words; they can be answered by their handle only, and soon expire."""
    with op.batch_alter_table("confirmations") as table:
        table.add_column(sa.Column("project_id", sa.Text()))
        table.add_column(sa.Column("question", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("items", sa.JSON()))
        table.add_column(sa.Column("media", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("due_at", sa.DateTime()))
        table.add_column(sa.Column("zone", sa.Text()))
        table.add_column(sa.Column("token", sa.String(64)))
        table.add_column(sa.Column("answered_at", sa.DateTime()))
        table.add_column(sa.Column("how", sa.String(10)))
        table.add_column(sa.Column("projects", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("forgotten_at", sa.DateTime()))
        table.add_column(sa.Column("sandbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("confirmations") as table:
        table.alter_column("question", server_default=None)
        table.alter_column("media", server_default=None)
        table.alter_column("projects", server_default=None)
        table.alter_column("sandbox", server_default=None)
    _chain()
    _operations()
    _credits()
    op.create_table(
        "halts",
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_halts"),
    )
    op.create_table(
        "paused_campaigns",
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("campaign_id", sa.String(100), nullable=False),
        sa.Column("platform", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "campaign_id", name="pk_paused_campaigns"),
    )


def downgrade() -> None:
    """Forget who was asked and what they said, what was held back, and what was spent; a yes that was not acted on is none."""
    op.drop_table("paused_campaigns")
    op.drop_table("purse")
    op.drop_table("spending")
    op.execute("DELETE FROM operations WHERE name <> arguments")
    with op.batch_alter_table("operations") as table:
        for name in ("held_until", "holder", "arguments"):
            table.drop_column(name)
        table.add_column(sa.Column("finished", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("operations") as table:
        table.alter_column("finished", server_default=None)
    op.drop_table("halts")
    op.drop_table("trail_end")
    with op.batch_alter_table("trail") as trail:
        for name in ("digest", "how", "shown"):
            trail.drop_column(name)
    op.execute("DELETE FROM confirmations WHERE state IN ('asked', 'yes', 'no')")
    with op.batch_alter_table("confirmations") as table:
        for name in (
            "sandbox",
            "forgotten_at",
            "projects",
            "how",
            "answered_at",
            "token",
            "zone",
            "due_at",
            "media",
            "items",
            "question",
            "project_id",
        ):
            table.drop_column(name)
