"""The database's own time, which all machines that share it agree on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["now_us"]


class now_us(FunctionElement[int]):  # noqa: N801  written like a function of SQL, which it is
    """Microseconds since 1970 by the database's clock, at the moment the statement runs; to the millisecond on SQLite."""

    inherit_cache = True
    type = BigInteger()
    name = "now_us"


@compiles(now_us)
def _elsewhere(_element: now_us, _compiler: Any, **_: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(now_us, "sqlite")
def _sqlite(_element: now_us, _compiler: Any, **_: Any) -> str:
    return "(CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"
