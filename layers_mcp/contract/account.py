"""Who a key is, and what its organization can spend."""

from __future__ import annotations

from typing import Literal

from layers_mcp.contract.endpoint import Empty, Endpoint, Reply
from layers_mcp.contract.scalars import Credits, Utc

__all__ = ["CREDITS", "WHOAMI", "CreditBalance", "Period", "WhoAmI"]


class WhoAmI(Reply):
    """The key and its organization (layers-api: organizations/whoami, and the two flags of its first edition)."""

    organization_id: str
    workspace_id: str
    organization_name: str
    parent_organization_id: str | None = None
    scopes: tuple[str, ...]
    rate_limit_tier: Literal["standard", "pilot", "partner", "sandbox", "internal"]
    api_key_id: str
    credit_balance: int
    kill_switch: bool = False
    api_access_revoked: bool = False


class Period(Reply):
    """The billing period that runs now."""

    start: Utc
    end: Utc
    used_credits: Credits


class CreditBalance(Reply):
    """The wallet: `balance` = included + prepaid, `available` = balance - reserved, never below 0."""

    organization_id: str
    balance: int
    available: int
    included_remaining: Credits
    prepaid_balance: Credits
    reserved_credits: Credits
    included_this_period: Credits
    used_this_period: Credits
    current_period: Period
    subscription_tier: str
    billing_status: str
    estimated_credits_per_format: dict[str, int]
    ingest_costs_billed: dict[str, bool]

    def price_of(self, wanted: str | None) -> int:
        """Credits of one container in the format `wanted`; where it is not priced, of the dearest."""
        prices = self.estimated_credits_per_format
        return prices.get(wanted or "", max(prices.values(), default=0))


WHOAMI: Endpoint[Empty, WhoAmI] = Endpoint(
    method="GET",
    path="/v1/whoami",
    request=Empty,
    reply=WhoAmI,
    scope=None,
    rate="read-light",
    source="layers-api: organizations/whoami",
)
CREDITS: Endpoint[Empty, CreditBalance] = Endpoint(
    method="GET",
    path="/v1/credits",
    request=Empty,
    reply=CreditBalance,
    scope=None,
    rate="read-light",
    source="layers-api: credits",
)
