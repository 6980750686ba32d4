"""Runs of the loops in the database: where each stands, what it lies by, and what wakes it.

A run that lies costs a row and nothing else. Who is on a run holds its `turn`: whoever was put off it writes nothing here any more.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, delete, exists, func, literal, or_, select, update
from sqlalchemy.engine import RowMapping

from layers_mcp.database import reading, writing
from layers_mcp.database.adding import add
from layers_mcp.database.now import now_us
from layers_mcp.store.asked_tables import customers
from layers_mcp.store.rows import DIED, OTHER_KEY, RunRow, RunState, Woke
from layers_mcp.store.run_tables import bells, runs, workers

__all__ = ["Runs"]

_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_TAKEN_US = 10_000_000
"""How long whoever wakes a run has for it, before another tries."""
_LIES: tuple[RunState, ...] = ("sleeping", "waiting")
_AFOOT: tuple[RunState, ...] = ("queued", "running")
_OVER: tuple[RunState, ...] = ("completed", "failed", "cancelled")
_FOREIGN: dict[str, Any] = {
    "state": "sleeping",
    "worker": None,
    "due_at": _AT_ONCE,
    "taken_until_us": None,
    "code": OTHER_KEY,
    "words": "it was asked for under another API key, and waits for a worker with that key",
}
_UP: dict[str, Any] = {"until": None, "due_at": None, "bell": None, "taken_until_us": None}


def _read(row: RowMapping) -> RunRow:
    return RunRow.model_validate(dict(row))


def _this(run_id: str) -> ColumnElement[bool]:
    return runs.c.id == run_id


def _mine(row: RunRow) -> ColumnElement[bool]:
    """Whether the run is still on this worker, in this turn, and the worker's seat still its own."""
    seated = exists().where(workers.c.id == row.worker)
    return _this(row.id) & (runs.c.state == "running") & (runs.c.worker == row.worker) & (runs.c.turn == row.turn) & seated


def _rung_us(connection: Connection, bell: str) -> int:
    """When a bell was rung last, its row held until the transaction ends; 0: never."""
    add(connection, bells, {"name": bell, "rung_us": 0})
    return connection.execute(select(bells.c.rung_us).where(bells.c.name == bell).with_for_update()).scalar_one()


class Runs:
    """All runs of this store, and the bells."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, row: RunRow) -> bool:
        """Keep a new run; False, and nothing done, when there is one of that id."""
        with writing(self._engine) as connection:
            return add(connection, runs, row.model_dump() | {"born_us": now_us()})

    def add_early(self, row: RunRow) -> bool:
        """Keep a new run that lies until `row.due_at`, when whoever has a seat takes it on; False, and nothing done, where it is needless.

        That is where one of that id is there, or one of the same loop, project and customer has not read anything yet: it will see
        whatever the new one would.
        """
        its = (runs.c.loop == row.loop) & (runs.c.project_id == row.project_id) & (runs.c.customer == row.customer)
        lies_first = (runs.c.state == "sleeping") & (runs.c.step == 1) & (runs.c.done == 0) & runs.c.woken.is_(None)
        unread = (runs.c.turn == 0) & runs.c.state.in_(("queued", "sleeping")) | lies_first
        with writing(self._engine) as connection:
            if connection.execute(select(runs.c.id).where(its, unread).limit(1).with_for_update()).first() is not None:
                return False
            return add(connection, runs, row.model_dump() | {"born_us": now_us()})

    def find(self, run_id: str) -> RunRow | None:
        """A run, or None."""
        with reading(self._engine) as connection:
            found = connection.execute(select(runs).where(_this(run_id))).mappings().first()
        return None if found is None else _read(found)

    def recent(
        self,
        *,
        loop: str | None = None,
        states: Collection[RunState] = (),
        project_id: str | None = None,
        customer: str | None = None,
        limit: int = 50,
    ) -> tuple[RunRow, ...]:
        """The latest runs, newest first; of one loop, in some states, of one project or customer, where they are given."""
        wanted: Select[Any] = select(runs).order_by(runs.c.began_at.desc(), runs.c.id).limit(limit)
        for column, one in ((runs.c.loop, loop), (runs.c.project_id, project_id), (runs.c.customer, customer)):
            if one is not None:
                wanted = wanted.where(column == one)
        if states:
            wanted = wanted.where(runs.c.state.in_(states))
        with reading(self._engine) as connection:
            return tuple(_read(row) for row in connection.execute(wanted).mappings())

    def under_way(self, loops: Collection[str], *, project_id: str | None = None) -> int:
        """How many runs of these loops are not over; of one project where it is given, by its whole id."""
        wanted = select(func.count()).select_from(runs).where(runs.c.loop.in_(loops), runs.c.state.not_in(_OVER))
        with reading(self._engine) as connection:
            return connection.execute(wanted if project_id is None else wanted.where(runs.c.project_id == project_id)).scalar_one()

    def young(self, principal: str, loop: str, since: datetime) -> int:
        """How many runs of a loop that began since then are not over, of the customers of one principal."""
        mine = (customers.c.project_id == runs.c.project_id) & (customers.c.principal == principal)
        which = mine & (runs.c.loop == loop) & runs.c.state.in_((*_AFOOT, *_LIES)) & (runs.c.began_at >= since)
        with reading(self._engine) as connection:
            return connection.execute(select(func.count(runs.c.id.distinct())).select_from(runs, customers).where(which)).scalar_one()

    def begin(self, row: RunRow, *, recorded: int) -> RunRow | None:
        """Take a run on for `row.worker`: the row as it then stands; None when it is over, or the worker has lost its seat.

        One that nobody kept is `row`. `recorded`: how many steps of it are on record. None too for one of another owner: it lies down, as a
        worker of another key has other customers, another wallet and other accounts; whoever has a seat under its own key wakes it.
        """
        with writing(self._engine) as connection:
            add(connection, runs, row.model_dump() | {"born_us": now_us(), "worker": None})
            known = _read(connection.execute(select(runs).where(_this(row.id)).with_for_update()).mappings().one())
            # asked for once the row is held: whoever has the run now that this worker is dead has written so before
            seated = connection.execute(select(workers.c.id).where(workers.c.id == row.worker)).first()
            if known.state in _OVER or seated is None:
                return None
            if known.owner not in (None, row.owner):
                connection.execute(update(runs).where(_this(row.id)).values(_FOREIGN))
                return None
            broken = known.state == "running" and recorded <= known.done
            suspect = known.code == DIED and known.state in _LIES
            fresh: dict[str, Any] = {
                "state": "running",
                "worker": row.worker,
                "turn": known.turn + 1,
                "starts": known.starts + broken if broken or suspect else 1,
                "done": recorded,
                **_UP,
            }
            if (known.code == DIED and not suspect) or known.code == OTHER_KEY:
                fresh |= {"code": None, "words": None}
            connection.execute(update(runs).where(_this(row.id)).values(fresh))
            return known.model_copy(update=fresh)

    def mine(self, row: RunRow) -> bool:
        """Whether this turn of a run is its last, not over, and its worker's seat still its own."""
        with reading(self._engine) as connection:
            return connection.execute(select(runs.c.id).where(_mine(row))).first() is not None

    def about(self, row: RunRow, *, project_id: str | None, customer: str | None) -> None:
        """Say whose run it is, as far as it is known."""
        known = {name: one for name, one in (("project_id", project_id), ("customer", customer)) if one is not None}
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(_mine(row)).values(known))

    def rung_us(self, bell: str) -> int:
        """When a bell was rung last, in microseconds by the database's time; 0: never, or too long ago."""
        with reading(self._engine) as connection:
            return connection.execute(select(bells.c.rung_us).where(bells.c.name == bell)).scalar() or 0

    def lie(self, row: RunRow, lying: RunRow, *, heard_us: int = 0) -> bool:
        """Lay a run down as `lying` says (state, step, name, bell, until, tries and why); False when it is another's.

        A bell that was rung after `heard_us` wakes it at once.
        """
        names = ("state", "step", "name", "bell", "until", "tries", "trying_since", "code", "words")
        new: dict[str, Any] = lying.model_dump(include=set(names)) | {"due_at": lying.until, "woken": None, "worker": None}
        with writing(self._engine) as connection:
            if lying.bell is not None and _rung_us(connection, lying.bell) > heard_us:
                new |= {"due_at": _AT_ONCE, "woken": "bell"}
            return connection.execute(update(runs).where(_mine(row)).values(new)).rowcount == 1

    def ring(self, bell: str) -> None:
        """Ring a bell: whoever lies by it is woken, and whoever lies down by it later without having heard it."""
        with writing(self._engine) as connection:
            before = _rung_us(connection, bell)
            later = case((now_us() > before, now_us()), else_=literal(before + 1))
            connection.execute(update(bells).where(bells.c.name == bell).values(rung_us=later))
            lies = (runs.c.bell == bell) & runs.c.state.in_(_LIES) & runs.c.woken.is_(None)
            connection.execute(update(runs).where(lies).values(due_at=_AT_ONCE, woken="bell"))

    def take_due(self, now: datetime, *, limit: int, owner: str | None = None) -> tuple[RunRow, ...]:
        """Take some of an owner's runs whose time has come, to wake them; who does not get it done leaves it to others in ten seconds."""
        free = or_(runs.c.taken_until_us.is_(None), runs.c.taken_until_us < now_us())
        whose = runs.c.owner.is_(None) | (runs.c.owner == owner)
        due = whose & runs.c.state.in_(_LIES) & (runs.c.due_at <= now) & free
        some = select(runs.c.id).where(due).order_by(runs.c.due_at).limit(limit)
        with reading(self._engine) as connection:
            if connection.execute(some).first() is None:
                return ()
        with writing(self._engine) as connection:
            ids = list(connection.execute(some.with_for_update(skip_locked=True)).scalars())
            woken = func.coalesce(runs.c.woken, literal("time"))
            taking = update(runs).where(runs.c.id.in_(ids)).values(taken_until_us=now_us() + _TAKEN_US, woken=woken)
            return tuple(_read(row) for row in connection.execute(taking.returning(runs)).mappings())

    def woken(self, row: RunRow, *, queued: bool) -> None:
        """A run that was taken is queued now; or it could not be yet, and is tried again at once. Nothing once another has taken it."""
        taken = runs.c.taken_until_us.is_not_distinct_from(row.taken_until_us)
        lies = _this(row.id) & runs.c.state.in_(_LIES) & (runs.c.turn == row.turn) & taken
        new: dict[str, Any] = {"state": "queued", **_UP} if queued else {"taken_until_us": None}
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(lies).values(new))

    def rested(self, row: RunRow) -> None:
        """Forget that a step did not work at first: it did now."""
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(_mine(row)).values(tries=0, trying_since=None, code=None, words=None))

    def end(self, row: RunRow, ended: RunRow) -> bool:
        """End a run as `ended` says (state, when, step, code, words, what came); False when it is another's."""
        names = {"state", "ended_at", "step", "name", "code", "words", "came"}
        new: dict[str, Any] = ended.model_dump(include=names) | {"worker": None, "tries": 0, "trying_since": None}
        with writing(self._engine) as connection:
            return connection.execute(update(runs).where(_mine(row)).values(new)).rowcount == 1

    def cancel(self, run_id: str, *, at: datetime) -> RunRow | None:
        """Cancel a run that is not over; the row as it was, or None when it is over or nobody knows it."""
        with writing(self._engine) as connection:
            found = connection.execute(select(runs).where(_this(run_id)).with_for_update()).mappings().first()
            if found is None or found["state"] in _OVER:
                return None
            connection.execute(update(runs).where(_this(run_id)).values(state="cancelled", ended_at=at, **_UP))
            return _read(found)

    def retry(self, run_id: str) -> bool:
        """Have a run that failed or was cancelled go on: with the step that failed, or after all that is on record; False: it did not.

        Nor does one whose project was forgotten.
        """
        again = _this(run_id) & runs.c.state.in_(("failed", "cancelled")) & (runs.c.given != "")
        woke: Woke = "retry"
        new: dict[str, Any] = {"state": "sleeping", "ended_at": None, "due_at": _AT_ONCE, "woken": woke, "starts": 0, "code": None}
        step = case((runs.c.state == "failed", runs.c.step), else_=0)
        with writing(self._engine) as connection:
            return connection.execute(update(runs).where(again).values(new | {"words": None, "step": step, "worker": None})).rowcount == 1

    def afoot(self, *, after: str, limit: int) -> dict[str, int]:
        """Some of the runs that are queued or on a worker, by id from `after` on, each with its turn."""
        wanted = select(runs.c.id, runs.c.turn).where(runs.c.state.in_(_AFOOT), runs.c.id > after).order_by(runs.c.id).limit(limit)
        with reading(self._engine) as connection:
            return {row.id: row.turn for row in connection.execute(wanted)}

    def lay_down(self, run_id: str, *, turn: int) -> bool:
        """Have a run that is queued or on a worker, but with nobody, woken again; False when it is in another turn, or over."""
        here = _this(run_id) & runs.c.state.in_(_AFOOT) & (runs.c.turn == turn)
        found: Woke = "found"
        woken = case((runs.c.woken.in_(("time", "bell")), runs.c.woken), else_=literal(found))
        new: dict[str, Any] = {"state": "sleeping", "worker": None, "due_at": _AT_ONCE, "taken_until_us": None, "woken": woken}
        with writing(self._engine) as connection:
            return connection.execute(update(runs).where(here).values(new)).rowcount == 1

    def part(self, worker: str) -> None:
        """Leave the runs that a worker was on to others, as it parts."""
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(runs.c.worker == worker, runs.c.state == "running").values(state="queued", worker=None))

    def old(self, before: datetime, *, limit: int) -> tuple[str, ...]:
        """Ids of runs that were over before then."""
        wanted = select(runs.c.id).where(runs.c.state.in_(_OVER), runs.c.ended_at < before).limit(limit)
        with reading(self._engine) as connection:
            return tuple(connection.execute(wanted).scalars())

    def forget(self, ids: Collection[str]) -> None:
        """Forget runs that are over, for good."""
        with writing(self._engine) as connection:
            connection.execute(delete(runs).where(runs.c.id.in_(ids), runs.c.state.in_(_OVER)))

    def of_project(self, project_id: str) -> tuple[str, ...]:
        """Ids of all runs of a project, by its whole id."""
        with reading(self._engine) as connection:
            return tuple(connection.execute(select(runs.c.id).where(runs.c.project_id == project_id)).scalars())

    def empty(self, project_id: str, now: datetime) -> None:
        """Empty what the runs of a project, whole id, were given and said; what is not over is cancelled, and none goes on."""
        mine = runs.c.project_id == project_id
        stop: dict[str, Any] = {"state": "cancelled", "ended_at": now, **_UP}
        with writing(self._engine) as connection:
            connection.execute(update(runs).where(mine, runs.c.state.not_in(_OVER)).values(stop))
            connection.execute(update(runs).where(mine).values(given="", came=None, words=None))

    def forget_bells(self, *, older_us: int) -> None:
        """Forget the bells that were not rung for so long, and that nobody lies by."""
        waited = exists().where(runs.c.bell == bells.c.name)
        with writing(self._engine) as connection:
            connection.execute(delete(bells).where(bells.c.rung_us < now_us() - older_us, ~waited))
