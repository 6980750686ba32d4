"""What the loops go by: customers, the plans that people confirmed, and the questions that wait for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(256), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("project_id", sa.String(100)),
        sa.PrimaryKeyConstraint("principal", "external_id", name="pk_customers"),
    )
    op.create_index("ix_customers_project_id", "customers", ["project_id"])


def _plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("project_id", sa.String(100), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("a_day", sa.Integer(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(10), nullable=False),
        sa.Column("confirmation", sa.String(64), nullable=False),
        sa.Column("revoked_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_project_id", "plans", ["project_id"])


def _questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("principal", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("project_id", sa.String(100)),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("run_id", sa.String(200)),
        sa.Column("closed_at", sa.DateTime()),
        sa.Column("answer", sa.String(40)),
        sa.Column("answered_by", sa.String(10)),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_index("ix_questions_principal_closed_at_asked_at", "questions", ["principal", "closed_at", "asked_at"])


def upgrade() -> None:
    """All begin empty."""
    _customers()
    _plans()
    _questions()


def downgrade() -> None:
    """Forget them: no plan stands any more, and nothing is scheduled without one."""
    op.drop_table("questions")
    op.drop_table("plans")
    op.drop_table("customers")
