"""The store's schema, revision by revision; alembic runs them, nobody imports them."""
