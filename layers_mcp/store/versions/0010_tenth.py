"""Customers have a priority: who goes first where not all can."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All are alike so far; a version that knows no priority goes on keeping customers so."""
    op.add_column("customers", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Who waited longest goes first then."""
    with op.batch_alter_table("customers") as table:
        table.drop_column("priority")
