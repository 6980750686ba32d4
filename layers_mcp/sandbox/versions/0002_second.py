"""Work of several trades; tokens that expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _upgrade_accounts() -> None:
    """A token lived for 60 days from its consent on; it was not written down."""
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("token_expires_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE accounts SET token_expires_at = connected_at + 60 * 86400000")
    with op.batch_alter_table("accounts") as accounts:
        accounts.alter_column("token_expires_at", nullable=False)


def upgrade() -> None:
    """All work was on repositories so far."""
    _upgrade_accounts()
    with op.batch_alter_table("work") as work:
        work.add_column(sa.Column("trade", sa.String(), nullable=False, server_default="repository"))
    with op.batch_alter_table("work") as work:
        work.alter_column("trade", server_default=None)


def downgrade() -> None:
    """Keep the repositories' work only."""
    op.execute("DELETE FROM work WHERE trade <> 'repository'")
    with op.batch_alter_table("work") as work:
        work.drop_column("trade")
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_column("token_expires_at")
