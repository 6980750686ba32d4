"""`layers-mcp sandbox`: the Partner API on a port of this machine, for curl and any other client."""

from __future__ import annotations

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from layers_mcp.app import open_world
from layers_mcp.clock import WallClock
from layers_mcp.settings import Settings, settings_or_exit

__all__ = ["app"]

app = typer.Typer(help="The Partner API on a port of this machine, for curl and any other client.", invoke_without_command=True)
_STEP = re.compile(r"^(\d+(?:\.\d+)?)([smhdw])$")
_TAKEN = timedelta(minutes=1)
"""How far a world that took `--at` may have run since."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

State = Annotated[Path | None, typer.Option("--state", help="Folder of its state; else LAYERS_STATE_DIR.")]


def _moment(given: str | None) -> datetime | None:
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(f"--at {given!r} is no ISO 8601 time; write it like 2026-04-18T17:22:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _serve(settings: Settings, *, port: int, at: datetime | None, speed: float | None) -> None:
    import uvicorn  # noqa: PLC0415  the server is a heavy room

    from layers_mcp.sandbox.app import build, is_news  # noqa: PLC0415
    from layers_mcp.sandbox.port import IDLE_S, Port  # noqa: PLC0415

    try:
        place = Port(port)
    except OSError:
        raise typer.BadParameter(f"--port {port} is taken; give another --port") from None
    world = await open_world(settings, WallClock(), at=at, speed=speed, site_url=place.url)
    try:
        if at is not None and world.now() - at > _TAKEN:
            raise typer.BadParameter(f"--at: this world is at {world.now():%Y-%m-%dT%H:%M:%SZ} and never goes back; give another --state")
        config = uvicorn.Config(
            build(world), log_level="warning", date_header=False, timeout_keep_alive=IDLE_S, timeout_graceful_shutdown=3
        )
        logging.getLogger("uvicorn.error").addFilter(is_news)
        server = uvicorn.Server(config)
        typer.echo(f"sandbox: {place.url}/v1   pages: {place.url}/docs", err=True)
        typer.echo(f"export LAYERS_API_KEY={world.key}", err=True)
        await server.serve(sockets=[place.socket])
    finally:
        await world.close()
        place.release()


@app.callback()
def serve(
    context: typer.Context,
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 for any free one.")] = 8787,
    at: Annotated[str | None, typer.Option(help="Set the world's clock, ISO 8601.")] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.001, max=1_000_000, help="Run the world's whole clock this many times faster.")
    ] = None,
    state: State = None,
) -> None:
    """Serve the sandbox until it is interrupted. Its key is printed, and is good for nothing else."""
    if context.invoked_subcommand is not None:
        return
    moment = _moment(at)
    settings = settings_or_exit({"state_dir": state})
    asyncio.run(_serve(settings, port=port, at=moment, speed=speed))


@app.command()
def advance(step: Annotated[str, typer.Argument(help="How far: 90s, 15m, 3h, 2d, 1w.")], state: State = None) -> None:
    """Move the world's clock forward, also while a sandbox serves it."""
    match = _STEP.match(step)
    if match is None:
        raise typer.BadParameter(f"{step!r} is no span of time; write it like 90s, 15m, 3h, 2d or 1w")
    span = timedelta(**{_UNITS[match[2]]: float(match[1])})
    settings = settings_or_exit({"state_dir": state})

    async def move() -> None:
        world = await open_world(settings, WallClock())
        try:
            typer.echo(world.advance(span.total_seconds()).isoformat())
        finally:
            await world.close()

    asyncio.run(move())
