"""An audience, and what it makes of posts and ads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _upgrade_containers() -> None:
    """What was made before there was an audience is of average quality, each with a chance of its own."""
    # Posts refer to containers, so that table is not copied: columns with a default are added in place.
    op.add_column("containers", sa.Column("luck", sa.String(), nullable=False, server_default=""))
    op.add_column("containers", sa.Column("quality", sa.Float(), nullable=False, server_default="0"))
    op.add_column("containers", sa.Column("source_post_id", sa.String(), nullable=True))
    op.add_column("containers", sa.Column("cloned_from", sa.String(), nullable=True))
    op.create_index("ix_containers_cloned_from", "containers", ["cloned_from"])
    op.execute("UPDATE containers SET luck = id")


def _create_learning() -> None:
    """Overrides of creatives, what became of recommendations, and the audit log."""
    op.create_table(
        "overrides",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("container_id", sa.String(), sa.ForeignKey("containers.id"), nullable=False, unique=True),
        sa.Column("override", sa.String()),
        sa.Column("note", sa.String()),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "recommendations",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("project_id", sa.String(), sa.ForeignKey("projects.id"), nullable=False, index=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note", sa.String()),
        *(sa.Column(f"{mark}_at", sa.BigInteger()) for mark in ("acknowledged", "dismissed", "acted_on")),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(), nullable=False, unique=True),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False, index=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("organization_id", sa.String(), sa.ForeignKey("organizations.id"), nullable=False, index=True),
        sa.Column("project_id", sa.String(), sa.ForeignKey("projects.id"), index=True),
        sa.Column("key_id", sa.String(), sa.ForeignKey("keys.id"), index=True),
        sa.Column("data", sa.JSON(), nullable=False),
    )


def upgrade() -> None:
    """Worlds so far had no audience; they get the one that every new world has."""
    with op.batch_alter_table("world") as world:
        world.add_column(sa.Column("seed", sa.String(), nullable=False, server_default="layers"))
        world.add_column(sa.Column("audience", sa.String(), nullable=False, server_default="lasting"))
    with op.batch_alter_table("world") as world:
        world.alter_column("seed", server_default=None)
        world.alter_column("audience", server_default=None)
    _upgrade_containers()
    _create_learning()


def downgrade() -> None:
    """Forget the audience."""
    for table in ("audit", "recommendations", "overrides"):
        op.drop_table(table)
    op.drop_index("ix_containers_cloned_from", "containers")
    for column in ("cloned_from", "source_post_id", "quality", "luck"):
        op.drop_column("containers", column)
    with op.batch_alter_table("world") as world:
        world.drop_column("audience")
        world.drop_column("seed")
