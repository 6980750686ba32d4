"""`layers-mcp worker`: works the loops off, beside the servers or without one, until a signal comes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated

import typer

from layers_mcp.app import App
from layers_mcp.commands.opening import opened
from layers_mcp.settings import Settings, settings_or_exit

__all__ = ["worker"]


async def _work(app: App, place: str, serving: AbstractAsyncContextManager[None]) -> None:
    """Until SIGTERM or SIGINT; steps in flight end first, and what is left goes to others."""
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        await app.work(place)
        async with serving:
            sys.stderr.write(f"layers-mcp: {place} works the loops off as soon as there is a seat; layers-mcp runs shows who has one\n")
            await stop.wait()
    finally:
        await app.close()


def _serving(settings: Settings, app: App, host: str, port: int) -> AbstractAsyncContextManager[None]:
    """What serves webhooks and measures at a port; a host that asks for more than is set, or a port that is taken, ends the process."""
    from layers_mcp.commands.serve_http import door_of, place_at  # noqa: PLC0415  heavy, and only needed with a port
    from layers_mcp.server.listener import served  # noqa: PLC0415  as above

    door = door_of(settings, app, host)
    try:
        bound = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as problem:
        sys.stderr.write(f"layers-mcp: port {port} of {host} can't be had ({problem.strerror}); give another --port\n")
        raise SystemExit(1) from None
    sys.stderr.write(f"layers-mcp: {place_at(host, port)}/webhooks/layers takes webhooks; /metrics and /healthz are there, too\n")
    return served(door, bound)


def worker(
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Take webhooks and show measures at this port, too: /webhooks/layers, /metrics.")
    ] = None,
    host: Annotated[str, typer.Option(help="With a port: where to listen; beyond this machine it takes tokens and names.")] = "127.0.0.1",
    *,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="With a port: a name that requests may call us by, once for each; LAYERS_ALLOWED_HOSTS.")
    ] = None,
) -> None:
    """Work the loops off until a signal comes: one process on this machine, or any number on a database of LAYERS_DATABASE_URL."""
    settings = settings_or_exit({"allowed_hosts": tuple(allowed_host) if allowed_host else None})
    for name, is_set in (("LAYERS_PROJECTS", settings.projects is not None), ("LAYERS_READ_ONLY", settings.read_only)):
        if is_set:
            sys.stderr.write(f"layers-mcp: a worker works the loops of all projects off, and writes; start it without {name}\n")
            raise SystemExit(2)
    place = f"layers-mcp worker (process {os.getpid()} on {socket.gethostname()})"
    app = opened(settings)
    asyncio.run(_work(app, place, nullcontext() if port is None else _serving(settings, app, host, port)))
