"""An instant as a number, so that the database can reckon with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["days"]


class days(FunctionElement[float]):  # noqa: N801  written like a function of SQL, which it is
    """`days(instant)`: days since an instant that is the same for all; to the millisecond on SQLite."""

    inherit_cache = True
    type = Float()
    name = "days"


@compiles(days)
def _elsewhere(element: days, compiler: Any, **given: Any) -> str:
    return f"(CAST(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **given)}) AS DOUBLE PRECISION) / 86400.0)"


@compiles(days, "sqlite")
def _sqlite(element: days, compiler: Any, **given: Any) -> str:
    return f"julianday({compiler.process(element.clauses, **given)})"
