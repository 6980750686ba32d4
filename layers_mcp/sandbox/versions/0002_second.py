"""Work of several trades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All work was on repositories so far."""
    with op.batch_alter_table("work") as work:
        work.add_column(sa.Column("trade", sa.String(), nullable=False, server_default="repository"))
    with op.batch_alter_table("work") as work:
        work.alter_column("trade", server_default=None)


def downgrade() -> None:
    """Keep the repositories' work only."""
    op.execute("DELETE FROM work WHERE trade <> 'repository'")
    with op.batch_alter_table("work") as work:
        work.drop_column("trade")
