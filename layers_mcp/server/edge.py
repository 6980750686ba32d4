"""The edge of the HTTP server: what a request must be before anything of it is read, and the id that its answer carries."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

import structlog
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.transport_security import RequestBodyLimitMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from layers_mcp.server import log
from layers_mcp.server.access import Access
from layers_mcp.server.caller import SCOPE, BadHeader, Caller
from layers_mcp.server.names import Names
from layers_mcp.server.rate import Rate, wrong_ones

__all__ = ["BODY_BYTES", "Edge", "peer_of"]

BODY_BYTES = 1024 * 1024
_BODY_S = 10.0
"""A body has to be there in this time; a call's arguments are small."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{8,128}")
_WITHOUT_TOKEN = ("/healthz", "/confirm")
"""Paths that need no bearer token: a person comes to `/confirm` with a secret of their own."""
_WITHOUT_NAME = ("/healthz",)
"""Paths whose Host is not looked at, as a load balancer asks by address; they answer to the end."""


class _Refused(Exception):
    """A request that goes no further, with the answer to it."""

    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(words)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(self) -> Response:
        """What the client is told."""
        return JSONResponse({"error": {"status": self.status, "message": str(self)}}, status_code=self.status, headers=self.headers)


def peer_of(scope: Scope) -> str:
    """The address that a request came from, as far as the server knows it."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _under(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def _bearer(headers: Headers) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _in_time(receive: Receive) -> Receive:
    """The same, but a body that is not there in time ends the request."""
    until: float | None = asyncio.get_running_loop().time() + _BODY_S

    async def timely() -> Message:
        nonlocal until
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise _Refused(408, f"the body did not come within {_BODY_S:.0f} seconds", connection="close") from None
        if not message.get("more_body", False):
            until = None  # what comes now is the client's going, whenever that is
        return message

    return timely


@dataclass(frozen=True, kw_only=True)
class Edge:
    """The outermost ASGI app. In this order: request id, Host and Origin, ending, token, rate, narrowing headers, size of the body.

    `names`: the Host and Origin that a request may say; `access`: the tokens; `ending`: whether the process is about to end;
    `wrong`: the wrong tokens of late; `hooks`: paths that need no token and have no rate, so that nobody's forgeries keep out what is
    signed: judging a signature costs less than counting it.
    """

    app: ASGIApp
    names: Names
    access: Access
    rate: Rate
    ending: Callable[[], bool]
    wrong: Rate = field(default_factory=wrong_ones)
    hooks: Sequence[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, started = Headers(scope=scope), False
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex

        async def marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        caller = Caller(request_id=request_id)
        try:
            caller = replace(self._admitted(scope["path"], headers, peer_of(scope)), request_id=request_id)
            with log.bound(caller):
                scope = {**scope, SCOPE: caller, **_user(caller)}
                await RequestBodyLimitMiddleware(self.app, BODY_BYTES)(scope, _in_time(receive), marked)
        except _Refused as no:
            with log.bound(caller):
                structlog.get_logger().info("refused", status=no.status)
            if not started:
                await no.answer()(scope, receive, marked)

    def _admitted(self, path: str, headers: Headers, peer: str) -> Caller:
        """Who makes this request; raises `_Refused`."""
        if not _under(path, _WITHOUT_NAME):
            self._named(headers)
        if self.ending() and not _under(path, _WITHOUT_NAME):
            raise _Refused(503, "this server is ending; try again", retry_after="5", connection="close")
        if _under(path, _WITHOUT_TOKEN) or path in self.hooks:
            return Caller()
        caller = self._known(headers, peer)
        pause_s = self.rate.take(caller.principal or "")
        if pause_s:
            words = "this client makes more requests than LAYERS_HTTP_RATE lets it make in a minute"
            raise _Refused(429, words, retry_after=str(math.ceil(pause_s)))
        try:
            return caller.narrowed(headers)
        except BadHeader as problem:
            raise _Refused(400, str(problem)) from None

    def _named(self, headers: Headers) -> None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self.names.host(hosts[0]):
            raise _Refused(421, "this server does not answer to this Host; LAYERS_ALLOWED_HOSTS says to which it does")
        if not all(self.names.origin(origin, host=hosts[0]) for origin in origins):
            raise _Refused(403, "pages of this Origin may not call this server; LAYERS_ALLOWED_ORIGINS says whose may")

    def _known(self, headers: Headers, peer: str) -> Caller:
        if not self.access.needed:
            return Caller()
        token, realm = _bearer(headers), 'Bearer realm="layers-mcp"'
        if token is None:
            raise _Refused(401, "send Authorization: Bearer with a token of this server", www_authenticate=realm)
        caller = self.access.caller(token)
        if caller is not None:
            return caller
        pause_s = self.wrong.take(peer)
        if pause_s:
            words = "this token is not known here, and too many wrong ones came from this address of late; send a right one, or wait"
            raise _Refused(429, words, retry_after=str(math.ceil(pause_s)))
        raise _Refused(401, "this token is not known here", www_authenticate=f'{realm}, error="invalid_token"')


def _user(caller: Caller) -> dict[str, AuthenticatedUser]:
    """Whom the SDK binds a session to, so that nobody else goes on with it; the token itself stays at the edge."""
    if caller.principal is None:
        return {}
    return {"user": AuthenticatedUser(AccessToken(token="", client_id=caller.principal, scopes=[]))}
