"""Leased accounts: TikTok accounts of Layers that are warmed and assigned by people, and billed by the month."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Language, SocialPlatform, Utc

__all__ = [
    "GET_REQUEST", "LIST", "MONTHLY_CENTS", "RELEASE", "REQUEST", "GetLeaseRequest", "LeaseRequest", "LeaseStatus", "LeasedAccount",
    "LeasedAccountPage", "ListLeasedAccounts", "Niche", "ReleaseAccount", "ReleasedAccount", "RequestAccounts",
]  # fmt: skip

MONTHLY_CENTS: Final = 15_000
"""What one account costs in a month from its assignment on, in cents of US dollars (layers-api: operational/pricing)."""
LeaseStatus = Literal["requested", "in_review", "provisioning", "assigned", "partial", "rejected", "failed"]
"""`in_review`, `provisioning` and `failed` are planned (layers-api: request-leased-accounts)."""
Words = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]


class Niche(Request):
    """What the accounts are to be about, and for whom; `geo`: ISO 3166 alpha-2 countries."""

    vertical: Words
    audience: Words | None = None
    language: Language | None = None
    geo: tuple[Country, ...] | None = Field(default=None, max_length=50)


class RequestAccounts(Request):
    """So many accounts of one niche, 1 to 50. `request_id`: the caller's own name for the request."""

    project_id: Id
    count: int = Field(ge=1, le=50)
    niche: Niche
    target: Words | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    request_id: Id | None = None


class LeaseRequest(Reply):
    """How a request stands; `partial`: fewer were assigned than asked for."""

    request_id: str
    project_id: str | None = None
    status: LeaseStatus
    submitted_at: Utc | None = None
    assigned_at: Utc | None = None
    assigned_social_account_ids: tuple[str, ...] = ()
    note: str | None = None


class GetLeaseRequest(Request):
    """One request."""

    project_id: Id
    request_id: Id


class ListLeasedAccounts(Request):
    """A page of a project's leased accounts, last assigned first; `limit` 1 to 200."""

    project_id: Id
    status: Literal["assigned", "disconnected"] = "assigned"
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class LeasedAccount(Reply):
    """One leased account; posts go out on it as on any other."""

    social_account_id: str
    project_id: str | None = None
    handle: str
    platform: SocialPlatform
    followers: int | None = None
    status: Literal["assigned", "disconnected"]
    assigned_at: Utc | None = None
    next_renewal_at: Utc | None = None
    monthly_price_cents: int | None = None


class LeasedAccountPage(Reply):
    """A page of leased accounts."""

    items: tuple[LeasedAccount, ...]
    next_cursor: str | None = None


class ReleaseAccount(Request):
    """The leased account to give back, at once and for good."""

    social_account_id: Id
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class ReleasedAccount(Reply):
    """An account that was given back: its queued posts are canceled, and it costs nothing more."""

    social_account_id: str
    status: Literal["disconnected"]
    disconnected_reason: str | None = None
    disconnected_at: Utc | None = None


_ROOT = "/v1/projects/{projectId}/leased-accounts"
REQUEST: Endpoint[RequestAccounts, LeaseRequest] = Endpoint(
    method="POST",
    path=f"{_ROOT}/request",
    request=RequestAccounts,
    reply=LeaseRequest,
    scope="leased:write",
    rate="write-light",
    keyed=True,
    repeats=("projectId",),
    statuses=(201,),
    codes=("CONFLICT",),
    source="layers-api: POST /v1/projects/:projectId/leased-accounts/request",
)
GET_REQUEST: Endpoint[GetLeaseRequest, LeaseRequest] = Endpoint(
    method="GET",
    path=f"{_ROOT}/requests/{{requestId}}",
    request=GetLeaseRequest,
    reply=LeaseRequest,
    scope="leased:write",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/leased-accounts/requests/:requestId",
)
LIST: Endpoint[ListLeasedAccounts, LeasedAccountPage] = Endpoint(
    method="GET",
    path=_ROOT,
    request=ListLeasedAccounts,
    reply=LeasedAccountPage,
    scope="leased:write",
    rate="read-light",
    source="layers-api: GET /v1/projects/:projectId/leased-accounts",
)
RELEASE: Endpoint[ReleaseAccount, ReleasedAccount] = Endpoint(
    method="DELETE",
    path="/v1/leased-accounts/{socialAccountId}",
    request=ReleaseAccount,
    reply=ReleasedAccount,
    scope="leased:write",
    rate="write-light",
    source="layers-api: DELETE /v1/leased-accounts/:socialAccountId",
)
