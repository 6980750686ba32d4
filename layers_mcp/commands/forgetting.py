"""`layers-mcp forget PROJECT`: one customer's texts and media leave this state folder; the trail stays, and still verifies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from layers_mcp.clock import WallClock
from layers_mcp.commands.halting import check_project, opened
from layers_mcp.contract.scalars import any_project, full_project
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.settings import Settings, settings_or_exit
from layers_mcp.store.store import Store

__all__ = ["forget"]

_KEPT = (
    "the trail, the keys of operations, what was begun, halts, paused campaigns: ids, digests and times, no texts; the chain verifies",
    "in the sandbox: the project, archived and empty; credits charged; jobs and the log without what they said; the organization's own",
)
_NOT_HERE = (
    "At the live API nothing was deleted: archiving a project there is another act, and deleting is Layers' own. Backups, logs of other"
    " programs, and what a disk keeps of deleted files are beyond this command."
)


def _sure(project: str) -> None:
    """Let somebody at a terminal go on who types the project's id."""
    if not sys.stdin.isatty():
        typer.echo("layers-mcp: the project's id is typed by a person at a terminal, or give --yes; nothing was changed", err=True)
        raise typer.Exit(2)
    typer.echo(f"All texts and media of {project} in this state folder are deleted, for good. At the live API nothing is.")
    typed = typer.prompt("Type the project's id to go on", default="", show_default=False).strip()
    if any_project(typed) != project:
        typer.echo("Nothing was changed.")
        raise typer.Exit(1)


def _world(folder: Path, project: str) -> tuple[dict[str, int], bool]:
    """What the sandbox forgot, by kind, and whether its file is clean."""
    from layers_mcp.sandbox.forgetting import forget as of_world  # noqa: PLC0415  a heavy room, shut until it is needed

    done = of_world(folder, project, wall_now=WallClock().now())
    if done is None:
        return {}, True
    return done.counts | ({"files": done.files} if done.files else {}), done.clean


def _runs(store: Store, where: Path | str, project: str) -> tuple[int, bool]:
    """How many runs of loops were emptied of their steps, and whether the engine's file is clean. `where`: its file or database URL."""
    ids = store.runs.of_project(full_project(project))
    if not ids or (isinstance(where, Path) and not where.exists()):
        return len(ids), True
    from layers_mcp.loops.engine import Engine  # noqa: PLC0415  a heavy room, shut until it is needed

    engine = Engine(where)
    try:
        engine.forget(ids)
        return len(ids), engine.scrub()
    finally:
        engine.close()


def _forgotten(store: Store, settings: Settings, project: str) -> tuple[dict[str, int], bool]:
    """What was removed here and in the sandbox; the previews late, as a call under way may have made one meanwhile.

    What the engine has of runs goes when they are cancelled, as nothing is written to it after that.
    """
    counts, clean = _world(settings.state_dir, project)
    previews = store.forget(project, now=WallClock().now())
    runs, scrubbed = _runs(store, settings.kept_in("engine.db"), project)
    counts |= {name: count for name, count in (("previews and their outcomes", previews), ("runs of loops", runs)) if count}
    return counts, store.scrub() and scrubbed and clean


def _record(gate: Gate, project: str, *, outcome: str, typed: bool) -> None:
    gate.record(
        "forget",
        effect="removes",
        outcome=outcome,
        arguments=digest({"projectId": project}),
        confirmed_by="person" if typed else None,
        project_id=project,
        how="command",
    )


def forget(
    project: Annotated[str, typer.Argument(help="The project, prj_….", metavar="PROJECT")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for programs.")] = False,  # noqa: FBT002  typer's flag
) -> None:
    """Delete one customer's texts and media from this state folder, for good; the trail stays and still verifies."""
    chosen = check_project(project)
    if not yes:
        _sure(chosen)
    settings = settings_or_exit()
    with opened() as (store, gate):
        try:
            counts, clean = _forgotten(store, settings, chosen)
        except TimeoutError as problem:
            _record(gate, chosen, outcome="TIMEOUT", typed=not yes)
            typer.echo(f"layers-mcp: {problem}; run the same command again", err=True)
            raise typer.Exit(1) from None
        _record(gate, chosen, outcome="done" if counts else "nothing_found", typed=not yes)
    typer.echo(f"Removed of {chosen}:" if counts else f"Nothing of {chosen} was found here.")
    for name, count in sorted(counts.items()):
        typer.echo(f"  {name.replace('_', ' ')}: {count}")
    for words in _KEPT if counts else ():
        typer.echo(f"Kept: {words}.")
    typer.echo(_NOT_HERE)
    if not clean:
        typer.echo(
            "layers-mcp: another process reads the database all the time, so its journal may hold old pages; run this again", err=True
        )
        raise typer.Exit(1)
