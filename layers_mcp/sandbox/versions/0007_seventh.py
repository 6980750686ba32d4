"""Organizations below others, the credits between them, and what keys go through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from layers_mcp.database.made import Made

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NEW = (
    Made(
        "children",
        {
            "int": "seq monthly_cap? refill_threshold? refill_amount?",
            "text": "id parent_id name status billing_email?",
            "bool": "auto_refill",
            "json": "metadata?",
            "big": "archived_at? created_at updated_at",
        },
        refs={"id": "organizations", "parent_id": "organizations"},
        unique=("id",),
        indexes="parent_id",
    ),
    Made(
        "transfers",
        {"int": "seq credits", "text": "id sender_id receiver_id description?", "json": "metadata?", "big": "at"},
        refs={"sender_id": "organizations", "receiver_id": "organizations"},
        unique=("id",),
        indexes="sender_id receiver_id",
    ),
)
_OF_KEYS: tuple[tuple[str, type[sa.String | sa.BigInteger]], ...] = (
    ("name", sa.String),
    ("created_at", sa.BigInteger),
    ("last_used_at", sa.BigInteger),
    ("rotated_at", sa.BigInteger),
    ("revoked_at", sa.BigInteger),
    ("superseded_by", sa.String),
)


def upgrade() -> None:
    """No organization was below another, and no key was ever taken away."""
    for table in _NEW:
        table.make()
    for name, kind in _OF_KEYS:
        op.add_column("keys", sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    """A key that was taken away stays shut; organizations below others stay as organizations, without their credits."""
    op.execute("UPDATE keys SET killed = 1 WHERE revoked_at IS NOT NULL")
    for name, _ in _OF_KEYS:
        op.drop_column("keys", name)
    for table in reversed(_NEW):
        op.drop_table(table.name)
