"""`layers-mcp health`: what is wrong with customers or loops; the exit code says whether anything is."""

from __future__ import annotations

from typing import Annotated

import typer

from layers_mcp.app import place_of
from layers_mcp.clock import WallClock
from layers_mcp.founding import principal
from layers_mcp.loops.checking import report
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.store import Store

__all__ = ["health"]


def health(
    project: Annotated[str | None, typer.Option(help="Only this project; else all customers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,  # noqa: FBT002
) -> None:
    """Show what the daily reviews found wrong; exit code 1 when there is anything."""
    settings = settings_or_exit()
    store = Store.open(settings.kept_in("layers.db"))
    try:
        found = report(store, principal(settings), WallClock().now(), place=place_of(settings), project_id=project)
    finally:
        store.close()
    for one in found.alerts:
        where = f"  {one.customer or ''} {one.project_id}".rstrip() if one.project_id else ""
        typer.echo(one.model_dump_json(exclude_none=True) if as_json else f"{one.code}{where}  {one.words}")
    if not found.alerts and not as_json:
        typer.echo("Nothing is wrong that is known.")
    raise typer.Exit(1 if found.alerts else 0)
