"""Waits that clients hold as tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody holds any yet."""
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("tool", sa.String(80), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        comment="waits that clients hold as tasks; id: the SHA-256 of the task's",
    )
    op.create_index("ix_tasks_made_at", "tasks", ["made_at"])


def downgrade() -> None:
    """A client that asks for one of them is told that there is none; the work goes on, as it did."""
    op.drop_table("tasks")
