"""Serving many clients over HTTP: Streamable HTTP at /mcp, and SSE at /sse for older clients; every request passes the edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from layers_mcp.server.access import Access
from layers_mcp.server.edge import BODY_BYTES, Edge
from layers_mcp.server.names import Names
from layers_mcp.server.page.routes import Page, routes
from layers_mcp.server.rate import Rate
from layers_mcp.server.sessions import IDLE_S, Seats, Sse, Streamable

__all__ = ["Door", "build"]


@dataclass(frozen=True, kw_only=True)
class Door:
    """Who may come in: under which names, with which tokens, how many requests a minute and sessions at once.

    `page`: where a person answers, None when there is none; `idle_s`: how long a session lasts that nobody uses; `hooks`: routes that
    ask for no token, as they judge by themselves who sends.
    """

    names: Names
    access: Access
    requests_per_minute: int
    sessions: int
    page: Page | None = None
    idle_s: float = IDLE_S
    hooks: Sequence[Route] = ()


def build(server: Server[Any], door: Door, *, ending: Callable[[], bool] = lambda: False) -> Edge:
    """The ASGI app that serves both transports to clients of both protocol eras, and `/healthz` to everybody.

    `ending`: whether the process is about to end; then `/healthz` says so, and nothing else is let in.
    """

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ending"}, status_code=503) if ending() else JSONResponse({"status": "ok"})

    seats = Seats(door.sessions, shared=door.access.several)
    streamable = Streamable(server, seats, body_bytes=BODY_BYTES, idle_s=door.idle_s)
    sse = Sse(server, seats, body_bytes=BODY_BYTES, idle_s=door.idle_s)
    app = Starlette(
        routes=[
            Route("/mcp", endpoint=StreamableHTTPASGIApp(streamable)),
            Route("/sse", endpoint=sse, methods=["GET"]),
            Mount("/messages/", app=sse.post),
            Route("/healthz", endpoint=health, methods=["GET"]),
            *(routes(door.page) if door.page is not None else ()),
            *door.hooks,
        ],
        lifespan=lambda _: streamable.run(),
    )
    hooks, rate = tuple(hook.path for hook in door.hooks), Rate(door.requests_per_minute)
    return Edge(app=app, names=door.names, access=door.access, rate=rate, ending=ending, hooks=hooks)
