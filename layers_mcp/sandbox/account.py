"""Who a key is, and the wallet of its organization: a ledger of reservations that are charged or released at an instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from layers_mcp.contract import account
from layers_mcp.contract.endpoint import Empty
from layers_mcp.contract.scalars import ContentFormat
from layers_mcp.sandbox import formats, tables, wallets
from layers_mcp.sandbox.clockwork import LATEST
from layers_mcp.sandbox.visit import Visit

__all__ = ["PRICES", "balance_of", "credits_of", "release", "reserve", "settle", "whoami"]

PRICES: dict[ContentFormat, int] = {"slideshow_remix": 50, "video_remix": 120, "ugc_remix": 120}
"""Credits of one variant (layers-api: credits, `estimatedCreditsPerFormat`)."""
_INGEST_BILLED = {"github": False, "website": False, "appstore": False}


def _next_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def reserve(visit: Visit, job_id: str, amount: int, *, settles_at: datetime | None, charged: bool) -> None:
    """Hold `amount` credits for a job until `settles_at`, when they are charged or come back; None: until `settle` says when.

    Raises:
        errors.InsufficientCredits: fewer are available, or the organization's parent lets it spend fewer this month.
    """
    mine = visit.key.organization_id
    owned, child = wallets.wallet(visit.connection, mine, visit.now), wallets.child_of(visit.connection, mine)
    wallets.check_cap(child, owned, amount)
    if owned.available < amount:
        raise wallets.short(amount, owned.available)
    row = {"organization_id": mine, "job_id": job_id, "credits": amount, "charged": charged}
    visit.connection.execute(insert(tables.ledger).values(row | {"reserved_at": visit.now, "settled_at": settles_at or LATEST}))
    wallets.refill(visit.connection, child, visit.now)


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
    child = wallets.child_of(visit.connection, visit.key.organization_id)
    return account.WhoAmI.model_validate(
        {
            "organizationId": visit.key.organization_id,
            "workspaceId": visit.key.organization_id,
            "organizationName": name if child is None else child.name,
            "parentOrganizationId": None if child is None else child.parent_id,
            "scopes": visit.key.scopes,
            "rateLimitTier": visit.key.tier,
            "apiKeyId": visit.key.id,
            "creditBalance": wallets.wallet(visit.connection, visit.key.organization_id, visit.now).balance,
            "killSwitch": False,
            "apiAccessRevoked": False,
        }
    )


def balance_of(connection: Connection, organization_id: str, now: datetime) -> account.CreditBalance:
    """The wallet of an organization as it stands at `now`."""
    wallet, start = wallets.wallet(connection, organization_id, now), wallets.month(now)
    return account.CreditBalance(
        organization_id=organization_id,
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


def credits_of(visit: Visit, _request: Empty) -> account.CreditBalance:
    """The wallet of the key's organization."""
    return balance_of(visit.connection, visit.key.organization_id, visit.now)
