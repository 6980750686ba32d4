"""The revisions of the schema, oldest first; alembic runs them."""
