"""Replies by idempotency key: one key for all attempts at one operation, and one attempt at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, update

from layers_mcp.database import writing
from layers_mcp.database.adding import add_or_hold
from layers_mcp.store.rows import Claim, Operation
from layers_mcp.store.tables import operations

__all__ = ["Replies"]


def _this(operation: Operation) -> ColumnElement[bool]:
    at = operations.c
    return (at.principal == operation.principal) & (at.tool == operation.tool) & (at.name == operation.name)


def _put(connection: Connection, row: Operation) -> Operation:
    connection.execute(update(operations).where(_this(row)).values(row.model_dump()))
    return row


class Replies:
    """The operations of late, one row for each (principal, tool, name)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, fresh: Operation, *, since: datetime, supersede: bool = False) -> Claim:
        """Take an operation on, or learn who has it: the row on record when it was made at `since` or later, else `fresh`.

        `fresh` names its holder, until when it holds, and the time as `made_at`. Written before the attempt goes out. `supersede`: an
        operation of the same name with other arguments is replaced, instead of being in the way.
        """
        now = fresh.made_at
        with writing(self._engine) as connection:
            known = add_or_hold(connection, operations, fresh.model_dump())
            if known is None:
                return Claim(state="mine", operation=fresh)
            row = Operation.model_validate(dict(known))
            held = row.holder is not None and row.held_until is not None and row.held_until > now
            if row.made_at < since and not held:
                return Claim(state="mine", operation=_put(connection, fresh))
            if row.arguments != fresh.arguments:
                mine = Claim(state="mine", operation=_put(connection, fresh)) if supersede else None
                return mine or Claim(state="taken", operation=row)
            if held:
                return Claim(state="running", operation=row)
            again = {"attempts": row.attempts + 1, "holder": fresh.holder, "held_until": fresh.held_until}
            return Claim(state="mine", operation=_put(connection, row.model_copy(update=again)))

    def hold(self, operation: Operation, until: datetime) -> bool:
        """Hold on to it for longer; False when it is not held by this attempt any more."""
        mine = _this(operation) & (operations.c.key == operation.key) & (operations.c.holder == operation.holder)
        with writing(self._engine) as connection:
            return connection.execute(update(operations).where(mine).values(held_until=until)).rowcount == 1

    def let_go(self, operation: Operation) -> None:
        """Hold it no longer: another attempt may go on with it."""
        mine = _this(operation) & (operations.c.key == operation.key) & (operations.c.holder == operation.holder)
        with writing(self._engine) as connection:
            connection.execute(update(operations).where(mine).values(holder=None, held_until=None))

    def forget(self, operation: Operation) -> None:
        """Drop an operation that was refused: nothing happened, so the next call is a new one."""
        with writing(self._engine) as connection:
            connection.execute(delete(operations).where(_this(operation), operations.c.key == operation.key))

    def sweep(self, before: datetime) -> None:
        """Forget what was made before `before`."""
        with writing(self._engine) as connection:
            connection.execute(delete(operations).where(operations.c.made_at < before))
