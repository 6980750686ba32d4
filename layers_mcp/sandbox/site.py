"""What a browser opens: the media that were made, and the pages on which an account's owner consents."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.staticfiles import StaticFiles

from layers_mcp.sandbox import consent
from layers_mcp.sandbox.world import World

__all__ = ["add_routes", "build_site"]


def add_routes(app: Starlette, world: World) -> None:
    """Add the site's routes to an app; they are no part of the API."""
    consent.add_routes(app, world)
    app.mount("/media", StaticFiles(directory=world.ground.folder / "media", check_dir=False))


def build_site(world: World) -> Starlette:
    """The site alone, for a world whose API is called in process."""
    app = Starlette()
    add_routes(app, world)
    return app
