"""What will come about by itself as the world's time passes: the end of a job, a post going out, a token running out.

Rows are kept by whoever changes the thing, in the transaction of the change; `news` looks at them when they are due.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.sqlite import insert

from layers_mcp.sandbox.hook_tables import awaited

__all__ = ["Kind", "due", "expect", "expects", "over"]

Kind = Literal["job", "post", "account", "project", "lease"]
_ROW = awaited.c


def expect(connection: Connection, kind: Kind, subject: str, *, project_id: str, due_at: datetime | None) -> None:
    """Look at `subject` at `due_at`, not at the instant that was said before; None: it is not known yet."""
    row = {"kind": kind, "subject": subject, "project_id": project_id, "due_at": due_at}
    new = insert(awaited).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=["kind", "subject"], set_={"due_at": due_at}))


def over(connection: Connection, kind: Kind, *subjects: str) -> None:
    """Nothing more comes of these."""
    connection.execute(delete(awaited).where(_ROW.kind == kind, _ROW.subject.in_(subjects)))


def expects(connection: Connection, kind: Kind, subject: str) -> bool:
    """Whether something is still to come of it."""
    return connection.execute(select(_ROW.seq).where(_ROW.kind == kind, _ROW.subject == subject)).first() is not None


def due(connection: Connection, now: datetime) -> Sequence[Row[Any]]:
    """What is to be looked at by `now`, in the order of its instants."""
    return connection.execute(select(awaited).where(_ROW.due_at <= now).order_by(_ROW.due_at, _ROW.seq)).all()
