"""Serving the page: who may see it, what is answered to whom, and the media behind it. A GET changes nothing here."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from layers_mcp.clock import Clock
from layers_mcp.gate.person import NAME_LETTERS
from layers_mcp.server.edge import peer_of
from layers_mcp.server.page import pages
from layers_mcp.server.page.session import form_token, new_session, opens, same, valid
from layers_mcp.server.page.style import STYLE_HASH
from layers_mcp.server.rate import Rate, wrong_ones
from layers_mcp.tool.pictures import looked

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from layers_mcp.client.picture import Picture
    from layers_mcp.store.rows import Confirmation
    from layers_mcp.tool.visit import House

__all__ = ["COOKIE", "Page", "routes"]

COOKIE = "layers_person"
_NAME = re.compile(rf"[0-9a-f]{{{NAME_LETTERS}}}")
_MOST_FORM_BYTES = 2_000
_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src 'self'; media-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With no-referrer a browser would send `Origin: null` with our own form (Fetch: "append a request `Origin` header").
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FETCHES = 4
"""Media files that are fetched at the same time."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the page needs of the process that serves it.

    `token`: gives the person's secret as it is now; `house`: opens the house; `wrong`: the wrong secrets of late, which are apart
    from the agents' wrong tokens.
    """

    clock: Clock
    token: Callable[[], str]
    house: Callable[[], Awaitable[House]]
    wrong: Rate = field(default_factory=wrong_ones)


class _Seat(NamedTuple):
    """A person at the page: their secret and their session."""

    token: str
    session: str


Answering = Callable[[Request, _Seat], Awaitable[Response]]


def _page(html: str, status: int = 200) -> Response:
    return HTMLResponse(html, status, _HEADERS)


def _ours(request: Request) -> bool:
    """Whether a form came from a page of this very host; a browser says so, and a program that says nothing is none of ours."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin") or (site is None and origin is None):
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _fields(request: Request) -> dict[str, str] | None:
    """The fields of a small form, each given once; None when it is something else."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_FORM_BYTES:
            return None
    found = parse_qs(body.decode("ascii", "replace"), keep_blank_values=True)
    return {name: given[0] for name, given in found.items() if len(given) == 1}


def _closed(request: Request) -> Response:
    """What everybody gets who is not known: nothing about what waits. A link from another site comes without the cookie; ours does not."""
    words = "Type layers-mcp confirm link at a terminal of the machine this runs on, and open what it prints. Nothing was changed."
    html = pages.told("This page is for one person", words, link=("I did so in this browser: try again", request.url.path))
    return _page(html, 403)


def _unknown() -> Response:
    return _page(pages.told("There is no such question", "It was never asked here, or it is long over.", nav=True), 404)


def _undecided(why: str, status: int) -> Response:
    return _page(pages.told("Nothing was decided", why, nav=True), status)


async def _said(request: Request, seat: _Seat) -> bool | Response:
    """Whether the form said yes; or why nothing was decided."""
    if not _ours(request):
        return _undecided("The answer came from another page than this one.", 403)
    fields = await _fields(request)
    if fields is None or fields.get("answer") not in ("yes", "no"):
        return _undecided("What came is no answer of this page's form.", 400)
    if not same(fields.get("form", ""), form_token(seat.token, seat.session, request.path_params["name"])):
        return _undecided("The form is not one of this session; open the question again.", 403)
    return fields["answer"] == "yes"


class _Passing(FileResponse):
    """A file that is gone once it was answered with, whole or the range that was asked for.

    Safari plays no film of a server that knows no ranges (Apple: "Delivering Video Content for Safari").
    """

    def __init__(self, found: Picture) -> None:
        with NamedTemporaryFile(prefix="layers-look-", delete=False) as kept:
            kept.write(found.content)
        super().__init__(kept.name, headers={**_HEADERS, "ETag": f'"{sha256(found.content).hexdigest()}"'}, media_type=found.mime)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await asyncio.to_thread(Path(self.path).unlink)


class _Desk:
    """Answers for one page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._fetching = asyncio.Semaphore(_FETCHES)

    def at(self, answering: Answering) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint for the person only."""

        async def endpoint(request: Request) -> Response:
            try:
                token = self._page.token()
                given = request.query_params.get("token")
                if given is not None and request.method == "GET":
                    return self._opened(request, given, token)
                session = request.cookies.get(COOKIE, "")
                if not valid(session, token, self._page.clock.now()):
                    return _closed(request)
                return await answering(request, _Seat(token, session))
            except Exception:  # noqa: BLE001  the edge: whatever it is, its text is for the log
                structlog.get_logger().exception("the page failed")
                return _page(pages.told("This went wrong", "Look again; the log of the server says why.", nav=True), 500)

        return endpoint

    def _opened(self, request: Request, given: str, token: str) -> Response:
        """The way in for the person's secret, whatever came before it; where too many wrong ones came from, another is told to wait."""
        if opens(given, token):
            return self._let_in(request, token)
        pause_s = self._page.wrong.take(peer_of(request.scope))
        if not pause_s:
            return _closed(request)
        words = f"This secret is wrong, as were too many of late. Try again in {math.ceil(pause_s)} seconds, or with a new link."
        answer = _page(pages.told("Not now", words), 429)
        answer.headers["Retry-After"] = str(math.ceil(pause_s))
        return answer

    def _let_in(self, request: Request, token: str) -> Response:
        """A session, and on to the address without the secret."""
        answer = RedirectResponse(request.url.path, 303, {**_HEADERS, "Referrer-Policy": "no-referrer"})
        session = new_session(token, self._page.clock.now())
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, session, path=pages.LIST, httponly=True, samesite="strict", secure=secure)
        return answer

    async def _named(self, request: Request) -> tuple[House, Confirmation | None]:
        house, name = await self._page.house(), request.path_params["name"]
        return house, house.gate.person.named(name) if _NAME.fullmatch(name) else None

    def _view(self, house: House, form: str = "") -> pages.View:
        return pages.View(now=house.gate.person.now(), api_now=house.layers.now(), sandbox=house.sandbox, form=form)

    def _one(self, house: House, row: Confirmation, seat: _Seat) -> pages.View:
        return self._view(house, form_token(seat.token, seat.session, pages.name_of(row)))

    async def list(self, request: Request, seat: _Seat) -> Response:
        """What waits."""
        del request, seat
        house = await self._page.house()
        return _page(pages.listing(house.gate.person.waiting(), self._view(house)))

    async def show(self, request: Request, seat: _Seat) -> Response:
        """One preview, or what became of it; 410 when nobody answered in time."""
        house, row = await self._named(request)
        if row is None:
            return _unknown()
        view = self._one(house, row, seat)
        late = row.state in ("minted", "asked") and view.now >= row.expires_at
        return _page(pages.one(row, view), 410 if late else 200)

    async def hear(self, request: Request, seat: _Seat) -> Response:
        """An answer: it counts when it comes from our form in this session, and is the first."""
        name, said = request.path_params["name"], await _said(request, seat)
        if isinstance(said, Response):
            return said
        house, row = await self._named(request)
        if row is None:
            return _unknown()
        if said and not row.items:
            return _undecided("What was shown is not kept any more, so nobody can say yes to it.", 400)
        if house.gate.person.answer(row, yes=said, how="page"):
            structlog.get_logger().info("answered", name=name, yes=said, how="page")
            return RedirectResponse(f"{pages.LIST}/{name}", 303, _HEADERS)
        _, now = await self._named(request)
        return _page(pages.one(now or row, self._one(house, now or row, seat), before=True), 409)

    async def media(self, request: Request, seat: _Seat) -> Response:
        """A media file of a preview as it is now, fetched from Layers by this server, so that the browser goes nowhere else."""
        del seat
        house, row = await self._named(request)
        at: int = request.path_params["at"]
        if row is None or row.sandbox != house.sandbox or at >= len(row.media) or request.path_params["what"] not in ("picture", "film"):
            return Response(status_code=404, headers=_HEADERS)
        async with self._fetching:
            found = await looked(house.layers, row.media[at], film=request.path_params["what"] == "film")
        if found is None:
            return Response(status_code=404, headers=_HEADERS)
        return await asyncio.to_thread(_Passing, found)


def routes(page: Page) -> Sequence[Route]:
    """The routes of the page under `/confirm`; the edge has looked at Host and Origin."""
    desk = _Desk(page)
    return [
        Route(pages.LIST, desk.at(desk.list), methods=["GET"]),
        Route(f"{pages.LIST}/{{name}}", desk.at(desk.show), methods=["GET"]),
        Route(f"{pages.LIST}/{{name}}", desk.at(desk.hear), methods=["POST"]),
        Route(f"{pages.LIST}/{{name}}/{{at:int}}/{{what}}", desk.at(desk.media), methods=["GET"]),
    ]
