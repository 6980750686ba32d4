"""What the customers' own apps reported."""

from __future__ import annotations

from alembic import op

from layers_mcp.database.made import Made

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_EVENTS = Made(
    "app_events",
    {"int": "seq", "text": "event_id project_id app_id name user_id?", "big": "occurred_at received_at", "json": "properties context"},
    refs={"project_id": "projects", "app_id": "sdk_apps"},
    unique=("app_id event_id",),
    indexes="project_id app_id",
)


def upgrade() -> None:
    """No app had reported anything."""
    _EVENTS.make()


def downgrade() -> None:
    """Forget it."""
    op.drop_table(_EVENTS.name)
