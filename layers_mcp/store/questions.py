"""The review queue in the database: a thing is asked once, and the first answer counts."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.store.asked import Question
from layers_mcp.store.asked_tables import questions
from layers_mcp.store.rows import ConfirmedBy
from layers_mcp.store.run_tables import runs

__all__ = ["Questions"]


def _row(connection: Connection, question_id: str) -> Question | None:
    found = connection.execute(select(questions).where(questions.c.id == question_id)).mappings().first()
    return None if found is None else Question.model_validate(dict(found))


def _open(question_id: str) -> ColumnElement[bool]:
    return (questions.c.id == question_id) & questions.c.closed_at.is_(None)


class Questions:
    """Every question that a loop has asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, fresh: Question) -> Question:
        """Ask, unless the same was asked before. What is on record after that, answered or not."""
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(questions).values(fresh.model_dump(mode="python")))
                return fresh
            known = _row(connection, fresh.id)
            assert known is not None, "what can't be added is there"
            return known

    def find(self, principal: str, question_id: str) -> Question | None:
        """The question with this id, or None."""
        with reading(self._engine) as connection:
            found = _row(connection, question_id)
        return found if found is not None and found.principal == principal else None

    def answer(self, question_id: str, word: str, *, by: ConfirmedBy, now: datetime) -> bool:
        """Record an answer; False where it was answered, or withdrawn, before."""
        said = {"answer": word, "answered_by": by, "closed_at": now}
        with writing(self._engine) as connection:
            return connection.execute(update(questions).where(_open(question_id)).values(said)).rowcount == 1

    def withdraw(self, question_id: str, now: datetime) -> None:
        """Close a question that needs no answer any more."""
        with writing(self._engine) as connection:
            connection.execute(update(questions).where(_open(question_id)).values(closed_at=now))

    def waiting(
        self,
        principal: str,
        *,
        project_id: str | None = None,
        kind: str | None = None,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Question, ...]:
        """What still wants an answer, oldest first, behind the one of `after` (when it was asked, and its id)."""
        at = questions.c
        wanted = select(questions).where(at.principal == principal, at.closed_at.is_(None))
        if project_id is not None:
            wanted = wanted.where(at.project_id == project_id)
        if kind is not None:
            wanted = wanted.where(at.kind == kind)
        if after is not None:
            wanted = wanted.where((at.asked_at > after[0]) | ((at.asked_at == after[0]) & (at.id > after[1])))
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(at.asked_at, at.id).limit(limit)).mappings()
            return tuple(Question.model_validate(dict(row)) for row in rows)

    def forget(self, project_id: str, now: datetime) -> None:
        """Close what is open of a project, and empty what was said of it; whole ids."""
        mine = questions.c.project_id == project_id
        with writing(self._engine) as connection:
            connection.execute(update(questions).where(mine, questions.c.closed_at.is_(None)).values(closed_at=now))
            connection.execute(update(questions).where(mine).values(words="", facts={}, options=[]))

    def sweep(self, before: datetime, *, lasting: Collection[str]) -> None:
        """Delete what was closed before then, unless its run is not over; of `lasting` kinds empty it, so that it is not asked again."""
        at = questions.c
        under_way = exists().where(runs.c.id == at.run_id, runs.c.state.not_in(("completed", "failed", "cancelled")))
        old = (at.closed_at < before) & ~under_way
        with writing(self._engine) as connection:
            connection.execute(delete(questions).where(old, at.kind.not_in(lasting)))
            connection.execute(update(questions).where(old, at.words != "").values(words="", facts={}, options=[]))
