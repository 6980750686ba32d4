"""Kinds of real work behind jobs: what is left to be done, by whom, and what its outcome means."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import insert, update

from layers_mcp.sandbox import tables
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.visit import Visit

__all__ = ["Trade", "leave", "put_off"]

E = TypeVar("E", bound=BaseModel)
O = TypeVar("O", bound=BaseModel)  # noqa: E741  an outcome


@dataclass(frozen=True, kw_only=True)
class Trade(Generic[E, O]):
    """One kind of work.

    `carry_out` does it, in a child process with the world's folder at hand, and does it again when its process died: the same errand
    gives the same outcome. `settle` states the outcome, in the transaction that ends the work. `discard` removes what a canceled
    job's work left in the folder.
    """

    name: str
    errands: TypeAdapter[E]
    carry_out: Callable[[E, Path], Awaitable[O | Trouble]]
    settle: Callable[[Visit, str, E, O | Trouble], None]
    discard: Callable[[Path, str, E], None]


def leave(visit: Visit, trade: str, job_id: str, errand: BaseModel) -> None:
    """Leave the work of a job for whoever does this trade."""
    row = {"job_id": job_id, "trade": trade, "errand": errand.model_dump(mode="json"), "state": "waiting"}
    visit.connection.execute(insert(tables.work).values(row | {"claims": 0, "crashes": 0, "lease_until_ms": 0}))


def put_off(visit: Visit, job_id: str, errand: BaseModel, *, due_at: datetime | None) -> None:
    """Leave more work for the same job, to be done from `due_at` on."""
    again = {"state": "waiting", "errand": errand.model_dump(mode="json"), "claims": 0, "crashes": 0, "due_at": due_at}
    visit.connection.execute(update(tables.work).where(tables.work.c.job_id == job_id).values(again))
