"""Social accounts, and the consent that connects them: it resolves by itself, some seconds after its page was asked for."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Row, insert, select, update

from layers_mcp.contract import errors, social
from layers_mcp.contract.scalars import SocialPlatform
from layers_mcp.sandbox import ids, posts, projects, tables
from layers_mcp.sandbox.pages import Keys, Window, page
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["accounts", "check_return_url", "connected", "oauth_status", "oauth_url", "project_oauth_status"]

CONSENT_S = 20.0
"""Seconds until a consent resolves, at job speed 1; ours."""
_STATE_LIVES = timedelta(minutes=30)
"""By the stamps of seed 004, step 8; newer pages say 10 minutes."""
_TOKEN_LIVES = timedelta(days=60)
_PAGES: dict[SocialPlatform, str] = {
    "tiktok": "https://www.tiktok.com/v2/auth/authorize?client_key=layers-sandbox&response_type=code&scope={scope}&state={state}",
    "instagram": "https://www.instagram.com/oauth/authorize?client_id=layers-sandbox&response_type=code&scope={scope}&state={state}",
}
_SCOPES: dict[SocialPlatform, tuple[str, ...]] = {
    "tiktok": ("user.info.basic", "video.publish"),
    "instagram": ("instagram_business_basic", "instagram_business_content_publish"),
}
_LOCAL = ("localhost", "127.0.0.1")
_ODD = re.compile(r"[\s\\@]|[^\x21-\x7e]")
"""What makes a URL mean one host to us and another to a browser."""
_COMPANY = {"co", "company", "inc", "llc", "ltd", "gmbh", "corp"}


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
        raise errors.ReturnUrlNotAllowed("the host of returnUrl is not on the allow-list of this key", details={"host": host})


def _handle(name: str) -> str:
    """`Quinns Coffee Co` → `quinnscoffee`, as seed 004, step 10 prints it."""
    words = re.findall(r"[a-z0-9]+", re.sub("['\u2019]", "", name.lower()))
    return "".join(word for word in words if word not in _COMPANY)[:24] or "brand"


def _account(visit: Visit, project: Row[Any], platform: str, visit_at: Any) -> str:
    row = tables.accounts.c
    known = visit.connection.execute(select(tables.accounts).where(row.project_id == project.id, row.platform == platform)).first()
    if known is not None:
        posts.keep_failed(visit, known.id, expired_at=known.token_expires_at)
        renewed = update(tables.accounts).where(row.id == known.id)
        visit.connection.execute(renewed.values(token_expires_at=visit_at + _TOKEN_LIVES))
        return str(known.id)
    new = {"id": ids.mint("sa"), "project_id": project.id, "platform": platform, "handle": _handle(project.name)}
    times = {"connected_at": visit_at, "token_expires_at": visit_at + _TOKEN_LIVES}
    visit.connection.execute(insert(tables.accounts).values(new | times))
    return new["id"]


def oauth_url(visit: Visit, request: social.CreateOauthUrl) -> social.OauthUrl:
    """A page for the account's owner to open; the consent resolves by itself (a page to walk comes later, see `drift`)."""
    project = projects.living(visit, request.project_id)
    check_return_url(visit, request.return_url)
    state = ids.stamped("st", visit.now)
    resolved_at = visit.now + timedelta(seconds=CONSENT_S / visit.ground.job_speed)
    account_id = _account(visit, project, request.platform, resolved_at) if visit.trouble is None else None
    row: dict[str, Any] = {"state": state, "key_id": visit.key.id, "project_id": project.id, "platform": request.platform}
    row |= {"return_url": request.return_url, "created_at": visit.now, "expires_at": visit.now + _STATE_LIVES}
    row |= {"resolved_at": resolved_at, "account_id": account_id, "problem": visit.trouble}
    visit.connection.execute(insert(tables.oauth_states).values(row))
    scope = quote(",".join(request.scopes or _SCOPES[request.platform]), safe="")
    url = _PAGES[request.platform].format(scope=scope, state=state)
    return social.OauthUrl(authorize_url=url, state=state, expires_at=row["expires_at"])


def _status(visit: Visit, state: str, project_id: str | None) -> social.OauthStatus:
    """How a consent stands; only the key that asked for it sees it (layers-api: oauth-status)."""
    row = tables.oauth_states.c
    query = select(tables.oauth_states).where(row.state == state, row.key_id == visit.key.id)
    found = visit.connection.execute(query).first()
    if found is None or project_id not in (None, found.project_id):
        raise errors.NotFound("there is no such state")
    if visit.now < found.resolved_at:
        return social.OauthStatus(state=state, status="pending", expires_at=found.expires_at)
    if found.problem is not None:
        problem = social.OauthProblem(code=found.problem, message="the platform refused the consent")
        return social.OauthStatus(state=state, status="failed", error=problem)
    return social.OauthStatus(state=state, status="completed", social_account_id=found.account_id)


def oauth_status(visit: Visit, request: social.GetOauthStatus) -> social.OauthStatus:
    """How a consent stands."""
    return _status(visit, request.state, None)


def project_oauth_status(visit: Visit, request: social.GetProjectOauthStatus) -> social.OauthStatus:
    """How a consent stands, asked for in its project (seed 004, step 8)."""
    return _status(visit, request.state, projects.own(visit, request.project_id).id)


def connected(visit: Visit, project_id: str) -> dict[str, SocialPlatform]:
    """The platform of each account that the project can post on now."""
    row = tables.accounts.c
    query = select(row.id, row.platform).where(row.project_id == project_id, row.connected_at <= visit.now)
    return {found.id: found.platform for found in visit.connection.execute(query)}


def accounts(visit: Visit, request: social.ListAccounts) -> social.SocialAccountPage:
    """A page of a project's accounts, last connected first."""
    row, project = tables.accounts.c, projects.own(visit, request.project_id)
    query = select(tables.accounts).where(row.project_id == project.id, row.connected_at <= visit.now)
    if request.platform is not None:
        query = query.where(row.platform == request.platform)

    def see(found: Row[Any]) -> social.SocialAccount | None:
        if request.status not in (None, "connected") or request.leased:
            return None
        return social.SocialAccount(
            social_account_id=found.id,
            platform=found.platform,
            handle=found.handle,
            avatar_url=None,
            status="connected",
            leased=False,
            connected_at=found.connected_at,
            token_expires_at=found.token_expires_at,
        )

    keys = Keys("accounts", row.connected_at, row.seq)
    items, cursor = page(visit.connection, query, keys, Window(request.cursor, request.limit), see=see)
    return social.SocialAccountPage(items=items, next_cursor=cursor)
