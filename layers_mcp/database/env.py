"""What alembic runs for every database of ours: on the connection and the tables that `migrating` hands over."""

from __future__ import annotations

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], target_metadata=given["tables"], render_as_batch=True, transactional_ddl=False)
context.run_migrations()
