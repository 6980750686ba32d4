"""Whether Layers' answer to a pause of halt's is known, and which action asks for it where it was not at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those so far it is not: they are judged by what was asked for since `at`, as they were until now."""
    with op.batch_alter_table("paused_campaigns") as table:
        table.add_column(sa.Column("heard", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("pending_id", sa.String(100)))
    with op.batch_alter_table("paused_campaigns") as table:
        table.alter_column("heard", server_default=None)


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("paused_campaigns") as table:
        table.drop_column("pending_id")
        table.drop_column("heard")
