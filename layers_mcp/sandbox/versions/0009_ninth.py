"""Files that are sent before they are content."""

from __future__ import annotations

from alembic import op

from layers_mcp.database.made import Made

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_UPLOADS = Made(
    "uploads",
    {"int": "seq size", "text": "token project_id container_id mime", "big": "expires_at"},
    refs={"project_id": "projects", "container_id": "containers"},
    unique=("token",),
    indexes="project_id container_id",
)


def upgrade() -> None:
    """Nothing was sent until now."""
    _UPLOADS.make()


def downgrade() -> None:
    """Forget what was reserved; what became content stays."""
    op.drop_table(_UPLOADS.name)
