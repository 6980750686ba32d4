"""What goes out under a post, kept with it: its content may say something else later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_AS_IT_STOOD = """
    UPDATE posts SET caption = coalesce(
        json_extract(target, '$.caption_override'),
        (
            SELECT json_extract(said.value, '$.text')
            FROM containers AS c JOIN accounts AS a ON a.id = posts.account_id, json_each(c.captions) AS said
            WHERE c.id = posts.container_id AND json_extract(said.value, '$.platform') = a.platform
        )
    )
"""


def upgrade() -> None:
    """No content was changed after it was made until now."""
    op.add_column("posts", sa.Column("caption", sa.String(), nullable=True))
    op.execute(_AS_IT_STOOD)


def downgrade() -> None:
    """Leave it to the content again."""
    op.drop_column("posts", "caption")
