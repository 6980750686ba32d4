"""Bringing an older database up to this version's schema, with alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData

__all__ = ["bring_up"]


def bring_up(connection: Connection, tables: MetaData, *, versions: Path, head: str) -> None:
    """Run the revisions in `versions` up to `head`, inside the caller's transaction.

    Raises:
        alembic.util.CommandError: the database is from a newer version, or a revision is missing.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(versions))
    config.attributes["connection"] = connection
    config.attributes["tables"] = tables
    command.upgrade(config, head)
