"""Serving many clients over HTTP on this machine: Streamable HTTP at /mcp, and SSE at /sse for older clients."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from layers_mcp.server.page.routes import Page, routes

__all__ = ["LOOPBACK", "build", "serve"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""The hosts we listen on: this machine only."""
_HOSTS = ["127.0.0.1:*", "localhost:*", "[::1]:*"]
_SECURITY = TransportSecuritySettings(
    enable_dns_rebinding_protection=True, allowed_hosts=_HOSTS, allowed_origins=[f"http://{host}" for host in _HOSTS]
)
"""Host and Origin are checked on every request, so that a web page can't reach the server through a name of its own."""
_GRACE_S = 3
"""A client's open stream holds the end up for this long at most."""


class _Sse:
    """The older transport: one stream for a session, messages posted beside it."""

    def __init__(self, server: Server[Any]) -> None:
        self._server = server
        self.transport = SseServerTransport("/messages/", security_settings=_SECURITY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one session until its stream closes."""
        async with AsyncExitStack() as stack:
            try:
                streams = await stack.enter_async_context(self.transport.connect_sse(scope, receive, send))
            except ValueError:  # the SDK has answered a wrong Host or Origin, and says so once more
                return
            await self._server.run(*streams, self._server.create_initialization_options())


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def build(server: Server[Any], page: Page | None = None) -> Starlette:
    """The ASGI app that serves both transports and `/healthz` to clients of both protocol eras, and a person's `page`."""
    app = server.streamable_http_app(transport_security=_SECURITY)
    sse = _Sse(server)
    app.router.routes += [
        Route("/sse", endpoint=sse, methods=["GET"]),
        Mount("/messages/", app=sse.transport.handle_post_message),
        Route("/healthz", endpoint=_health, methods=["GET"]),
        *(routes(page, _SECURITY) if page is not None else ()),
    ]
    return app


async def serve(server: Server[Any], *, host: str, port: int, page: Page | None = None) -> None:
    """Serve on `host` (one of `LOOPBACK`) until a signal comes; open streams get three seconds."""
    config = uvicorn.Config(
        build(server, page), host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_S
    )
    await uvicorn.Server(config).serve()
