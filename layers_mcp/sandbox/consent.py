"""Where an account's owner consents: the sandbox serves the platform's page, and sends its reader back as seed 004, step 8 says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote_plus, urlencode, urlsplit, urlunsplit

from sqlalchemy import Connection, Row, bindparam, select, update
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from layers_mcp.address import LOOPBACK
from layers_mcp.contract import social as contract
from layers_mcp.database import reading, writing
from layers_mcp.sandbox import clockwork, news, social, tables
from layers_mcp.sandbox.consent_page import STYLE_HASH, Asking, ask, tell
from layers_mcp.sandbox.world import World

__all__ = ["add_routes", "going_back"]

_PATH = "/oauth/{platform}/authorize"
_OURS = frozenset({"layers_state", "status", "layers_oauth_error"})
"""What we put into the query of a return URL; the same names in it before are replaced, so that each says one thing."""
_FORM_AT_MOST = 1_000
_DECISIONS = ("allow", "decline")
_HOST = re.compile(r"^[a-z0-9.\-]+(:\d+)?$")
_ASKED = select(tables.oauth_states).where(
    tables.oauth_states.c.state == bindparam("state"), tables.oauth_states.c.platform == bindparam("platform")
)
_PROJECT = select(tables.projects).where(tables.projects.c.id == bindparam("project"))
_ACCOUNT = select(tables.accounts.c.handle).where(
    tables.accounts.c.project_id == bindparam("project"),
    tables.accounts.c.platform == bindparam("platform"),
    tables.accounts.c.lease_id.is_(None),
)


class _Said(NamedTuple):
    """An answer to a browser: a page, or the way back. `form_to`: where its form may lead, as a Content-Security-Policy says it."""

    status: int
    html: str = ""
    form_to: str = "'none'"
    location: str | None = None


def going_back(return_url: str, state: str, code: str | None) -> str:
    """`return_url` with the outcome merged into its query; `code`: what the consent failed with, None when it was given.

    Success as seed 004, step 8 prints it. A failure also has `layers_oauth_error` (layers-api: oauth-url), in lower case as OAuth
    writes its errors.
    """
    outcome = {"layers_state": state, "status": "success"}
    if code is not None:
        outcome |= {"status": "error", "layers_oauth_error": code.lower()}
    parts = urlsplit(return_url)
    kept = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) not in _OURS]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(outcome)])))


def _form_to(return_url: str) -> str:
    """This page and the origin of the return URL: Chromium holds the redirect after a form to `form-action` too.

    An origin that is more than a plain host is left to its scheme, so that no host can write a policy.
    """
    parts = urlsplit(return_url)
    host = parts.netloc.lower()
    return f"'self' {parts.scheme}://{host}" if _HOST.match(host) else f"'self' {parts.scheme}:"


def _closed(asked: Row[Any] | None, platform: str, now: datetime) -> _Said | None:
    """Why nothing can be decided here any more, or None."""
    if asked is None:
        words = "Go back to the app that sent you here, and ask it for a new link."
        return _Said(404, tell(platform, "This link is not known", words))
    if asked.resolved_at is not None:
        words = "Each link is good for one decision. To change it, ask the app for a new link."
        back = going_back(asked.return_url, asked.state, asked.problem)
        return _Said(409, tell(platform, "This was decided already", words, back=back))
    if asked.expires_at <= now:
        words = "Nobody decided in time, and nothing was connected. Ask the app that sent you here for a new link."
        return _Said(410, tell(platform, "This link has expired", words))
    return None


def _shown(connection: Connection, asked: Row[Any]) -> _Said:
    """The page that asks."""
    project = connection.execute(_PROJECT, {"project": asked.project_id}).one()
    known = connection.execute(_ACCOUNT, {"project": asked.project_id, "platform": asked.platform}).scalar()
    html = ask(
        Asking(
            platform=asked.platform,
            project=project.name,
            handle=known or social.handle_of(project.name),
            scopes=asked.scopes,
            known=known is not None,
            action=f"{_PATH.format(platform=asked.platform)}?state={quote(asked.state)}",
            back=urlsplit(str(asked.return_url)).netloc,
            until=asked.expires_at,
        )
    )
    return _Said(200, html, _form_to(asked.return_url))


def _decided(connection: Connection, asked: Row[Any], decision: str, now: datetime) -> _Said:
    """Write the decision, once, and send its maker back. An Allow with scripted trouble is refused by the platform."""
    code, account_id = contract.DECLINED if decision == "decline" else asked.problem, None
    if code is None:
        project = connection.execute(_PROJECT, {"project": asked.project_id}).one()
        account_id = social.connect(connection, project, asked.platform, now)
    row = tables.oauth_states
    outcome = {"resolved_at": now, "account_id": account_id, "problem": code}
    connection.execute(update(row).where(row.c.seq == asked.seq).values(outcome))
    return _Said(302, location=going_back(asked.return_url, asked.state, code))


def _answer(world: World, platform: str, state: str, decision: str | None) -> _Said:
    """The page of a state, or what follows from a decision on it."""
    with (reading if decision is None else writing)(world.engine) as connection:
        now = clockwork.world_now(connection, world.wall.now())
        if decision is not None:
            news.catch_up(connection, now, world.ground)
        asked = connection.execute(_ASKED, {"state": state, "platform": platform}).first()
        closed = _closed(asked, platform, now)
        if closed is not None or asked is None:
            return closed or _Said(404)
        project = connection.execute(_PROJECT, {"project": asked.project_id}).one()
        if project.status == "archived":
            words = "The app that sent you here closed its project, so nothing was connected, and there is nothing to decide."
            return _Said(410, tell(platform, "This link is no longer needed", words))
        return _shown(connection, asked) if decision is None else _decided(connection, asked, decision, now)


def _from_our_page(request: Request, world: World) -> bool:
    """Whether a form was sent from a page of this site: a foreign page could else press Allow behind its reader's back."""
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    name = urlsplit(f"//{host}").hostname
    return name in (*LOOPBACK, urlsplit(world.ground.site_url).hostname) and origin in (None, f"{request.url.scheme}://{host}")


async def _decision(request: Request) -> str | None:
    """What the form says, or None when it says neither."""
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > _FORM_AT_MOST:
            return None
    given = parse_qs(read.decode("latin-1")).get("decision", [])
    return given[0] if len(given) == 1 and given[0] in _DECISIONS else None


def _response(said: _Said) -> Response:
    policy = f"default-src 'none'; style-src '{STYLE_HASH}'; form-action {said.form_to}; base-uri 'none'; frame-ancestors 'none'"
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}
    headers |= {"X-Frame-Options": "DENY"}
    # Not no-referrer: with it a browser sends `Origin: null` with our own form too (Fetch, "append a request Origin header").
    # No other origin learns the URL either way.
    headers["Referrer-Policy"] = "same-origin"
    if said.location is not None:
        headers["Location"] = said.location
    return HTMLResponse(said.html, said.status, headers)


def _route(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        platform, state = str(request.path_params["platform"]), request.query_params.get("state", "")
        decision = None
        if request.method == "POST":
            if not _from_our_page(request, world):
                words = "The decision came from another site, so it does not count. Open the link again, and decide on its page."
                return _response(_Said(403, tell(platform, "Nothing was decided", words)))
            try:
                decision = await _decision(request)
            except (ClientDisconnect, asyncio.CancelledError):  # its sender left, or the server ends before the form is whole
                return Response(status_code=400)
            if decision is None:
                words = "The form says neither Allow nor Decline. Open the link again, and press one of the two."
                return _response(_Said(422, tell(platform, "Nothing was decided", words)))
        said = await asyncio.to_thread(_answer, world, platform, state, decision)
        world.nudge()
        return _response(said)

    return route


def add_routes(app: Starlette, world: World) -> None:
    """Add the consent pages to an app; they are no part of the API: whoever holds the URL, with its unguessable state, may decide."""
    app.add_route(_PATH, _route(world), methods=["GET", "POST"], include_in_schema=False)
