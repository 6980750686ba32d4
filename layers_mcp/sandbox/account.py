"""Who a key is, and the wallet of its organization: a ledger of reservations that are charged or released at an instant."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, insert, select, update

from layers_mcp.contract import account, errors
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.scalars import ContentFormat
from layers_mcp.sandbox import formats, tables
from layers_mcp.sandbox.clockwork import LATEST
from layers_mcp.sandbox.visit import Visit

__all__ = ["PRICES", "credits_of", "release", "reserve", "settle", "whoami"]

PRICES: dict[ContentFormat, int] = {"slideshow_remix": 50, "video_remix": 120, "ugc_remix": 120}
"""Credits of one variant (layers-api: credits, `estimatedCreditsPerFormat`)."""
_INGEST_BILLED = {"github": False, "website": False, "appstore": False}


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


def _month(moment: datetime) -> datetime:
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _next_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _wallet(visit: Visit) -> Wallet:
    row, book = tables.organizations.c, tables.ledger.c
    mine = visit.connection.execute(select(row.included_credits, row.prepaid_credits).where(row.id == visit.key.organization_id)).one()
    of_us = book.organization_id == visit.key.organization_id
    spent = visit.connection.execute(select(book.settled_at, book.credits).where(of_us, book.charged, book.settled_at <= visit.now)).all()
    running = select(func.sum(book.credits)).where(of_us, book.reserved_at <= visit.now, book.settled_at > visit.now)
    months: dict[datetime, int] = {}
    for settled_at, credit in spent:
        months[_month(settled_at)] = months.get(_month(settled_at), 0) + credit
    used = months.get(_month(visit.now), 0)
    beyond = sum(max(0, month - mine.included_credits) for month in months.values())
    return Wallet(
        included=mine.included_credits,
        included_left=max(0, mine.included_credits - used),
        prepaid_left=mine.prepaid_credits - beyond,
        used=used,
        reserved=int(visit.connection.execute(running).scalar() or 0),
    )


def reserve(visit: Visit, job_id: str, amount: int, *, settles_at: datetime | None, charged: bool) -> None:
    """Hold `amount` credits for a job until `settles_at`, when they are charged or come back; None: until `settle` says when.

    Raises:
        errors.InsufficientCredits: fewer are available.
    """
    wallet = _wallet(visit)
    if wallet.available < amount:
        raise errors.InsufficientCredits(
            f"{amount} credits are needed, {wallet.available} are available",
            details={"required": amount, "available": wallet.available},
        )
    row = {"organization_id": visit.key.organization_id, "job_id": job_id, "credits": amount, "charged": charged}
    visit.connection.execute(insert(tables.ledger).values(row | {"reserved_at": visit.now, "settled_at": settles_at or LATEST}))


def settle(visit: Visit, job_id: str, at: datetime, *, charged: bool) -> None:
    """Let the credits of a job be charged, or come back, at the instant `at`."""
    visit.connection.execute(update(tables.ledger).where(tables.ledger.c.job_id == job_id).values(settled_at=at, charged=charged))


def release(visit: Visit, job_id: str, at: datetime) -> None:
    """Let the credits of a job come back at the instant `at`."""
    settle(visit, job_id, at, charged=False)


def whoami(visit: Visit, _request: Empty) -> account.WhoAmI:
    """The key and its organization."""
    row = tables.organizations.c
    name = visit.connection.execute(select(row.name).where(row.id == visit.key.organization_id)).scalar_one()
    return account.WhoAmI.model_validate(
        {
            "organizationId": visit.key.organization_id,
            "workspaceId": visit.key.organization_id,
            "organizationName": name,
            "parentOrganizationId": None,
            "scopes": visit.key.scopes,
            "rateLimitTier": visit.key.tier,
            "apiKeyId": visit.key.id,
            "creditBalance": _wallet(visit).balance,
            "killSwitch": False,
            "apiAccessRevoked": False,
        }
    )


def credits_of(visit: Visit, _request: Empty) -> account.CreditBalance:
    """The wallet as it stands."""
    wallet, start = _wallet(visit), _month(visit.now)
    return account.CreditBalance(
        organization_id=visit.key.organization_id,
        balance=wallet.balance,
        available=wallet.available,
        included_remaining=wallet.included_left,
        prepaid_balance=wallet.prepaid_left,
        reserved_credits=wallet.reserved,
        included_this_period=wallet.included,
        used_this_period=wallet.used,
        current_period=account.Period(start=start, end=_next_month(start), used_credits=wallet.used),
        subscription_tier="pro",
        billing_status="active",
        estimated_credits_per_format={"slideshow_builder": PRICES["slideshow_remix"], **PRICES, "auto": PRICES[formats.chosen("auto")]},
        ingest_costs_billed=_INGEST_BILLED,
    )
