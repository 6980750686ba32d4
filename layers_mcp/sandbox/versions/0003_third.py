"""An audience, and what it makes of posts and ads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Worlds so far had no audience; they get the one that every new world has."""
    with op.batch_alter_table("world") as world:
        world.add_column(sa.Column("seed", sa.String(), nullable=False, server_default="layers"))
        world.add_column(sa.Column("audience", sa.String(), nullable=False, server_default="lasting"))
    with op.batch_alter_table("world") as world:
        world.alter_column("seed", server_default=None)
        world.alter_column("audience", server_default=None)


def downgrade() -> None:
    """Forget the audience."""
    with op.batch_alter_table("world") as world:
        world.drop_column("audience")
        world.drop_column("seed")
