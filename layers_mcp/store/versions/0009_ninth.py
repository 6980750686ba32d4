"""A hold may be narrower than all writes: of the loops, or of one."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


_NAMES = ("project_id", "principal", "by")
_BEFORE = sa.table("halts", *(sa.column(name, sa.String()) for name in _NAMES), sa.column("at", sa.DateTime()))
_WHAT: sa.ColumnClause[str] = sa.column("what", sa.String())


def _remade(rows: Sequence[sa.RowMapping], *narrower: sa.Column[str], key: tuple[str, ...]) -> None:
    """Make the table anew with another key, which no two databases change alike; it has a handful of rows."""
    op.drop_table("halts")
    made = op.create_table(
        "halts",
        sa.Column("project_id", sa.String(100), nullable=False),
        *narrower,
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("by", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint(*key, name="pk_halts"),
    )
    op.bulk_insert(made, [dict(row) for row in rows])


def upgrade() -> None:
    """What was held are all writes; a version that knows nothing else goes on holding those."""
    rows = op.get_bind().execute(sa.select(_BEFORE)).mappings().all()
    _remade(rows, sa.Column("what", sa.String(40), nullable=False, server_default="writes"), key=("project_id", "what"))


def downgrade() -> None:
    """Paused loops run again, as the version before knows no such thing; who wants them to rest halts the writes."""
    rows = op.get_bind().execute(sa.select(_BEFORE).where(_WHAT == "writes")).mappings().all()
    _remade(rows, key=("project_id",))
