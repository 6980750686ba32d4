"""Social accounts, and the consent that connects them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.scalars import Id, SocialPlatform, Utc

__all__ = [
    "ACCOUNTS",
    "DECLINED",
    "DISCONNECT",
    "EXPIRED",
    "HEALTH",
    "OAUTH_STATUS",
    "OAUTH_URL",
    "PROJECT_OAUTH_STATUS",
    "REAUTH_URL",
    "AccountHealth",
    "AccountStatus",
    "CreateOauthUrl",
    "CreateReauthUrl",
    "DisconnectAccount",
    "DisconnectedAccount",
    "GetAccountHealth",
    "GetOauthStatus",
    "GetProjectOauthStatus",
    "ListAccounts",
    "OauthProblem",
    "OauthStatus",
    "OauthUrl",
    "SocialAccount",
    "SocialAccountPage",
    "State",
]

AccountStatus = Literal["connected", "reauth_required", "disconnected"]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=64)]
DECLINED: Final = "ACCESS_DENIED"
"""Code of a consent that the owner turned down; ours, after RFC 6749 §4.1.2.1 (`drift`)."""
EXPIRED: Final = "STATE_EXPIRED"
"""Code of a consent that nobody decided in time; ours (`drift`)."""
State = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_\-]+$")]
"""What a consent is known by: it stands in a path, so it is made of plain letters."""


class CreateOauthUrl(Request):
    """The platform to connect, and the allow-listed page its user comes back to."""

    project_id: Id
    platform: SocialPlatform
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    scopes: tuple[Scope, ...] | None = Field(default=None, max_length=32)
    usage_note: Annotated[str, StringConstraints(max_length=500)] | None = None


class CreateReauthUrl(Request):
    """The account whose owner is to consent again, and the allow-listed page they come back to; the account keeps its id."""

    project_id: Id
    social_account_id: Id
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    scopes: tuple[Scope, ...] | None = Field(default=None, max_length=32)


class OauthUrl(Reply):
    """The page for the account's owner to open, until `expires_at` (seed 004, step 8)."""

    authorize_url: str
    state: str
    expires_at: Utc


class GetOauthStatus(Request):
    """The state of a consent."""

    state: State


class GetProjectOauthStatus(Request):
    """The state of a consent, asked for in its project (seed 004, step 8)."""

    project_id: Id
    state: State


class OauthProblem(Reply):
    """Why a consent failed. `code`: ACCESS_DENIED, STATE_EXPIRED, or the platform's own; newer pages print none."""

    code: str | None = None
    message: str


class OauthStatus(Reply):
    """How a consent stands; `social_account_id` once it is completed."""

    state: str
    status: Literal["pending", "completed", "failed"]
    expires_at: Utc | None = None
    social_account_id: str | None = None
    error: OauthProblem | None = None


class ListAccounts(Request):
    """A page of a project's accounts; `limit` 1 to 200."""

    project_id: Id
    platform: SocialPlatform | None = None
    status: AccountStatus | None = None
    leased: bool | None = None
    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class SocialAccount(Reply):
    """One account that posts can go out on."""

    social_account_id: str
    platform: SocialPlatform
    handle: str
    avatar_url: str | None = None
    status: AccountStatus
    leased: bool = False
    connected_at: Utc | None = None
    token_expires_at: Utc | None = None


class SocialAccountPage(Reply):
    """A page of accounts."""

    items: tuple[SocialAccount, ...]
    next_cursor: str | None = None


class GetAccountHealth(Request):
    """The account whose last half-hourly snapshot is asked for."""

    social_account_id: Id


class AccountHealth(Reply):
    """How an account's posts do, by their metrics only; `score` 0 to 100, `recommendation` in the platform's own words."""

    social_account_id: str
    score: int | None = None
    tier: str | None = None
    shadowban_severity: str | None = None
    recommendation: str | None = None


class DisconnectAccount(Request):
    """The customer's own account to take off its project; its owner's consent brings it back."""

    social_account_id: Id


class DisconnectedAccount(Reply):
    """An account that was disconnected: its queued posts are canceled, what is out stays out."""

    social_account_id: str
    status: Literal["disconnected"]
    disconnected_reason: str | None = None
    canceled_scheduled_posts: int
    disconnected_at: Utc | None = None


OAUTH_URL: Endpoint[CreateOauthUrl, OauthUrl] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/social/oauth-url",
    request=CreateOauthUrl,
    reply=OauthUrl,
    scope="social:write",
    rate="write-light",
    codes=("RETURN_URL_NOT_ALLOWED",),
    source="seed 004, step 8",
)
REAUTH_URL: Endpoint[CreateReauthUrl, OauthUrl] = Endpoint(
    method="POST",
    path="/v1/projects/{projectId}/social/reauth-url",
    request=CreateReauthUrl,
    reply=OauthUrl,
    scope="social:write",
    rate="write-light",
    codes=("RETURN_URL_NOT_ALLOWED",),
    source="layers-api: social-accounts/reauth-url",
)
OAUTH_STATUS: Endpoint[GetOauthStatus, OauthStatus] = Endpoint(
    method="GET",
    path="/v1/social/oauth-status/{state}",
    request=GetOauthStatus,
    reply=OauthStatus,
    scope="social:read",
    rate="read-light",
    source="layers-api: social-accounts/oauth-status",
)
PROJECT_OAUTH_STATUS: Endpoint[GetProjectOauthStatus, OauthStatus] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/social/oauth-status",
    request=GetProjectOauthStatus,
    reply=OauthStatus,
    scope="social:read",
    rate="read-light",
    source="seed 004, step 8",
)
ACCOUNTS: Endpoint[ListAccounts, SocialAccountPage] = Endpoint(
    method="GET",
    path="/v1/projects/{projectId}/social-accounts",
    request=ListAccounts,
    reply=SocialAccountPage,
    scope="social:read",
    rate="read-light",
    source="layers-api: social-accounts",
)
DISCONNECT: Endpoint[DisconnectAccount, DisconnectedAccount] = Endpoint(
    method="DELETE",
    path="/v1/social-accounts/{socialAccountId}",
    request=DisconnectAccount,
    reply=DisconnectedAccount,
    scope="social:write",
    rate="write-light",
    codes=("CONFLICT",),
    source="layers-api: DELETE /v1/social-accounts/:socialAccountId",
)
HEALTH: Endpoint[GetAccountHealth, AccountHealth] = Endpoint(
    method="GET",
    path="/v1/social-accounts/{socialAccountId}/health",
    request=GetAccountHealth,
    reply=AccountHealth,
    scope="social:read",
    rate="read-light",
    source="layers-api: GET /v1/social-accounts/:accountId/health",
    live_only="the sandbox keeps no snapshots of how accounts do",
)
