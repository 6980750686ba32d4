"""An index for the trail of one project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A project's latest calls are read where they stand, among however many of others."""
    op.create_index("ix_trail_project", "trail", [sa.text("lower(project_id)"), "number"])


def downgrade() -> None:
    """They are looked for among all."""
    op.drop_index("ix_trail_project", "trail")
