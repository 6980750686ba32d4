"""`layers-mcp serve --transport http`: MCP over HTTP, for this machine or, with tokens, beyond it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace

import structlog

from layers_mcp.address import LOOPBACK
from layers_mcp.app import App
from layers_mcp.commands.opening import opened
from layers_mcp.exporting import metrics_reader
from layers_mcp.founding import suggesting, tasking
from layers_mcp.listening import beyond
from layers_mcp.receiver.app import route
from layers_mcp.server import listener, log
from layers_mcp.server.access import Access, BadAccess
from layers_mcp.server.bind import bind
from layers_mcp.server.http import Door
from layers_mcp.server.names import Names
from layers_mcp.server.running import Running
from layers_mcp.settings import Settings, settings_or_exit
from layers_mcp.store.token import FILE, Exposed
from layers_mcp.unopened import Unopened

__all__ = ["door_of", "place_at", "serve"]


def _refusal(settings: Settings, host: str, *, tokens: bool) -> str | None:
    """Why we do not start: whoever may be reached from beyond this machine asks for a token, and knows its own names."""
    far, named = host not in LOOPBACK, beyond(settings.allowed_hosts)
    if not far and (tokens or not named):
        return None
    lacking = [
        *([] if tokens else ["a token (LAYERS_HTTP_TOKEN, or LAYERS_ACCESS with a client each; layers-mcp token NAME makes one)"]),
        *([] if named else ["the names that requests may call it by (LAYERS_ALLOWED_HOSTS or --allowed-host)"]),
    ]
    if not lacking:
        return None
    what, way = (f"--host {host}", "--host 127.0.0.1") if far else ("an allowed host beyond this machine", "no allowed host")
    return f"{what} needs {' and '.join(lacking)}; to serve this machine only, give {way}"


def _shared_secret(settings: Settings, access: Access, own: str | None) -> str | None:
    """Why we do not start: whoever has an agent's token must not be able to answer as the person, whose secret is `own`."""
    if own is None or access.caller(own) is None:
        return None
    which = f"{FILE} in the state folder" if settings.person_token is None else "LAYERS_PERSON_TOKEN"
    return f"{which} is also a client's token; a person's secret must be nobody else's"


async def _caught_up(app: App) -> None:
    try:
        await app.catch_up()
    except Exception as problem:  # noqa: BLE001  a database that can't be opened is the answer to the first call; until then we serve
        why = str(problem) if isinstance(problem, Unopened) else type(problem).__name__
        structlog.get_logger().warning("events that wait were not handled", problem=why)


async def _serve(app: App, door: Door, host: str, port: int) -> None:
    running, catching_up = Running(), asyncio.create_task(_caught_up(app))
    suggest, tasks = suggesting(app.house), tasking(app.house)
    server = bind(app.catalog, running.counted(app.answer), app.fill, suggest=suggest, tasks=tasks, listed="private")
    async with app.serving():
        try:
            await listener.serve(server, door, running, host=host, port=port)
        finally:
            catching_up.cancel()
            await asyncio.wait([catching_up])


def door_of(settings: Settings, app: App, host: str) -> Door:
    """Who may come in; what must not be let in at `host` by these settings ends the process with code 2, by name."""
    try:
        own, shown = app.person_secret(), [one["name"] for one in app.catalog.tools]
        access = Access(settings.http_token, settings.access, shown=shown, person=app.person_secret)
    except Exposed as problem:
        sys.stderr.write(f"layers-mcp: {problem}\n")
        raise SystemExit(2) from None
    except BadAccess as problem:
        sys.stderr.write(f"layers-mcp: LAYERS_ACCESS: {problem}\n")
        raise SystemExit(2) from None
    refused = _refusal(settings, host, tokens=access.needed) or _shared_secret(settings, access, own)
    if refused is not None:
        sys.stderr.write(f"layers-mcp: {refused}\n")
        raise SystemExit(2)
    return Door(
        names=Names(settings.allowed_hosts, settings.allowed_origins),
        access=access,
        requests_per_minute=settings.http_rate,
        sessions=settings.http_sessions,
        hooks=(route(app.receiver),),
        metrics=metrics_reader(),
    )


def place_at(host: str, port: int) -> str:
    """The URL of a port of this machine."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(host: str, port: int, flags: Mapping[str, object]) -> None:
    """Serve until a signal comes; `flags`: settings that stand above the environment's, None where one was not given."""
    settings, place = settings_or_exit(flags), place_at(host, port)
    log.configure(settings.log_level)
    app = opened(settings, page=f"{place}/confirm")
    door = replace(door_of(settings, app, host), page=app.page())
    who = "with a token" if door.access.needed else "without a token, for this machine"
    sys.stderr.write(f"layers-mcp: {place}/mcp (Streamable HTTP), {place}/sse (SSE), {who}\n")
    sys.stderr.write(f"layers-mcp: {place}/confirm is where a person answers; layers-mcp confirm link --at {place} prints the way in\n")
    asyncio.run(_serve(app, door, host, port))
