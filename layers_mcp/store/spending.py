"""Credits that our calls set aside, spent or gave back: what budgets are counted against."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, func, insert, select, update

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add_or_hold
from layers_mcp.store.rows import Paid, Spending
from layers_mcp.store.tables import began, purse, spending

__all__ = ["Counted", "Spendings"]

W = TypeVar("W")


class Counted(NamedTuple):
    """Credits that are spent or set aside: of each project on one day, and in all; never what was given back."""

    today: Mapping[str | None, int]
    in_all: int


def _held(connection: Connection) -> int:
    """All that counts, held against others until the transaction ends."""
    found = add_or_hold(connection, purse, {"id": 1, "credits": 0})
    return 0 if found is None else found["credits"]


def _counted(connection: Connection, day: str, in_all: int) -> Counted:
    at = spending.c
    sums = select(at.project_id, func.sum(at.credits)).where(at.day == day, at.state != "released").group_by(at.project_id)
    return Counted({row[0]: int(row[1]) for row in connection.execute(sums)}, in_all)


class Spendings:
    """Every part of an operation that costs credits, one row each, of every principal of this store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def counted(self, day: str) -> Counted:
        """What counts now; `day` is a UTC day as 2026-04-18."""
        with reading(self._engine) as connection:
            return _counted(connection, day, connection.execute(select(purse.c.credits)).scalar() or 0)

    def reserve(self, rows: Sequence[Spending], *, day: str, refuse: Callable[[Counted], W | None]) -> W | None:
        """Set credits aside, unless `refuse` says why not of what counts already. All in one transaction.

        A row whose key is on record counts once: it is not counted again.
        """
        keys = [row.key for row in rows]
        with writing(self._engine) as connection:
            in_all = _held(connection)
            found = select(spending.c.key, spending.c.state).where(spending.c.key.in_(keys))
            known = {row.key: row.state for row in connection.execute(found)}
            fresh = [row for row in rows if known.get(row.key, "released") == "released"]
            more = sum(row.credits for row in fresh)
            why = refuse(_counted(connection, day, in_all)) if fresh else None
            if why is not None:
                return why
            for row in fresh:
                there = update(spending).where(spending.c.key == row.key)
                change = there if row.key in known else insert(spending)
                connection.execute(change.values(row.model_dump()))
            connection.execute(update(purse).values(credits=in_all + more))
        return None

    def counting(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` under which credits count."""
        at = spending.c
        wanted = select(at.key).where(at.key.in_(list(keys)), at.state != "released")
        with reading(self._engine) as connection:
            return set(connection.execute(wanted).scalars())

    def under(self, keys: Collection[str]) -> int:
        """The credits that count under these keys."""
        at = spending.c
        wanted = select(func.coalesce(func.sum(at.credits), 0)).where(at.key.in_(list(keys)), at.state != "released")
        with reading(self._engine) as connection:
            return int(connection.execute(wanted).scalar_one())

    def settle(self, keys: Collection[str], state: Paid) -> int:
        """Record that what was set aside under `keys` was spent, or is given back; how many credits changed their state."""
        at = spending.c
        with writing(self._engine) as connection:
            in_all = _held(connection)
            mine = at.key.in_(list(keys)) & (at.state == "reserved")
            changed = int(connection.execute(select(func.coalesce(func.sum(at.credits), 0)).where(mine)).scalar_one())
            connection.execute(update(spending).where(mine).values(state=state))
            if state == "released":
                connection.execute(update(purse).values(credits=in_all - changed))
        return changed

    def settle_job(self, job_id: str, state: Paid) -> int:
        """The same for the credits of a job that one of our calls began."""
        wanted = select(began.c.key).where(began.c.kind == "job", began.c.id == job_id, began.c.key.is_not(None))
        with reading(self._engine) as connection:
            key = connection.execute(wanted).scalar()
        return 0 if key is None else self.settle([key], state)
