"""Runs belong to whoever asked for them; and the code of one is as long as an API's can be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whose those are that there are is not known: any worker goes on with them, as before."""
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("owner", sa.String(80), nullable=True))
        runs.alter_column("code", existing_type=sa.String(60), type_=sa.String(80))


def downgrade() -> None:
    """Any worker goes on with any run again."""
    op.execute("UPDATE runs SET code = substr(code, 1, 60) WHERE length(code) > 60")
    with op.batch_alter_table("runs") as runs:
        runs.alter_column("code", existing_type=sa.String(80), type_=sa.String(60))
        runs.drop_column("owner")
