"""Serving many clients over HTTP: Streamable HTTP at /mcp, and SSE at /sse for older clients; every request passes the edge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from layers_mcp.exporting import PROMETHEUS
from layers_mcp.server.access import Access
from layers_mcp.server.edge import BODY_BYTES, Edge
from layers_mcp.server.names import Names
from layers_mcp.server.page.routes import Page, routes
from layers_mcp.server.rate import Rate
from layers_mcp.server.sessions import IDLE_S, Seats, Sse, Streamable

__all__ = ["Door", "build"]

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_NO_METRICS = f"nothing is measured here; install the extra that does: pip install '{PROMETHEUS}', and start the server again"


@dataclass(frozen=True, kw_only=True)
class Door:
    """Who may come in: under which names, with which tokens, how many requests a minute and sessions at once.

    `page`: where a person answers, None when there is none; `idle_s`: how long a session lasts that nobody uses; `hooks`: routes that
    ask for no token, as they judge by themselves who sends; `metrics`: what gives the measures of this process, None when nothing
    measures.
    """

    names: Names
    access: Access
    requests_per_minute: int
    sessions: int
    page: Page | None = None
    idle_s: float = IDLE_S
    hooks: Sequence[Route] = ()
    metrics: Callable[[], bytes] | None = None


def _transports(server: Server[Any], door: Door) -> tuple[list[BaseRoute], Streamable]:
    """The routes that MCP is served at, and what runs their sessions."""
    seats = Seats(door.sessions, shared=door.access.several)
    streamable = Streamable(server, seats, body_bytes=BODY_BYTES, idle_s=door.idle_s)
    sse = Sse(server, seats, body_bytes=BODY_BYTES, idle_s=door.idle_s)
    routes: list[BaseRoute] = [
        Route("/mcp", endpoint=StreamableHTTPASGIApp(streamable)),
        Route("/sse", endpoint=sse, methods=["GET"]),
        Mount("/messages/", app=sse.post),
    ]
    return routes, streamable


def build(server: Server[Any] | None, door: Door, *, ending: Callable[[], bool] = lambda: False) -> Edge:
    """The ASGI app that serves both transports to clients of both protocol eras, `/metrics` to them too, and `/healthz` to everybody.

    `server`: None where no MCP is served, as by a worker. `ending`: whether the process is about to end; then `/healthz` says so, and
    nothing else is let in.
    """

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ending"}, status_code=503) if ending() else JSONResponse({"status": "ok"})

    async def measures(_: Request) -> Response:
        if door.metrics is None:
            return JSONResponse({"error": {"status": 501, "message": _NO_METRICS}}, status_code=501)
        return Response(await asyncio.to_thread(door.metrics), media_type=_PROMETHEUS)

    transports, streamable = ([], None) if server is None else _transports(server, door)
    app = Starlette(
        routes=[
            *transports,
            Route("/healthz", endpoint=health, methods=["GET"]),
            Route("/metrics", endpoint=measures, methods=["GET"]),
            *(routes(door.page) if door.page is not None else ()),
            *door.hooks,
        ],
        lifespan=None if streamable is None else lambda _: streamable.run(),
    )
    hooks, rate = tuple(hook.path for hook in door.hooks), Rate(door.requests_per_minute)
    return Edge(app=app, names=door.names, access=door.access, rate=rate, ending=ending, hooks=hooks)
