"""What a browser opens: the media that were made, the brands' logos, and the pages on which an account's owner consents."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from layers_mcp.sandbox import consent, receiving, shelf
from layers_mcp.sandbox.repository.errand import LogoFile
from layers_mcp.sandbox.world import World

__all__ = ["add_routes", "build_site"]

_ALONE = "default-src 'none'; img-src data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"
"""A stranger's picture opened in a browser stays a picture."""
_FILM = f"{_ALONE} allow-same-origin"
"""A browser plays a video in a page of its own making, which loads the file once more: from the file's own origin only."""


class _Media(StaticFiles):
    async def check_config(self) -> None:
        """Take the folder as it is: before the first media are made there is none, and so no file."""

    def file_response(self, *arguments: Any, **more: Any) -> Response:
        answer = super().file_response(*arguments, **more)
        film = (answer.media_type or "").startswith("video/")
        answer.headers.update({"X-Content-Type-Options": "nosniff", "Content-Security-Policy": _FILM if film else _ALONE})
        return answer


_HARMLESS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "X-Content-Type-Options": "nosniff"}
"""A logo is a stranger's file, and an SVG one could hold a script."""


def _logo(file: Path) -> Response:
    try:
        logo = LogoFile.model_validate_json(file.read_bytes())
        return Response(base64.b64decode(logo.content), media_type=logo.media_type, headers=_HARMLESS)
    except (OSError, ValueError):
        return Response("there is no such logo\n", status_code=404, media_type="text/plain")


def _logos(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def show(request: Request) -> Response:
        logo_id = shelf.logo_id_of(request.url.path)
        if logo_id is None:
            return Response("there is no such logo\n", status_code=404, media_type="text/plain")
        return await asyncio.to_thread(_logo, shelf.logo_file(world.ground.folder, logo_id))

    return show


def add_routes(app: Starlette, world: World) -> None:
    """Add the site's routes to an app; they are no part of the API."""
    consent.add_routes(app, world)
    receiving.add_routes(app, world)
    app.add_route(f"{shelf.BRAND}/{{logo_id}}", _logos(world))
    app.mount(shelf.MEDIA, _Media(directory=world.ground.folder / "media", check_dir=False))


def build_site(world: World) -> Starlette:
    """The site alone, for a world whose API is called in process."""
    app = Starlette()
    app.router.redirect_slashes = False
    add_routes(app, world)
    return app
