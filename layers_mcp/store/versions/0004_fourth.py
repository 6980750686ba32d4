"""Who watches what for whoever waits, how long things lasted, and what a key may still ask of Layers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All begin empty."""
    op.create_table(
        "watches",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(40), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("reply", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("seen_at", sa.DateTime()),
        sa.Column("next_at", sa.DateTime()),
        sa.Column("not_before", sa.DateTime()),
        sa.PrimaryKeyConstraint("name", name="pk_watches"),
        comment="who looks at what, and what was seen last; name: the SHA-256 of principal and thing",
    )
    op.create_index("ix_watches_holder", "watches", ["holder"])
    op.create_table(
        "durations",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("count", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "kind", "bucket", name="pk_durations"),
        comment="how long things of a kind lasted of late; bucket: of client/guess",
    )
    op.create_table(
        "levels",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("rate", sa.String(20), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("room", sa.Float(), nullable=False),
        sa.Column("blocked_until", sa.Float(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", "rate", name="pk_levels"),
        comment="what a key may still ask of Layers, by our count; times in seconds since 1970",
    )


def downgrade() -> None:
    """Forget it all: it is seen and learned again."""
    op.drop_table("levels")
    op.drop_table("durations")
    op.drop_table("watches")
