"""Adding a row unless it is there, in one statement, so that of many who try at once exactly one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping

__all__ = ["add", "add_or_hold"]


def add(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Add a row; False, and nothing done, when its key is taken. Another's row of that key, not committed yet, is waited for."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    adding = dialect.insert(table).values(dict(values)).on_conflict_do_nothing()
    return connection.execute(adding.returning(literal(1))).first() is not None


def add_or_hold(connection: Connection, table: Table, values: Mapping[str, Any]) -> RowMapping | None:
    """Add a row and give back None; or the row of that primary key, held against others until the transaction ends."""
    this = [column == values[column.name] for column in table.primary_key.columns]
    while not add(connection, table, values):
        there = connection.execute(select(table).where(*this).with_for_update()).mappings().first()
        if there is not None:  # else it was removed at this moment
            return there
    return None
