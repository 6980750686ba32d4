"""The Partner API as an ASGI app: its routes are the rows of the contract's table."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from fastapi import FastAPI, Request, Response
from pydantic import JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from layers_mcp import __version__
from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Endpoint, Reply
from layers_mcp.contract.endpoint import Request as Ask
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox import control, site
from layers_mcp.sandbox.asking import MOST_BYTES
from layers_mcp.sandbox.document import openapi
from layers_mcp.sandbox.edge import Asked, Ready, Told, answer, refusal
from layers_mcp.sandbox.preparing import prepared
from layers_mcp.sandbox.spellings import OTHER_PATHS
from layers_mcp.sandbox.visit import invalid
from layers_mcp.sandbox.world import World

__all__ = ["build", "is_news"]

_TITLE = "Layers Partner API (sandbox)"
_log = logging.getLogger(__name__)


class _AnswerLost(httpx2.RemoteProtocolError):
    """What breaks off a connection whose trouble was asked for."""


class _Lost(Response):
    """An answer that never comes whole: a port's client sees the connection break, an in-process one its transport fail."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, and break off."""
        del scope, receive
        await send({"type": "http.response.start", "status": self.status_code, "headers": [(b"content-length", b"1")]})
        raise _AnswerLost("the answer was lost on the way (scripted)")


def is_news(record: logging.LogRecord) -> bool:
    """Whether a server's log should tell it: not the traceback of a connection that was broken off because somebody scripted it."""
    return not (record.exc_info and isinstance(record.exc_info[1], _AnswerLost))


_hung_up = Response(status_code=400)
"""For a caller who left in the middle of the request: nobody reads it."""


def _response(told: Told) -> Response:
    if told.lost:
        return _Lost(status_code=told.status)
    media_type = "application/json" if told.body else None
    return Response(content=told.body, status_code=told.status, headers=told.headers, media_type=media_type)


async def _body(request: Request) -> bytes:
    """The body, or as much of it as shows that it is too long."""
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > MOST_BYTES:
            break
    return bytes(read)


async def _told(world: World, endpoint: Endpoint[Ask, Reply], asked: Asked) -> Told:
    """The answer; work that it needs is done between two transactions, so that nobody waits for a stranger's server."""
    told = await asyncio.to_thread(answer, world, endpoint, asked)
    if isinstance(told, Told):
        return told
    if world.preparing.locked():  # a client does not wait long enough for a place and for the work
        told = await asyncio.to_thread(answer, world, endpoint, asked, Ready(prepared=None, entry=told.entry))
        return told if isinstance(told, Told) else refusal(errors.Internal("nothing answered"), world.wall.now())
    async with world.preparing, prepared(endpoint.name, told.errand, world.ground.folder) as done:
        told = await asyncio.to_thread(answer, world, endpoint, asked, Ready(prepared=done, entry=told.entry))
    return told if isinstance(told, Told) else refusal(errors.Internal("nothing answered"), world.wall.now())


def _route(world: World, endpoint: Endpoint[Ask, Reply]) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return _hung_up
        asked = Asked(
            headers={name.lower(): value for name, value in request.headers.items()},
            path={name: str(value) for name, value in request.path_params.items()},
            query=request.query_params.multi_items(),
            body=body,
        )
        try:
            told = await _told(world, endpoint, asked)
        except Exception:  # noqa: BLE001  the edge: whatever broke, the caller gets an envelope
            _log.exception("%s broke", endpoint.name)
            told = refusal(errors.Internal("something broke in the sandbox; its log says what"), world.wall.now())
        if endpoint.method != "GET":
            world.nudge()
        if told.delay_s:
            await world.wall.sleep(told.delay_s)
        return _response(told)

    return route


def _allowed(app: FastAPI, scope: Scope) -> set[str]:
    routes = [route for route in app.routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    return {method for route in routes for method in route.methods or ()}


def _unrouted(world: World, app: FastAPI) -> Callable[[Request, Exception], Awaitable[Response]]:
    """404 and 405 in the envelope."""

    async def refuse(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        now = await asyncio.to_thread(world.now)
        if status == 405:
            words = "this route has no such method"
            issues: list[JsonValue] = [{"path": request.url.path, "message": words}]
            problem = errors.UnknownProblem(words, wire_code="METHOD_NOT_ALLOWED", wire_status=405, details={"issues": issues})
            allow = {"Allow": ", ".join(sorted(_allowed(app, request.scope)))}
            return _response(refusal(problem, now, headers=allow))
        if status == 404:
            return _response(refusal(errors.NotFound("there is no such route"), now))
        return _response(refusal(invalid("", "the request can't be read"), now, status=status))

    return refuse


def build(world: World) -> FastAPI:
    """The app of an open world; whoever builds it opens and closes the world."""
    app = FastAPI(title=_TITLE, version=__version__, redirect_slashes=False)
    for endpoint in TABLE:
        for path in (endpoint.path, *(other for other, name in OTHER_PATHS.items() if name == endpoint.name)):
            app.add_api_route(path, _route(world, endpoint), methods=[endpoint.method], include_in_schema=False)
    control.add_routes(app, world)
    site.add_routes(app, world)
    app.add_exception_handler(HTTPException, _unrouted(world, app))
    document: dict[str, Any] = {}

    def documented() -> dict[str, Any]:
        if not document:
            document.update(openapi(_TITLE, __version__))
        return document

    app.openapi = documented
    return app
