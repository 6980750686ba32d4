"""`layers-mcp runs`: what the loops have done and do, on whatever worker; to stop a run, and to have one go on."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from layers_mcp.client.limits import span_words
from layers_mcp.clock import WallClock
from layers_mcp.commands.halting import check_project
from layers_mcp.contract.scalars import full_project, wire_time
from layers_mcp.loops.engine import Engine
from layers_mcp.loops.holding import words
from layers_mcp.loops.run import Look
from layers_mcp.loops.runner import EngineRunner
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.rows import RunRow, RunState
from layers_mcp.store.store import Store

__all__ = ["app"]

app = typer.Typer(help="List the runs of the loops; show, cancel or retry one.", no_args_is_help=False, invoke_without_command=True)
_CLASSES = {"read-light": "reads", "write-light": "writes", "long-running": "starts"}
_Run = Annotated[str, typer.Argument(help="The run's id, as the list has it.", metavar="RUN")]


@contextmanager
def _opened() -> Generator[Store]:
    store = Store.open(settings_or_exit().kept_in("layers.db"))
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _runner() -> Generator[EngineRunner]:
    """Who starts, stops and shows runs; they are worked off elsewhere."""
    with _opened() as store:
        engine = Engine(settings_or_exit().kept_in("engine.db"))
        try:
            yield EngineRunner(store, engine, WallClock(), ())
        finally:
            engine.close()


def _where(row: RunRow) -> str:
    """Where a run stands, in words."""
    why = f" ({row.code})" if row.code else ""
    if row.state in ("sleeping", "waiting"):
        ends = [f"until {wire_time(row.until)}"] if row.until else []
        ends += [f"for {row.bell}"] if row.bell else []
        return f"{row.state} {' or '.join(ends)} at {row.name}{why}"
    return f"{row.state}{why}"


def _line(row: RunRow) -> str:
    about = "  ".join(one for one in (row.customer, row.project_id) if one)
    return f"{wire_time(row.began_at)}  {row.id}  {row.loop}  {_where(row)}  {about}".rstrip()


def _sent(requests: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_CLASSES.get(rate, rate)}" for rate, number in sorted(requests.items()))


def _shown(look: Look) -> None:
    row = look.row
    typer.echo(_line(row))
    for step in look.steps:
        took = "" if step.began_at is None or step.ended_at is None else f"  {(step.ended_at - step.began_at).total_seconds():.1f} s"
        when = "" if step.ended_at is None else f"{wire_time(step.ended_at)}  "
        sent = f"  [{_sent(step.requests)}]" if step.requests else ""
        typer.echo(f"  {when}{step.name}{took}{sent}  {''.join(one if one.isprintable() else ' ' for one in step.came)}")
    typer.echo(f"  Cost: {_sent(look.requests) or 'no requests'}; {look.credits:,} credits; waited {span_words(look.waited_s)}")
    if row.words:
        typer.echo(f"  {row.code}: {row.words}")
    if row.state in ("failed", "cancelled"):
        typer.echo(f"To have it go on from there, with what is on record: layers-mcp runs retry {row.id}")
    elif look.held is not None:
        typer.echo(f"It rests: {words(look.held)}. To let it go on: layers-mcp halt --list, layers-mcp resume")


def _refuse(runner: EngineRunner, run_id: str) -> None:
    """Say why nothing was done, and what can be."""
    look = asyncio.run(runner.look(run_id))
    if look is None:
        typer.echo(f"layers-mcp: there is no run {run_id}; see layers-mcp runs", err=True)
    else:
        way = "start it anew from its tool" if look.row.state == "completed" else f"see layers-mcp runs show {run_id}"
        typer.echo(f"layers-mcp: run {run_id} is {look.row.state}, so nothing was changed; {way}", err=True)
    raise typer.Exit(1)


@app.callback()
def runs(  # noqa: PLR0913  each is a filter of its own
    context: typer.Context,
    *,
    state: Annotated[RunState | None, typer.Option(help="Only in this state.")] = None,
    loop: Annotated[str | None, typer.Option(help="Only of this loop.")] = None,
    project: Annotated[str | None, typer.Option(help="Only of this project.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of the customer with this external id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List runs, newest first, and who works them off."""
    if context.invoked_subcommand is not None:
        return
    place = None if project is None else full_project(check_project(project))
    with _opened() as store:
        for row in store.runs.recent(loop=loop, states=() if state is None else (state,), project_id=place, customer=customer, limit=limit):
            typer.echo(row.model_dump_json(exclude_none=True, exclude={"given"}) if as_json else _line(row))
        if as_json:
            return
        alive = store.workers.all()
        for one in alive:
            typer.echo(f"worker: {one.place}, since {wire_time(one.since)}, heard of {one.silent_s:.0f} s ago")
        for held in store.halts.all():
            typer.echo(f"rests: {words(held)}; layers-mcp resume lets it go on")
        if not alive:
            typer.echo("No worker is there: start layers-mcp worker, or a server that shows the preset loops.")


@app.command()
def show(run: _Run) -> None:
    """Show a run with its steps: when, how long, what came of each in short."""
    with _runner() as runner:
        look = asyncio.run(runner.look(run))
        if look is None:
            _refuse(runner, run)
        else:
            _shown(look)


@app.command()
def cancel(run: _Run) -> None:
    """Let a run go no further than the step it is in; what it has done stays done."""
    with _runner() as runner:
        if not asyncio.run(runner.cancel(run)):
            _refuse(runner, run)
        typer.echo(f"Cancelled: {run}. What it has done stays done; layers-mcp runs retry {run} has it go on.")


@app.command()
def retry(run: _Run) -> None:
    """Have a run that failed or was cancelled go on from where it stood; no step that is on record is done again."""
    with _runner() as runner:
        if not asyncio.run(runner.retry(run)):
            _refuse(runner, run)
        typer.echo(f"It goes on as soon as a worker takes it on: {run}. See layers-mcp runs show {run}")
