"""Which action asks for the pause of a campaign that halt could not pause at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of those so far it is not known."""
    with op.batch_alter_table("paused_campaigns") as table:
        table.add_column(sa.Column("pending_id", sa.String(100)))


def downgrade() -> None:
    """Forget it."""
    with op.batch_alter_table("paused_campaigns") as table:
        table.drop_column("pending_id")
