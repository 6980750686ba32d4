"""Confirmations in the database: the row is the state, and one row acts once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    String,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)  # fmt: skip

from layers_mcp.contract.scalars import any_project
from layers_mcp.database import lock, reading, writing
from layers_mcp.store.rows import Confirmation, ConfirmedBy, How
from layers_mcp.store.tables import confirmations

__all__ = ["Confirmations"]

W = TypeVar("W")


def _row(connection: Connection, handle: str) -> Confirmation | None:
    """The row, held against others until the transaction ends."""
    found = connection.execute(select(confirmations).where(confirmations.c.handle == handle).with_for_update()).mappings().first()
    return None if found is None else Confirmation.model_validate(dict(found))


def _open(principal: str, tool: str, *, arguments: str, since: datetime) -> Select[str]:
    """The keys of the acts with these arguments whose end is not known, the oldest first.

    Each was first sent with after `since`: an act that goes on with another makes the key that it takes over no younger.
    """
    at, first = confirmations.c, func.min(confirmations.c.spent_at)
    same = (at.principal == principal) & (at.tool == tool) & (at.arguments == arguments)
    return select(at.key).where(same, at.state == "acting").group_by(at.key).having(first > since).order_by(first)


def _key(connection: Connection, row: Confirmation, since: datetime | None) -> str:
    """The Idempotency-Key that `row` acts with: that of the same act since `since` whose end is not known, else its own."""
    if since is None:
        return row.key
    lock(connection, f"act {row.principal} {row.tool} {row.arguments}")  # another row of the same act may be spent at this moment
    open_ = _open(row.principal, row.tool, arguments=row.arguments, since=since)
    return connection.execute(open_).scalars().first() or row.key


def _about(project_id: str) -> ColumnElement[bool]:
    """Rows that touch a project, whichever way its id was spelled; `project_id`: whole; the list has it in quotes."""
    whole, at = any_project(project_id), confirmations.c
    ids, listed = (whole.removeprefix("prj_"), whole), func.lower(cast(at.projects, String))
    return or_(func.lower(at.project_id).in_(ids), *(listed.contains(json.dumps(one), autoescape=True) for one in ids))


class Confirmations:
    """Every preview that was shown, under the SHA-256 of its handle."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def mint(self, row: Confirmation) -> None:
        """Keep a new preview."""
        with writing(self._engine) as connection:
            connection.execute(insert(confirmations).values(row.model_dump()))

    def find(self, handle: str) -> Confirmation | None:
        """The preview with this handle's digest, or None."""
        with reading(self._engine) as connection:
            return _row(connection, handle)

    def acting(self, principal: str, tool: str, *, arguments: str, since: datetime) -> bool:
        """Whether an act with these arguments since `since` has no end on record."""
        with reading(self._engine) as connection:
            return connection.execute(_open(principal, tool, arguments=arguments, since=since)).first() is not None

    def spend(
        self,
        handle: str,
        *,
        now: datetime,
        since: datetime | None,
        confirmed_by: ConfirmedBy,
        refuse: Callable[[Confirmation | None], W | None],
    ) -> Confirmation | W:
        """Let the row act, unless `refuse` says why not. Both happen in one transaction that holds the row: of many callers one wins.

        An act with the same arguments since `since` whose end is not known is continued: the row takes over its key. None: it never is.
        """
        with writing(self._engine) as connection:
            row = _row(connection, handle)
            why = refuse(row)
            if why is not None:
                return why
            assert row is not None, "a refusal must be given for a row that is not there"
            key = _key(connection, row, since)
            spent = row.model_copy(update={"state": "acting", "key": key, "spent_at": now, "confirmed_by": confirmed_by})
            changes = spent.model_dump(include={"state", "key", "spent_at", "confirmed_by"})
            connection.execute(update(confirmations).where(confirmations.c.handle == handle).values(changes))
        return spent

    def ask(self, handle: str, *, token: str) -> None:
        """Record that the person is being asked; only the answer that comes with the latest `token` (its digest) will count."""
        open_ = (confirmations.c.handle == handle) & confirmations.c.state.in_(("minted", "asked"))
        with writing(self._engine) as connection:
            connection.execute(update(confirmations).where(open_).values(state="asked", token=token))

    def answer(self, handle: str, *, yes: bool, how: How, now: datetime, token: str | None = None) -> bool:
        """Record a person's answer to what is still open; whether it was. With `token`: only the answer to that very question counts."""
        at = confirmations.c
        open_ = (at.handle == handle) & (at.expires_at > now) & at.state.in_(("minted", "asked"))
        if token is not None:
            open_ &= (at.state == "asked") & (at.token == token)
        said = {"state": "yes" if yes else "no", "answered_at": now, "how": how, "token": None}
        with writing(self._engine) as connection:
            return connection.execute(update(confirmations).where(open_).values(said)).rowcount == 1

    def waiting(self, now: datetime) -> tuple[Confirmation, ...]:
        """Previews that nobody has answered yet, oldest first, of every principal of this store."""
        at = confirmations.c
        wanted = select(confirmations).where(at.state.in_(("minted", "asked")), at.expires_at > now).order_by(at.minted_at)
        with reading(self._engine) as connection:
            return tuple(Confirmation.model_validate(dict(row)) for row in connection.execute(wanted).mappings())

    def named(self, name: str) -> tuple[Confirmation, ...]:
        """The previews whose digest begins with `name`, whatever became of them; of every principal of this store."""
        wanted = select(confirmations).where(confirmations.c.handle.startswith(name, autoescape=True))
        with reading(self._engine) as connection:
            return tuple(Confirmation.model_validate(dict(row)) for row in connection.execute(wanted).mappings())

    def finish(self, handle: str, *, now: datetime, outcome: JsonValue, failed: bool) -> None:
        """Record how an acting row ended, and with it those it continued; any other row stays as it is, and a forgotten one empty."""
        kept = case((confirmations.c.forgotten_at.is_(None), literal(outcome, confirmations.c.outcome.type)), else_=null())
        ended = {"state": "failed" if failed else "done", "finished_at": now, "outcome": kept}
        key = select(confirmations.c.key).where(confirmations.c.handle == handle).scalar_subquery()
        acting = (confirmations.c.key == key) & (confirmations.c.state == "acting")
        with writing(self._engine) as connection:
            connection.execute(update(confirmations).where(acting).values(ended))

    def forget(self, project_id: str, *, now: datetime) -> int:
        """Empty what was shown and answered of previews that touch a project, which may hold a customer's texts; how many there were.

        What still waits is turned down with it: nobody can judge it any more. What acts meanwhile ends without its outcome kept.
        """
        at = confirmations.c
        mine = _about(project_id) & at.forgotten_at.is_(None)
        empty: dict[str, object] = {"question": "", "items": None, "media": [], "outcome": None, "forgotten_at": now}
        with writing(self._engine) as connection:
            connection.execute(update(confirmations).where(mine, at.state.in_(("minted", "asked", "yes"))).values(state="no"))
            return connection.execute(update(confirmations).where(mine).values(empty)).rowcount

    def sweep(self, before: datetime) -> None:
        """Forget what expired before `before`."""
        with writing(self._engine) as connection:
            connection.execute(delete(confirmations).where(confirmations.c.expires_at < before))
