"""Confirmations, operations, what we began, and the trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "confirmations",
        sa.Column("handle", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("arguments", sa.String(64), nullable=False),
        sa.Column("shown", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("minted_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("spent_at", sa.DateTime()),
        sa.Column("finished_at", sa.DateTime()),
        sa.Column("confirmed_by", sa.String(10)),
        sa.Column("outcome", sa.JSON()),
        sa.PrimaryKeyConstraint("handle", name="pk_confirmations"),
    )
    op.create_index("ix_confirmations_expires_at", "confirmations", ["expires_at"])
    op.create_table(
        "operations",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "tool", "name", name="pk_operations"),
    )
    op.create_index("ix_operations_made_at", "operations", ["made_at"])
    _make_records()


def _make_records() -> None:
    op.create_table(
        "began",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(100)),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("arguments", sa.String(64), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_began"),
    )
    op.create_index("ix_began_principal_started_at", "began", ["principal", "started_at"])
    op.create_table(
        "trail",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("effect", sa.String(10), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text()),
        sa.Column("confirmed_by", sa.String(10)),
        sa.Column("project_id", sa.Text()),
        sa.Column("arguments", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_trail"),
    )
    op.create_index("ix_trail_principal_number", "trail", ["principal", "number"])


def downgrade() -> None:
    """Before the first there was nothing."""
    for table in ("trail", "began", "operations", "confirmations"):
        op.drop_table(table)
