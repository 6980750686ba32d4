"""Indexes for the lists of large customers, each in the order of its list, and for what an account posted in a day."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NEW = {
    "projects": [("organization_id", "created_at", "seq")],
    "containers": [("project_id", "created_at", "seq")],
    "posts": [("project_id", "scheduled_for", "seq"), ("account_id", "starts_at", "seq")],
    "audit": [("organization_id", "occurred_at", "seq")],
}


def upgrade() -> None:
    """A page is read where it stands."""
    for table, indexes in _NEW.items():
        for columns in indexes:
            op.create_index("_".join(["ix", *(f"{table}_{one}" for one in columns)]), table, columns)


def downgrade() -> None:
    """A page is sorted out of all rows again."""
    for table, indexes in _NEW.items():
        for columns in indexes:
            op.drop_index("_".join(["ix", *(f"{table}_{one}" for one in columns)]), table)
