"""Influencers that are made on request, changed, cloned and deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NEW = {"trouble": sa.String(), "cloned_from": sa.String(), "changed_at": sa.BigInteger(), "deleted_at": sa.BigInteger()}


def upgrade() -> None:
    """All there were came from ingests, and stayed as they were."""
    with op.batch_alter_table("influencers") as influencers:
        influencers.alter_column("age_range", existing_type=sa.String(), nullable=True)
        for name, kind in _NEW.items():
            influencers.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Forget who was deleted and changed."""
    op.execute("UPDATE influencers SET age_range = '' WHERE age_range IS NULL")
    with op.batch_alter_table("influencers") as influencers:
        for name in _NEW:
            influencers.drop_column(name)
        influencers.alter_column("age_range", existing_type=sa.String(), nullable=False)
