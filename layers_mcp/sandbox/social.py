"""Social accounts, and the consent that connects them: asked for here, decided on a page by the account's owner (`consent`)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import JsonValue
from sqlalchemy import Connection, Row, insert, select, update

from layers_mcp.contract import errors, events, social
from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox import audit, awaiting, ids, posts, projects, readiness, tables, telling
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = [
    "accounts", "check_return_url", "connect", "connected", "disconnect", "expired", "handle_of", "oauth_status", "oauth_url",
    "project_oauth_status", "reauth_url",
]  # fmt: skip

_STATE_LIVES = timedelta(minutes=30)
"""By the stamps of seed 004, step 8; newer pages say 10 minutes."""
_TOKEN_LIVES = timedelta(days=60)
"""How long a token is good; ours: that of Instagram's long-lived tokens."""
_SCOPES: dict[SocialPlatform, tuple[str, ...]] = {
    "tiktok": ("user.info.basic", "video.publish"),
    "instagram": ("instagram_business_basic", "instagram_business_content_publish"),
}
"""What is asked for when the caller names nothing; the platforms' own names."""
_CLIENT = "layers-sandbox"
_LOCAL = ("localhost", "127.0.0.1")
_ODD = re.compile(r"[\s\\@]|[^\x21-\x7e]")
"""What makes a URL mean one host to us and another to a browser."""
_COMPANY = {"co", "company", "inc", "llc", "ltd", "gmbh", "corp"}
_SAID = {
    social.DECLINED: "the account's owner declined",
    social.EXPIRED: "nobody consented before the URL expired; ask for a new one",
}
"""Our words for how a consent failed; anything else is the platform's refusal."""


def check_return_url(visit: Visit, return_url: str) -> None:
    """Let a return URL through whose host is on the key's list.

    Raises:
        errors.Invalid: it is not https (http only for localhost), or can be read in two ways.
        errors.ReturnUrlNotAllowed: its host is not on the list.
    """
    try:
        parts = urlsplit(return_url)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise invalid("returnUrl", "is not a URL") from error
    if _ODD.search(return_url) or not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL)):
        raise invalid("returnUrl", "must be an https URL; http is for localhost only")
    if host not in visit.key.return_hosts:
        known = ", ".join(visit.key.return_hosts) or "none"
        message = f"its host is not on the key's allow-list ({known}); use a page there, or a key that allows the host: POST /_sandbox/keys"
        details: dict[str, JsonValue] = {"host": host, "issues": [{"path": "returnUrl", "message": message}]}
        raise errors.ReturnUrlNotAllowed("the host of returnUrl is not on the allow-list of this key", details=details)


def handle_of(name: str) -> str:
    """The handle of a project's accounts: `Quinns Coffee Co` → `quinnscoffee`, as seed 004, step 10 prints it."""
    words = re.findall(r"[a-z0-9]+", re.sub("['\u2019]", "", name.lower()))
    return "".join(word for word in words if word not in _COMPANY)[:24] or "brand"


def _consented(connection: Connection, project: Row[Any], platform: str, now: datetime) -> Row[Any]:
    """The account of a project on a platform, made or with a new token."""
    row, token = tables.accounts.c, {"token_expires_at": now + _TOKEN_LIVES}
    own = (row.project_id == project.id, row.platform == platform, row.lease_id.is_(None))
    known = connection.execute(select(tables.accounts).where(*own)).first()
    if known is not None:
        posts.keep_failed(connection, known.id, expired_at=known.token_expires_at, now=now)
        back: dict[str, Any] = {} if known.disconnected_at is None else {"connected_at": now, "disconnected_at": None}
        connection.execute(update(tables.accounts).where(row.id == known.id).values(token | back))
        return connection.execute(select(tables.accounts).where(row.id == known.id)).one()
    new = {"id": ids.mint("sa"), "project_id": project.id, "platform": platform, "handle": handle_of(project.name)}
    made = insert(tables.accounts).values(new | token | {"connected_at": now})
    return connection.execute(made.returning(tables.accounts)).one()


def connect(connection: Connection, project: Row[Any], platform: str, now: datetime) -> str:
    """Connect the account of a project on a platform, or renew the token of the one that is there; its id, which never changes."""
    account = _consented(connection, project, platform, now)
    awaiting.expect(connection, "account", account.id, project_id=project.id, due_at=account.token_expires_at)
    said = events.AccountConnected(
        social_account_id=account.id, platform=platform, display_name=account.handle, connected_at=account.connected_at
    )
    telling.tell(connection, "social_account.connected", said, project_id=project.id, at=now)
    readiness.look(connection, project.id, now)
    return str(account.id)


def _page_for(
    visit: Visit, project: Row[Any], platform: SocialPlatform, request: social.CreateOauthUrl | social.CreateReauthUrl
) -> social.OauthUrl:
    """Mint a state, and the URL of the page on which it is decided; scripted trouble is what the platform will say to an Allow."""
    check_return_url(visit, request.return_url)
    state, scopes = ids.stamped("st", visit.now), request.scopes or _SCOPES[platform]
    row: dict[str, Any] = {"state": state, "key_id": visit.key.id, "project_id": project.id, "platform": platform}
    row |= {"return_url": request.return_url, "scopes": list(scopes), "problem": visit.trouble}
    row |= {"created_at": visit.now, "expires_at": visit.now + _STATE_LIVES}
    visit.connection.execute(insert(tables.oauth_states).values(row))
    query = {"client_key": _CLIENT, "response_type": "code", "scope": ",".join(scopes), "state": state}
    url = f"{visit.ground.site_url}/oauth/{platform}/authorize?{urlencode(query, quote_via=quote)}"
    return social.OauthUrl(authorize_url=url, state=state, expires_at=row["expires_at"])


def oauth_url(visit: Visit, request: social.CreateOauthUrl) -> social.OauthUrl:
    """A page for the account's owner to open; the account is connected when they allow it there."""
    return _page_for(visit, projects.living(visit, request.project_id), request.platform, request)


def reauth_url(visit: Visit, request: social.CreateReauthUrl) -> social.OauthUrl:
    """A page for the owner of a connected account to consent again; the account keeps its id and gets a new token."""
    row, project = tables.accounts.c, projects.living(visit, request.project_id)
    mine = (row.project_id == project.id, row.id == ids.full("sa", request.social_account_id), row.connected_at <= visit.now)
    mine = (*mine, row.lease_id.is_(None))
    platform = visit.connection.execute(select(row.platform).where(*mine)).scalar()
    if platform is None:
        raise invalid("socialAccountId", "is not an account of this project; GET /v1/projects/{projectId}/social-accounts lists them")
    return _page_for(visit, project, platform, request)


def _problem(found: Row[Any], now: datetime) -> str | None:
    """The code that a consent failed with by `now`, or None when it has not failed."""
    if found.resolved_at is None:
        return social.EXPIRED if found.expires_at <= now else None
    return found.problem if found.resolved_at <= now else None


def _status(visit: Visit, state: str, project_id: str | None) -> social.OauthStatus:
    """How a consent stands; only the key that asked for it sees it (layers-api: oauth-status)."""
    row = tables.oauth_states.c
    query = select(tables.oauth_states).where(row.state == state, row.key_id == visit.key.id)
    found = visit.connection.execute(query).first()
    if found is None or project_id not in (None, found.project_id):
        raise errors.NotFound("there is no such state")
    code = _problem(found, visit.now)
    if code is not None:
        problem = social.OauthProblem(code=code, message=_SAID.get(code, "the platform refused the consent"))
        return social.OauthStatus(state=state, status="failed", error=problem)
    if found.resolved_at is None or visit.now < found.resolved_at:
        return social.OauthStatus(state=state, status="pending", expires_at=found.expires_at)
    return social.OauthStatus(state=state, status="completed", social_account_id=found.account_id)


def oauth_status(visit: Visit, request: social.GetOauthStatus) -> social.OauthStatus:
    """How a consent stands."""
    return _status(visit, request.state, None)


def project_oauth_status(visit: Visit, request: social.GetProjectOauthStatus) -> social.OauthStatus:
    """How a consent stands, asked for in its project (seed 004, step 8)."""
    return _status(visit, request.state, projects.own(visit, request.project_id).id)


def connected(visit: Visit, project_id: str) -> dict[str, SocialPlatform]:
    """The platform of each account that is connected to the project, also where its token has expired since."""
    row = tables.accounts.c
    query = select(row.id, row.platform).where(row.project_id == project_id, row.connected_at <= visit.now, row.disconnected_at.is_(None))
    return {found.id: found.platform for found in visit.connection.execute(query)}


def expired(visit: Visit, project_id: str) -> frozenset[str]:
    """The ids of the project's accounts whose owner has to consent again before anything can go out on them."""
    row = tables.accounts.c
    query = select(row.id).where(row.project_id == project_id, row.token_expires_at <= visit.now)
    return frozenset(visit.connection.execute(query).scalars())


def accounts(visit: Visit, request: social.ListAccounts) -> social.SocialAccountPage:
    """A page of a project's accounts, last connected first."""
    row, project = tables.accounts.c, projects.own(visit, request.project_id)
    query = select(tables.accounts).where(row.project_id == project.id, row.connected_at <= visit.now)
    if request.platform is not None:
        query = query.where(row.platform == request.platform)

    def see(found: Row[Any]) -> social.SocialAccount | None:
        status = "reauth_required" if found.token_expires_at <= visit.now else "connected"
        status = "disconnected" if found.disconnected_at is not None else status
        leased = found.lease_id is not None
        if request.status not in (None, status) or request.leased not in (None, leased):
            return None
        return social.SocialAccount(
            social_account_id=found.id,
            platform=found.platform,
            handle=found.handle,
            avatar_url=None,
            status=status,
            leased=leased,
            connected_at=found.connected_at,
            token_expires_at=None if leased else found.token_expires_at,
        )

    keys = Keys("accounts", row.connected_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return social.SocialAccountPage(items=items, next_cursor=cursor)


def disconnect(visit: Visit, request: social.DisconnectAccount) -> social.DisconnectedAccount:
    """Take an account off its project: queued posts on it are canceled, what is out stays out.

    Raises:
        errors.NotFound: there is no such account, or it was disconnected before.
        errors.Conflict: it is leased; that is given back by its own endpoint.
    """
    row, project = tables.accounts.c, tables.projects.c
    query = select(tables.accounts).join(tables.projects, row.project_id == project.id)
    query = query.where(row.id == ids.full("sa", request.social_account_id), project.organization_id == visit.key.organization_id)
    found = visit.connection.execute(query.where(row.connected_at <= visit.now, row.disconnected_at.is_(None))).first()
    if found is None:
        raise errors.NotFound(f"there is no connected account {request.social_account_id}")
    if found.lease_id is not None:
        raise errors.Conflict(f"account {found.id} is leased; DELETE /v1/leased-accounts/{{socialAccountId}} gives it back")
    visit.connection.execute(update(tables.accounts).where(row.seq == found.seq).values(disconnected_at=visit.now))
    awaiting.over(visit.connection, "account", found.id)
    canceled, why = posts.cancel_on(visit, found.id), "revoked_by_partner"
    audit.log(visit, "social_account.revoked", found.project_id, socialAccountId=found.id, canceledPosts=canceled)
    said = events.AccountRevoked(
        social_account_id=found.id,
        platform=found.platform,
        display_name=found.handle,
        disconnected_reason=why,
        disconnected_at=visit.now,
    )
    telling.tell(visit.connection, "social_account.revoked", said, project_id=found.project_id, at=visit.now)
    return social.DisconnectedAccount(
        social_account_id=found.id,
        status="disconnected",
        disconnected_reason=why,
        canceled_scheduled_posts=canceled,
        disconnected_at=visit.now,
    )
