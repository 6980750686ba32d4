"""Runs of the loops, the bells they wait for, and the workers they are on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _make_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("loop", sa.String(40), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime()),
        sa.Column("born_us", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.String(100)),
        sa.Column("customer", sa.String(256)),
        sa.Column("worker", sa.String(40)),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200)),
        sa.Column("bell", sa.String(200)),
        sa.Column("until", sa.DateTime()),
        sa.Column("due_at", sa.DateTime()),
        sa.Column("woken", sa.String(10)),
        sa.Column("taken_until_us", sa.BigInteger()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trying_since", sa.DateTime()),
        sa.Column("code", sa.String(60)),
        sa.Column("words", sa.Text()),
        sa.Column("came", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        comment="one run of a loop, as people see it; its steps are in the engine's own tables",
    )
    for name in ("project_id", "customer", "worker", "bell", "due_at"):
        op.create_index(f"ix_runs_{name}", "runs", [name])
    op.create_index("ix_runs_state_began_at", "runs", ["state", "began_at"])


def upgrade() -> None:
    """All begin empty."""
    _make_runs()
    op.create_table(
        "bells",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("rung_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_bells"),
        comment="when each bell was rung last, by the database's time; whoever rings it or lies down by it holds this row",
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        comment="processes that run loops, and when each was heard of last, by the database's time",
    )


def downgrade() -> None:
    """Forget the runs; what the engine keeps of them stays in its own tables."""
    op.drop_table("workers")
    op.drop_table("bells")
    op.drop_table("runs")
