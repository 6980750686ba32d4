"""Credits as they move: the wallet's ledger, and what an organization gives to one below."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.account import CreditBalance
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.organizations import ADMIN, CreditConfig, GetOrganization, Metadata
from layers_mcp.contract.scalars import Credits, Id, Utc

__all__ = [
    "ALLOCATE", "CHILD_CREDITS", "CHILD_EVENTS", "CONFIGURE", "EVENTS", "GET_CONFIG", "MOST_CREDITS", "AllocateCredits", "Allocation",
    "ConfigureCredits", "CreditEvent", "CreditEventPage", "CreditStanding", "ListChildCreditEvents", "ListCreditEvents", "Movement",
]  # fmt: skip

MOST_CREDITS: Final = 1_000_000_000
"""Of one number of credits in a request; ours."""
Movement = Literal["usage", "refund", "grant", "purchase", "adjustment", "allocation"]
_Some = Annotated[int, Field(ge=1, le=MOST_CREDITS)]
_Any = Annotated[int, Field(ge=0, le=MOST_CREDITS)]


class ListCreditEvents(Request):
    """A page of a wallet's movements, newest first; `since` and `until` inclusive; of one project, those of none are left out."""

    project_id: Id | None = None
    event_type: Movement | None = None
    since: Utc | None = None
    until: Utc | None = None
    cursor: str | None = None
    limit: int = Field(default=25, ge=1, le=100)


class ListChildCreditEvents(ListCreditEvents):
    """The same of the wallet of an organization below."""

    org_id: Id


class CreditEvent(Reply):
    """One movement: what was spent is negative, what came in positive."""

    event_id: str
    event_type: Movement
    project_id: str | None = None
    credits: int
    job_id: str | None = None
    description: str | None = None
    metadata: dict[str, str] | None = None
    created_at: Utc | None = None


class CreditEventPage(Reply):
    """A page of movements."""

    items: tuple[CreditEvent, ...]
    next_cursor: str | None = None


class AllocateCredits(Request):
    """How many of the caller's credits an organization below gets."""

    org_id: Id
    credits: _Some
    description: Annotated[str, StringConstraints(max_length=500)] | None = None
    metadata: Metadata | None = None


class Allocation(Reply):
    """A transfer that was made; `balance` and `available` are those of the organization that got it."""

    id: str
    created: Utc | None = None
    allocated: Credits
    balance: int
    available: int
    description: str | None = None
    metadata: dict[str, str] | None = None
    replayed: bool = False


class ConfigureCredits(Request):
    """Only the fields given change; None turns one off. A threshold and an amount to refill by go together."""

    org_id: Id
    monthly_credit_cap: _Any | None = None
    refill_threshold: _Any | None = None
    refill_amount: _Some | None = None
    auto_refill_enabled: bool = False


class CreditStanding(Reply):
    """How an organization below spends and is refilled, and what it has."""

    organization_id: str
    config: CreditConfig
    balance: int
    available: int


_CHILD = "/v1/organizations/{orgId}"
_SOURCE = "layers-api: credits"
EVENTS: Endpoint[ListCreditEvents, CreditEventPage] = Endpoint(
    method="GET",
    path="/v1/credits/events",
    request=ListCreditEvents,
    reply=CreditEventPage,
    scope=None,
    rate="read-light",
    source=_SOURCE,
)
CHILD_CREDITS: Endpoint[GetOrganization, CreditBalance] = Endpoint(
    method="GET",
    path=f"{_CHILD}/credits",
    request=GetOrganization,
    reply=CreditBalance,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
CHILD_EVENTS: Endpoint[ListChildCreditEvents, CreditEventPage] = Endpoint(
    method="GET",
    path=f"{_CHILD}/credits/events",
    request=ListChildCreditEvents,
    reply=CreditEventPage,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
ALLOCATE: Endpoint[AllocateCredits, Allocation] = Endpoint(
    method="POST",
    path=f"{_CHILD}/credits/allocate",
    request=AllocateCredits,
    reply=Allocation,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    needs_key=True,
    codes=("CONFLICT", "INSUFFICIENT_CREDITS"),
    source=_SOURCE,
)
GET_CONFIG: Endpoint[GetOrganization, CreditStanding] = Endpoint(
    method="GET",
    path=f"{_CHILD}/credit-config",
    request=GetOrganization,
    reply=CreditStanding,
    scope=ADMIN,
    rate="read-light",
    source=_SOURCE,
)
CONFIGURE: Endpoint[ConfigureCredits, CreditStanding] = Endpoint(
    method="PATCH",
    path=f"{_CHILD}/credit-config",
    request=ConfigureCredits,
    reply=CreditStanding,
    scope=ADMIN,
    rate="write-light",
    keyed=True,
    codes=("CONFLICT",),
    source=_SOURCE,
)
