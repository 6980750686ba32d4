"""What webhooks tell: our endpoints with their secrets, every event once, and which watched things were told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.Column("previous_secret", sa.String(200)),
        sa.Column("previous_until", sa.DateTime()),
        sa.Column("heard_at", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
        comment="secrets stand here in the clear, as a MAC can't be checked by a digest of its key, and every machine has to check it",
    )
    op.create_index("ix_webhook_endpoints_place", "webhook_endpoints", ["place"])


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.String(100), nullable=False),
        sa.Column("endpoint_id", sa.String(100), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("project_id", sa.String(100)),
        sa.Column("replays", sa.String(100)),
        sa.Column("handled_at", sa.DateTime()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(40)),
        sa.Column("free_us", sa.BigInteger(), nullable=False),
        sa.Column("trouble", sa.String(100)),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        comment="events by their ids; free_us: when somebody may take one to handle it, by the database's clock",
    )
    op.create_index("ix_inbox_project_id", "inbox", ["project_id"])
    op.create_index("ix_inbox_handled_at_received_at", "inbox", ["handled_at", "received_at"])


def upgrade() -> None:
    """All begin empty."""
    _endpoints()
    _inbox()
    op.add_column("watches", sa.Column("told_at", sa.DateTime()))


def downgrade() -> None:
    """Forget them: events are refused until an endpoint is registered anew, and polling finds what they would have told."""
    with op.batch_alter_table("watches") as table:
        table.drop_column("told_at")
    op.drop_table("inbox")
    op.drop_table("webhook_endpoints")
