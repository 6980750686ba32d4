"""Adding a row unless it is there, in one statement, so that of many who try at once exactly one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["add"]


def add(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Add a row; False, and nothing done, when its key is taken. Another's row of that key, not committed yet, is waited for."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return connection.execute(dialect.insert(table).values(dict(values)).on_conflict_do_nothing()).rowcount == 1
