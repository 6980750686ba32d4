"""The customer's own ad accounts, and the consent that connects one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from layers_mcp.contract.ads import AdPlatform
from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, Utc

__all__ = ["ACCOUNTS", "OAUTH_URL", "AdAccount", "AdAccountPage", "AdsOauthUrl", "CreateAdsOauthUrl", "ListAdAccounts"]


class CreateAdsOauthUrl(Request):
    """The platform whose ad account is to be connected, and the allow-listed page its owner comes back to."""

    project_id: Id
    platform: AdPlatform
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    state: Annotated[str, StringConstraints(max_length=500)] | None = None


class AdsOauthUrl(Reply):
    """The page for the ad account's owner to open."""

    url: str
    expires_at: Utc


class ListAdAccounts(Request):
    """Which ad accounts of a project; `healthy`: only those whose token is valid, or only the others."""

    project_id: Id
    platforms: tuple[AdPlatform, ...] | None = Field(default=None, max_length=3)
    healthy: bool | None = None


class AdAccount(Reply):
    """An ad account of the customer; `currency` is ISO 4217, `external_id` the platform's own."""

    ad_account_id: str
    platform: AdPlatform
    external_id: str
    name: str
    currency: str
    timezone: str
    token_status: str
    token_last_validated_at: Utc | None = None
    connected_at: Utc


class AdAccountPage(Reply):
    """All ad accounts of a project."""

    items: tuple[AdAccount, ...]
    next_cursor: str | None = None


_ROOT = "/v1/projects/{projectId}/ads/ad-accounts"
OAUTH_URL: Endpoint[CreateAdsOauthUrl, AdsOauthUrl] = Endpoint(
    method="POST",
    path=f"{_ROOT}/oauth-url",
    request=CreateAdsOauthUrl,
    reply=AdsOauthUrl,
    scope="ads:write",
    rate="write-light",
    codes=("RETURN_URL_NOT_ALLOWED",),
    source="layers-api: ads/ad-accounts/oauth-url",
)
ACCOUNTS: Endpoint[ListAdAccounts, AdAccountPage] = Endpoint(
    method="GET",
    path=_ROOT,
    request=ListAdAccounts,
    reply=AdAccountPage,
    scope="ads:read",
    rate="read-light",
    source="layers-api: ads/ad-accounts",
)
