"""What a person is shown outside the conversation, and their answer; projects whose writes are held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Previews so far were kept without their words; they can be answered by their handle only, and soon expire."""
    with op.batch_alter_table("confirmations") as table:
        table.add_column(sa.Column("project_id", sa.Text()))
        table.add_column(sa.Column("question", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("items", sa.JSON()))
        table.add_column(sa.Column("token", sa.String(64)))
        table.add_column(sa.Column("answered_at", sa.DateTime()))
        table.add_column(sa.Column("how", sa.String(10)))
    with op.batch_alter_table("confirmations") as table:
        table.alter_column("question", server_default=None)
    op.create_table(
        "halts",
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name="pk_halts"),
    )


def downgrade() -> None:
    """Forget who was asked and what they said, and what was held back; a yes that was not acted on is none."""
    op.drop_table("halts")
    op.execute("DELETE FROM confirmations WHERE state IN ('asked', 'yes', 'no')")
    with op.batch_alter_table("confirmations") as table:
        for name in ("how", "answered_at", "token", "items", "question", "project_id"):
            table.drop_column(name)
