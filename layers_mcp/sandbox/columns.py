"""How the sandbox's tables are made: instants as whole milliseconds, names of constraints, and the columns that many tables share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, MetaData, String
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect

__all__ = ["TABLES", "Instant", "at", "from_ms", "identity", "json", "of", "seq", "to_ms", "word"]

TABLES = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_START = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = timedelta(milliseconds=1)


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return (moment - _START) // _STEP


def from_ms(number: int) -> datetime:
    """The UTC instant `number` milliseconds after 1970."""
    return _START + number * _STEP


class Instant(TypeDecorator[datetime]):
    """A UTC instant, kept as whole milliseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """The number to keep."""
        del dialect
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The instant that was kept."""
        del dialect
        return None if value is None else from_ms(value)


def json() -> JSON:
    """JSON, with SQL's NULL for None."""
    return JSON(none_as_null=True)


def at(name: str, *, empty: bool = False) -> Column[datetime]:
    """An instant."""
    return Column(name, Instant, nullable=empty)


def of(table: str, name: str, *, empty: bool = False) -> Column[str]:
    """The id of a row of another table."""
    return Column(name, String, ForeignKey(f"{table}.id"), nullable=empty, index=True)


def seq() -> Column[int]:
    """The order of making."""
    return Column("seq", Integer, primary_key=True)


def identity() -> Column[str]:
    """The id that callers know."""
    return Column("id", String, nullable=False, unique=True)


def word(name: str, *, empty: bool = False) -> Column[str]:
    """A text."""
    return Column(name, String, nullable=empty)
