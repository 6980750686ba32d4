"""`layers-mcp halt` and `layers-mcp resume`: the person's switch, straight on the store, while servers run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from layers_mcp.clock import WallClock
from layers_mcp.commands.terminal import typed_yes
from layers_mcp.contract.scalars import allowed_project, any_project, wire_time
from layers_mcp.gate.gate import Gate
from layers_mcp.gate.handle import digest
from layers_mcp.loops.holding import Loop, pauses_at
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.rows import EVERY, LOOPS, WRITES, Halt
from layers_mcp.store.store import Store

__all__ = ["PRINCIPAL", "check_project", "halt", "opened", "resume"]

PRINCIPAL = "command"
"""Who the trail and the holds name for what was typed here."""
_Project = Annotated[str | None, typer.Argument(help="The project, prj_….", metavar="PROJECT")]
_Loop = Annotated[
    Literal["any", Loop] | None,
    typer.Option(help="Not the writes: only the runs of this loop, or of any, rest."),
]
_All = Annotated[bool, typer.Option("--all", help="All projects, and what belongs to none.")]


@contextmanager
def opened() -> Generator[tuple[Store, Gate]]:
    """The store of the state folder, and its gate for the person at this command."""
    store = Store.open(settings_or_exit().kept_in("layers.db"))
    try:
        yield store, Gate(lambda: store, WallClock(), PRINCIPAL)
    finally:
        store.close()


def check_project(project: str) -> str:
    """A project's id, whole and in lower case.

    Raises:
        typer.BadParameter: it is neither prj_… nor a bare UUID, or has letters that no id has.
    """
    if allowed_project(project) is None:
        raise typer.BadParameter("PROJECT is no project's id; it is prj_… with letters, digits and -, or a bare UUID, and whole")
    return any_project(project)


def _chosen(project: str | None, *, every: bool) -> str | None:
    if (project is None) == (not every):
        raise typer.BadParameter("give one PROJECT, or --all")
    return None if project is None else check_project(project)


def _words(held: Halt) -> str:
    place = "all projects" if held.project_id == EVERY else held.project_id
    what = "halted" if held.what == WRITES else "loops paused" if held.what == LOOPS else f"{held.what} paused"
    return f"{place}  {what} since {wire_time(held.at)} by {'a person' if held.by == 'person' else 'an assistant'}"


def _what(loop: str | None) -> str:
    """What a hold is of: writes where no loop is named."""
    return WRITES if loop is None else LOOPS if loop == "any" else loop


def _list() -> None:
    with opened() as (store, _):
        rows = store.halts.all()
        for row in rows:
            typer.echo(_words(row))
        if not rows:
            typer.echo("Nothing is halted.")


def _record(gate: Gate, project: str | None, *, resume: bool, what: str) -> None:
    named = {} if what == WRITES else {"loop": what}
    gate.record(
        "halt" if what == WRITES else "resume_loops" if resume else "pause_loops",
        effect="removes",
        outcome="done",
        arguments=digest({"projectId": project, "resume": resume, **named}),
        confirmed_by="person",
        project_id=project,
        how="command",
    )


def halt(
    project: _Project = None,
    every: _All = False,  # noqa: FBT002  typer's flags
    listed: Annotated[bool, typer.Option("--list", help="Show what is halted or paused, and change nothing.")] = False,  # noqa: FBT002
    loop: _Loop = None,
) -> None:
    """Refuse every write of every assistant and server of this state folder, at once, until you resume it; --loop: let loops rest."""
    if listed:
        if project is not None or every or loop is not None:
            raise typer.BadParameter("--list goes alone")
        _list()
        return
    chosen = _chosen(project, every=every)
    with opened() as (_, gate):
        gate.hold(chosen, by="person", what=_what(loop))
        _record(gate, chosen, resume=False, what=_what(loop))
    what = "all projects" if chosen is None else chosen
    if loop is not None:
        typer.echo(
            f"Paused: {'all loops' if loop == 'any' else loop} of {what}. Runs under way end their step and lie; nothing new begins."
        )
        typer.echo(f"Only a person lets them run again: layers-mcp resume {'--all' if chosen is None else chosen} --loop {loop}")
        return
    typer.echo(f"Halted: {what}. Writes are refused from now on, in every server of this state folder; reading works.")
    typer.echo("What is scheduled, runs or advertises goes on: the tool halt with cancel or pauseAds stops it, with your yes.")
    typer.echo(f"Only a person lets them through again: layers-mcp resume {'--all' if chosen is None else chosen}")


def _resume_loops(chosen: str | None, loop: str, what: str) -> None:
    """Lift the pauses that were made for just this; of any loop, all of them."""
    with opened() as (store, gate):
        found = pauses_at(store.halts.all(), None if loop == "any" else loop, chosen)
        if not found:
            typer.echo(f"layers-mcp: no pause of {what} has that name; see layers-mcp halt --list", err=True)
            raise typer.Exit(1)
        for one in found:
            typer.echo(_words(one))
        if not typed_yes(f"Type yes to let the loops of {what} run again"):
            typer.echo("Nothing was changed.")
            raise typer.Exit(1)
        for one in found:
            gate.lift(chosen, by="person", what=one.what)
            _record(gate, chosen, resume=True, what=one.what)
        typer.echo(f"The loops of {what} may run again; what lies goes on within minutes.")
        for one in store.halts.all():
            typer.echo(f"Still: {_words(one)}")


def resume(project: _Project = None, every: _All = False, loop: _Loop = None) -> None:  # noqa: FBT002  typer's flags
    """Let writes through again, or with --loop what was paused run; a yes has to be typed at a terminal."""
    chosen = _chosen(project, every=every)
    what = "all projects" if chosen is None else chosen
    if loop is not None:
        _resume_loops(chosen, loop, what)
        return
    with opened() as (_, gate):
        held = gate.holds(chosen)
        if held is None:
            typer.echo(
                f"layers-mcp: {what} {'are' if chosen is None else 'is'} not halted by that name; see layers-mcp halt --list", err=True
            )
            raise typer.Exit(1)
        typer.echo(_words(held))
        if not typed_yes(f"Type yes to let writes to {what} through again"):
            typer.echo("Nothing was changed.")
            raise typer.Exit(1)
        gate.lift(chosen, by="person")
        _record(gate, chosen, resume=True, what=WRITES)
        typer.echo(f"Writes to {what} go through again.")
        if (other := gate.held([] if chosen is None else [chosen])) is not None:
            typer.echo(f"Still: {_words(other)}")
        if chosen is not None and (paused := gate.paused(chosen)):
            typer.echo(f"{len(paused)} campaigns that halt paused stay paused: the tool halt with resume=true starts them, with your yes.")
