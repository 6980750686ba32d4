"""Serving many clients over HTTP: Streamable HTTP at /mcp, and SSE at /sse for older clients; every request passes the edge."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.transport_security import TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from layers_mcp.server.access import Access
from layers_mcp.server.edge import BODY_BYTES, Edge, Rate
from layers_mcp.server.names import Names
from layers_mcp.server.page.routes import Page, routes

__all__ = ["Door", "build"]

_IDLE_S = 30 * 60.0
"""A session that nobody used for so long is closed; its client begins a new one."""
_AT_THE_EDGE = TransportSecuritySettings(enable_dns_rebinding_protection=False)
"""The SDK need not look at Host and Origin again."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """Who may come in: under which names, with which tokens, how many requests a minute and sessions at once.

    `page`: where a person answers, None when there is none.
    """

    names: Names
    access: Access
    requests_per_minute: int
    sessions: int
    page: Page | None = None


class _Sse:
    """The older transport: one stream for a session, messages posted beside it."""

    def __init__(self, server: Server[Any], most: int) -> None:
        self._server, self._most, self._open = server, most, 0
        self.transport = SseServerTransport("/messages/", security_settings=_AT_THE_EDGE, max_request_body_size=BODY_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one session until its stream closes."""
        if self._open >= self._most:
            full = {"error": {"status": 503, "message": "too many sessions are open; LAYERS_HTTP_SESSIONS says how many may be"}}
            await JSONResponse(full, status_code=503, headers={"Retry-After": "30"})(scope, receive, send)
            return
        self._open += 1
        try:
            async with AsyncExitStack() as stack:
                streams = await stack.enter_async_context(self.transport.connect_sse(scope, receive, send))
                await self._server.run(*streams, self._server.create_initialization_options())
        finally:
            self._open -= 1


def build(server: Server[Any], door: Door, *, ending: Callable[[], bool] = lambda: False) -> Edge:
    """The ASGI app that serves both transports to clients of both protocol eras, and `/healthz` to everybody.

    `ending`: whether the process is about to end; then `/healthz` says so, and nothing else is let in.
    """

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ending"}, status_code=503) if ending() else JSONResponse({"status": "ok"})

    app = server.streamable_http_app(
        transport_security=_AT_THE_EDGE, max_request_body_size=BODY_BYTES, session_idle_timeout=_IDLE_S, max_sessions=door.sessions
    )
    sse = _Sse(server, door.sessions)
    app.router.routes += [
        Route("/sse", endpoint=sse, methods=["GET"]),
        Mount("/messages/", app=sse.transport.handle_post_message),
        Route("/healthz", endpoint=health, methods=["GET"]),
        *(routes(door.page) if door.page is not None else ()),
    ]
    return Edge(app=app, names=door.names, access=door.access, rate=Rate(door.requests_per_minute), ending=ending)
