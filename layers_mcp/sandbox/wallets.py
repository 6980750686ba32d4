"""What an organization can spend: two purses, what was charged and is reserved, and what went to and came from other organizations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select

from layers_mcp.contract import errors
from layers_mcp.sandbox import ids, tables

__all__ = ["Wallet", "check_cap", "child_of", "month", "refill", "short", "transfer", "wallet"]

_BOOK, _MOVED, _CHILD = tables.ledger.c, tables.transfers.c, tables.children.c


class Wallet(NamedTuple):
    """What an organization can spend, in credits; `used` is of the period that runs."""

    included: int
    included_left: int
    prepaid_left: int
    used: int
    reserved: int

    @property
    def balance(self) -> int:
        """What is left of both purses."""
        return self.included_left + self.prepaid_left

    @property
    def available(self) -> int:
        """What is not reserved."""
        return max(0, self.balance - self.reserved)

    @property
    def spare(self) -> int:
        """What can go to another organization: prepaid credits that nothing was reserved of; included ones end with their month."""
        return max(0, min(self.prepaid_left, self.available))


def month(moment: datetime) -> datetime:
    """When the month of an instant began."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _moved(connection: Connection, organization_id: str) -> int:
    """What came from other organizations, less what went to them."""
    came = select(func.sum(_MOVED.credits)).where(_MOVED.receiver_id == organization_id)
    went = select(func.sum(_MOVED.credits)).where(_MOVED.sender_id == organization_id)
    return int(connection.execute(came).scalar() or 0) - int(connection.execute(went).scalar() or 0)


def wallet(connection: Connection, organization_id: str, now: datetime) -> Wallet:
    """The wallet of an organization at `now`."""
    row = tables.organizations.c
    mine = connection.execute(select(row.included_credits, row.prepaid_credits).where(row.id == organization_id)).one()
    of_us = _BOOK.organization_id == organization_id
    spent = connection.execute(select(_BOOK.settled_at, _BOOK.credits).where(of_us, _BOOK.charged, _BOOK.settled_at <= now)).all()
    running = select(func.sum(_BOOK.credits)).where(of_us, _BOOK.reserved_at <= now, _BOOK.settled_at > now)
    months: dict[datetime, int] = {}
    for settled_at, credit in spent:
        months[month(settled_at)] = months.get(month(settled_at), 0) + credit
    used = months.get(month(now), 0)
    beyond = sum(max(0, credit - mine.included_credits) for credit in months.values())
    return Wallet(
        included=mine.included_credits,
        included_left=max(0, mine.included_credits - used),
        prepaid_left=mine.prepaid_credits - beyond + _moved(connection, organization_id),
        used=used,
        reserved=int(connection.execute(running).scalar() or 0),
    )


def short(amount: int, available: int) -> errors.InsufficientCredits:
    """The refusal of what costs more than there is."""
    return errors.InsufficientCredits(
        f"{amount} credits are needed, {available} are available", details={"required": amount, "available": available}
    )


def child_of(connection: Connection, organization_id: str) -> Row[Any] | None:
    """The row of an organization that is below another, or None."""
    return connection.execute(select(tables.children).where(_CHILD.id == organization_id)).first()


def check_cap(child: Row[Any] | None, owned: Wallet, amount: int) -> None:
    """Let an organization spend `amount` more this month.

    Raises:
        errors.InsufficientCredits: its parent has set a lower cap.
    """
    if child is not None and child.monthly_cap is not None and owned.used + owned.reserved + amount > child.monthly_cap:
        raise short(amount, max(0, min(owned.available, child.monthly_cap - owned.used - owned.reserved)))


def transfer(connection: Connection, between: tuple[str, str], amount: int, at: datetime, **said: Any) -> Row[Any]:
    """Write a transfer from one organization to another down; `said`: its description and metadata."""
    row = {"id": ids.mint("txn"), "sender_id": between[0], "receiver_id": between[1], "credits": amount, "at": at}
    return connection.execute(insert(tables.transfers).values(row | said).returning(tables.transfers)).one()


def refill(connection: Connection, child: Row[Any] | None, now: datetime) -> None:
    """Pull from the parent what an organization is to be refilled by, if it is below its threshold and the parent has as much to spare."""
    if child is None or not child.auto_refill or child.refill_threshold is None or child.refill_amount is None:
        return
    low = wallet(connection, child.id, now).available < child.refill_threshold
    if low and wallet(connection, child.parent_id, now).spare >= child.refill_amount:
        transfer(connection, (child.parent_id, child.id), child.refill_amount, now, description="Automatic refill")
