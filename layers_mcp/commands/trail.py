"""`layers-mcp trail`: who did what, who said yes, and whether the record is as it was written."""

from __future__ import annotations

from typing import Annotated

import typer

from layers_mcp.contract.scalars import any_project, wire_time
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.rows import Entry
from layers_mcp.store.store import Store

__all__ = ["trail"]


def _line(entry: Entry) -> str:
    """One call: when, what, how it ended, whose yes and how, on which project; `jq` reads `--json`."""
    yes = f"  yes by {entry.confirmed_by}{f' ({entry.how})' if entry.how else ''}" if entry.confirmed_by else ""
    where = f"  {entry.project_id}" if entry.project_id else ""
    return f"{wire_time(entry.at)}  {entry.tool}  {entry.outcome}{yes}{where}  {entry.request_id or ''}".rstrip()


def _spellings(project: str) -> tuple[str, str]:
    """A project with and without its prefix: tools write it as the API spells it, commands as all spellings of it."""
    known = any_project(project)
    return known, known.removeprefix("prj_")


def trail(
    project: Annotated[str | None, typer.Option(help="Only calls that name this project.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, with digests and principal.")] = False,  # noqa: FBT002
    verify: Annotated[bool, typer.Option("--verify", help="Check the chain of digests instead; exit code 1 when it is broken.")] = False,  # noqa: FBT002
) -> None:
    """Show the trail of all calls, or verify it."""
    store = Store.open(settings_or_exit().kept_in("layers.db"))
    try:
        if verify:
            flaw, (number, digest) = store.trail.flaw(), store.trail.end()
            typer.echo(
                f"layers-mcp: {flaw}" if flaw else f"{number} entries, as they were written; the last is {digest}", err=flaw is not None
            )
            raise typer.Exit(1 if flaw else 0)
        for entry in store.trail.recent(spellings=None if project is None else _spellings(project), limit=limit):
            typer.echo(entry.model_dump_json(exclude_none=True) if as_json else _line(entry))
    finally:
        store.close()
