"""`layers-mcp token`: a new bearer token for a client over HTTP."""

from __future__ import annotations

import re
import secrets
from typing import Annotated

import typer

from layers_mcp.server.access import digest_of

__all__ = ["token"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")


def token(
    name: Annotated[str, typer.Argument(help="The client's name in trail and log: small letters, digits, - and _.")],
) -> None:
    """Make a token for a client, show it this once, and print what the file of LAYERS_ACCESS has to say of it."""
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("use small letters, digits, - and _, at most 40")
    fresh = f"lmcp_{secrets.token_urlsafe(32)}"
    typer.echo("The client sends it as Authorization: Bearer; it is kept nowhere and shown only now:", err=True)
    typer.echo(fresh)
    typer.echo("\nIn the file of LAYERS_ACCESS (beside an older digest while the client changes over):", err=True)
    typer.echo(f'\n[[client]]\nname = "{name}"\ntoken_sha256 = ["{digest_of(fresh)}"]')
