"""Replies by idempotency key: one key for all attempts at one operation."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import writing
from layers_mcp.store.rows import Operation
from layers_mcp.store.tables import operations

__all__ = ["Replies"]


def _this(operation: Operation) -> ColumnElement[bool]:
    at = operations.c
    return (at.principal == operation.principal) & (at.tool == operation.tool) & (at.name == operation.name)


class Replies:
    """The operations of late, one row for each (principal, tool, name)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, fresh: Operation, *, since: datetime) -> Operation:
        """Count an attempt at an operation and give back the row whose key it goes out with.

        That is the row on record when it was made at `since` or later, else `fresh`. Written before the attempt goes out.
        """
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(operations).values(fresh.model_dump()))
                return fresh
            known = connection.execute(select(operations).where(_this(fresh)).with_for_update()).mappings().one()
            row = Operation.model_validate(dict(known))
            row = row.model_copy(update={"attempts": row.attempts + 1}) if row.made_at >= since else fresh
            connection.execute(update(operations).where(_this(fresh)).values(row.model_dump()))
        return row

    def finish(self, operation: Operation) -> None:
        """Record that an attempt was answered."""
        with writing(self._engine) as connection:
            connection.execute(update(operations).where(_this(operation), operations.c.key == operation.key).values(finished=True))

    def forget(self, operation: Operation) -> None:
        """Drop an operation that was refused: nothing happened, so the next call is a new one."""
        with writing(self._engine) as connection:
            connection.execute(delete(operations).where(_this(operation), operations.c.key == operation.key))

    def sweep(self, before: datetime) -> None:
        """Forget what was made before `before`."""
        with writing(self._engine) as connection:
            connection.execute(delete(operations).where(operations.c.made_at < before))
