"""When daily loops are due, and how projects do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All begin empty: who takes part is given rounds at the next tick, and a pulse by the next check."""
    op.create_table(
        "rounds",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(256), nullable=False),
        sa.Column("loop", sa.String(40), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "external_id", "loop", name="pk_rounds"),
        comment="when each daily loop of a customer is due next",
    )
    op.create_index("ix_rounds_principal_due_at", "rounds", ["principal", "due_at"])
    op.create_table(
        "ticks",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("minute", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("principal", name="pk_ticks"),
        comment="the last minute for which somebody looked what is due, since 1970",
    )
    op.create_table(
        "pulses",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("customer", sa.String(256)),
        sa.Column("ails", sa.Boolean(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("alerts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("principal", "project_id", name="pk_pulses"),
        comment="what the last check of a project found, and its average organic score of the days before",
    )
    op.create_index("ix_pulses_ails", "pulses", ["ails"])


def downgrade() -> None:
    """Forget them: nothing is started twice for it, as a day's run has the same id."""
    op.drop_table("pulses")
    op.drop_table("ticks")
    op.drop_table("rounds")
