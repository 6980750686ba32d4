"""Where files are sent to: each place takes one file, of the type and size that were declared, until it expires."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import Row, select
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from layers_mcp.database import reading
from layers_mcp.sandbox.listing_tables import uploads
from layers_mcp.sandbox.uploads import place_of
from layers_mcp.sandbox.world import World

__all__ = ["add_routes"]


def _known(world: World, token: str) -> Row[Any] | None:
    """The row of a place that still takes its file."""
    now = world.now()
    with reading(world.engine) as connection:
        return connection.execute(select(uploads).where(uploads.c.token == token, uploads.c.expires_at > now)).first()


def _refused(status: int, why: str) -> Response:
    return Response(f"{why}\n", status_code=status, media_type="text/plain")


async def _taken(world: World, row: Row[Any], request: Request) -> Response:
    place = place_of(world.ground.folder, row.project_id, row.token)
    half, size = place.with_name(f"{place.name}.{secrets.token_hex(8)}.half"), 0
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        with half.open("wb") as sink:
            async for piece in request.stream():
                size += len(piece)
                if size > row.size:
                    return _refused(413, "the file is larger than was declared")
                await asyncio.to_thread(sink.write, piece)
        if size != row.size:
            return _refused(400, "the file is smaller than was declared")
        half.replace(place)
    except ClientDisconnect:
        return _refused(400, "the file did not come whole")
    finally:
        half.unlink(missing_ok=True)
    return Response(status_code=200)


def _put(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def put(request: Request) -> Response:
        row = await asyncio.to_thread(_known, world, request.path_params["token"])
        if row is None:
            return _refused(403, "there is no such place, or it has expired")
        if request.headers.get("content-type") != row.mime:
            return _refused(400, f"the file was declared as {row.mime}")
        return await _taken(world, row, request)

    return put


def add_routes(app: Starlette, world: World) -> None:
    """Add the places to an app; they are no part of the API, whoever has the address may send."""
    app.add_route("/uploads/{token}", _put(world), methods=["PUT"])
