"""Rate limits: a token bucket for each key and class, exact across processes, on the wall's clock.

Sizes per minute: `contract/rates`. Header names are ours (`drift`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert

from layers_mcp.contract import errors
from layers_mcp.contract.rates import TIERS, Tier
from layers_mcp.contract.scalars import RateClass
from layers_mcp.sandbox import tables

__all__ = ["TIERS", "Budget", "Tier", "take"]

_MINUTE_S = 60
_DAY = timedelta(days=1)
_WRITES_A_DAY = "write-light a day"
_BUCKET = select(tables.buckets).where(tables.buckets.c.key_id == bindparam("key"), tables.buckets.c.name == bindparam("bucket"))
_NEW = insert(tables.buckets)
_STORE = _NEW.on_conflict_do_update(index_elements=["key_id", "name"], set_={"left": _NEW.excluded.left, "at": _NEW.excluded.at})


class Budget(NamedTuple):
    """How a bucket stands after a request; `full_in_s`: whole seconds until it is full again. `retry_after_s` None: let through.

    `used_up`: the requests a day that were all made, where that is the reason.
    """

    rate: RateClass
    limit: int
    left: int
    full_in_s: int
    retry_after_s: int | None = None
    used_up: int | None = None

    def headers(self) -> dict[str, str]:
        """The headers of every answer of a route."""
        shown = {"X-RateLimit-Limit": self.limit, "X-RateLimit-Remaining": self.left, "X-RateLimit-Reset": self.full_in_s}
        return {"X-RateLimit-Endpoint-Class": self.rate} | {name: str(number) for name, number in shown.items()}

    def check(self) -> None:
        """Let the request through or not.

        Raises:
            errors.RateLimited: the bucket is empty.
        """
        if self.retry_after_s is not None:
            limit, span = (self.limit, "minute") if self.used_up is None else (self.used_up, "day")
            raise errors.RateLimited(
                f"{self.rate}: {limit} requests a {span} are used up",
                details={"endpointClass": self.rate, "limit": limit},
                retry_after_s=self.retry_after_s,
            )


def _store(connection: Connection, key_id: str, name: str, *, left: float, at: datetime) -> None:
    connection.execute(_STORE, {"key_id": key_id, "name": name, "left": left, "at": at})


def _stored(connection: Connection, key_id: str, name: str) -> tuple[float, datetime] | None:
    row = connection.execute(_BUCKET, {"key": key_id, "bucket": name}).first()
    return None if row is None else (row.left, row.at)


def _take_a_write(connection: Connection, key_id: str, cap: int, wall_now: datetime) -> int | None:
    """Count one write of today: None, or seconds until tomorrow when today's are used up."""
    day = wall_now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    was = _stored(connection, key_id, _WRITES_A_DAY)
    left = was[0] if was is not None and was[1] == day else float(cap)
    if left < 1:
        return ceil((day + _DAY - wall_now).total_seconds())
    _store(connection, key_id, _WRITES_A_DAY, left=left - 1, at=day)
    return None


def take(connection: Connection, key_id: str, tier: Tier, rate: RateClass, *, wall_now: datetime) -> Budget:
    """Take one request out of the bucket, if there is one; a refused request costs nothing."""
    limit = tier.of(rate)
    a_second = limit / _MINUTE_S
    left = float(limit)
    if (was := _stored(connection, key_id, rate)) is not None:
        left = min(was[0] + max((wall_now - was[1]).total_seconds(), 0.0) * a_second, left)
    if left < 1:
        return Budget(rate, limit, 0, ceil((limit - left) / a_second), max(ceil((1 - left) / a_second), 1))
    if rate == "write-light" and (pause_s := _take_a_write(connection, key_id, tier.writes_a_day, wall_now)) is not None:
        return Budget(rate, limit, floor(left), ceil((limit - left) / a_second), pause_s, tier.writes_a_day)
    _store(connection, key_id, rate, left=left - 1, at=wall_now)
    return Budget(rate, limit, floor(left - 1), ceil((limit - left + 1) / a_second))
