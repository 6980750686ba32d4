"""The customers that loops work for, in the database: one row for each of the partner's own ids."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from layers_mcp.database import reading, writing
from layers_mcp.store.asked import Customer, Stage
from layers_mcp.store.asked_tables import customers

__all__ = ["Customers"]


def _this(principal: str, external_id: str) -> ColumnElement[bool]:
    return (customers.c.principal == principal) & (customers.c.external_id == external_id)


def _row(connection: Connection, which: ColumnElement[bool]) -> Customer | None:
    found = connection.execute(select(customers).where(which)).mappings().first()
    return None if found is None else Customer.model_validate(dict(found))


class Customers:
    """Every customer that an onboarding was asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, fresh: Customer) -> Customer:
        """Keep a customer; of one that is known, and in no daily loops, what was asked for last. What is on record after that."""
        new = fresh.model_dump(mode="python")
        with writing(self._engine) as connection:
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(insert(customers).values(new))
                return fresh
            this, left = _this(fresh.principal, fresh.external_id), customers.c.stage == "left"
            asked = {name: new[name] for name in ("name", "zone", "asked")}
            connection.execute(update(customers).where(this, customers.c.stage != "active").values(asked))
            connection.execute(update(customers).where(this, left).values(stage=fresh.stage, since=fresh.since))
            known = _row(connection, _this(fresh.principal, fresh.external_id))
            assert known is not None, "what can't be added is there"
            return known

    def find(self, principal: str, external_id: str) -> Customer | None:
        """The customer with this id, or None."""
        with reading(self._engine) as connection:
            return _row(connection, _this(principal, external_id))

    def of_project(self, principal: str, project_id: str) -> Customer | None:
        """The customer whose project it is, by its whole id, or None."""
        with reading(self._engine) as connection:
            return _row(connection, (customers.c.principal == principal) & (customers.c.project_id == project_id))

    def belongs(self, principal: str, external_id: str, project_id: str) -> None:
        """Record which project is the customer's; the whole id."""
        with writing(self._engine) as connection:
            connection.execute(update(customers).where(_this(principal, external_id)).values(project_id=project_id))

    def move(self, principal: str, external_id: str, stage: Stage, now: datetime) -> None:
        """Record that the customer is at another stage since now; nothing where it is there already."""
        moved = _this(principal, external_id) & (customers.c.stage != stage)
        with writing(self._engine) as connection:
            connection.execute(update(customers).where(moved).values(stage=stage, since=now))

    def rank(self, principal: str, external_id: str, priority: int) -> None:
        """Give a customer another priority."""
        with writing(self._engine) as connection:
            connection.execute(update(customers).where(_this(principal, external_id)).values(priority=priority))

    def number(self, principal: str) -> int:
        """How many there are that have not left."""
        wanted = select(func.count()).select_from(customers).where(customers.c.principal == principal, customers.c.stage != "left")
        with reading(self._engine) as connection:
            return connection.execute(wanted).scalar_one()

    def forget(self, project_id: str, now: datetime) -> None:
        """Empty what is known of the customer of a project, whole id; it takes part in no loop any more."""
        with writing(self._engine) as connection:
            mine = customers.c.project_id == project_id
            connection.execute(update(customers).where(mine).values(name="", asked={}, stage="left", since=now))
