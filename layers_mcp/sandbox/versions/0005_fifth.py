"""Webhooks: who is told, what there is to tell, and what will come about by itself."""

from __future__ import annotations

from alembic import op

from layers_mcp.database.made import Made

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = (
    Made(
        "webhooks",
        {
            "int": "seq failures",
            "text": "id organization_id project_id? url description? scope status secret previous_secret?",
            "json": "metadata? events",
            "big": "previous_until? last_success_at? last_failure_at? created_at updated_at",
        },
        refs={"organization_id": "organizations", "project_id": "projects"},
        unique=("id",),
        indexes="organization_id project_id",
    ),
    Made(
        "events",
        {"int": "seq", "text": "id organization_id project_id? type replay_of?", "big": "at", "json": "data"},
        refs={"organization_id": "organizations", "project_id": "projects"},
        unique=("id",),
        indexes="organization_id project_id",
    ),
    Made(
        "deliveries",
        {
            "int": "seq attempts last_status?",
            "text": "id webhook_id event_id project_id? type status last_error? holder?",
            "big": "due_at? created_at delivered_at? abandoned_at? last_at? lease_until_ms",
        },
        refs={"webhook_id": "webhooks", "event_id": "events", "project_id": "projects"},
        unique=("id",),
        indexes="webhook_id event_id project_id due_at",
    ),
    Made(
        "awaited",
        {"int": "seq", "text": "project_id kind subject", "big": "due_at?"},
        refs={"project_id": "projects"},
        unique=("kind subject",),
        indexes="project_id due_at",
    ),
)
_COMING = (
    "SELECT project_id, 'job', id, started_at FROM jobs",
    "SELECT project_id, 'post', id, ends_at FROM posts WHERE canceled_at IS NULL",
    "SELECT project_id, 'account', id, token_expires_at FROM accounts",
    "SELECT id, 'project', id, NULL FROM projects WHERE status = 'active'",
)
"""What may still come about; what has is looked at once, and nobody is told who was not there."""


def upgrade() -> None:
    """Nobody listened until now."""
    for table in _TABLES:
        table.make()
    for coming in _COMING:
        op.execute(f"INSERT INTO awaited (project_id, kind, subject, due_at) {coming}")


def downgrade() -> None:
    """Forget who listened."""
    for table in reversed(_TABLES):
        op.drop_table(table.name)
