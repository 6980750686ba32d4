"""`layers-mcp confirm`: a person's answers, given outside the conversation."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast
from urllib.parse import urlencode

import typer

from layers_mcp.clock import WallClock
from layers_mcp.commands.terminal import typed_yes
from layers_mcp.settings import settings_or_exit
from layers_mcp.store.rows import Confirmation
from layers_mcp.store.store import Store
from layers_mcp.store.token import Exposed, person_token
from layers_mcp.tool.words import clean

__all__ = ["app"]

app = typer.Typer(help="What waits for your yes: list, show, yes, no, link.", no_args_is_help=False, invoke_without_command=True)
_NAME_LETTERS = 8
"""Of a confirmation's digest; the handle itself is kept nowhere."""
_SAID_YES = "Yes. It is done when the assistant calls again with its handle."
_SAID_NO = "No, for good. Nothing was changed."
_AT = "http://127.0.0.1:8000"
"""Where `layers-mcp serve --transport http` serves by itself."""
_Name = Annotated[str, typer.Argument(help="The name that list shows.", metavar="NAME")]


@contextmanager
def _opened() -> Generator[Store]:
    store = Store.open(settings_or_exit().kept_in("layers.db"))
    try:
        yield store
    finally:
        store.close()


def _name(row: Confirmation) -> str:
    return row.handle[:_NAME_LETTERS]


def _world(row: Confirmation) -> str:
    """Where it would act."""
    return "sandbox" if row.sandbox else "live"


def _left(row: Confirmation) -> str:
    minutes = int((row.expires_at - WallClock().now()).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min left" if minutes >= 60 else f"{minutes} min left"


def _found(store: Store, name: str) -> Confirmation:
    """What waits under this name; whatever does not is an error that says so."""
    found = [row for row in store.confirmations.waiting(WallClock().now()) if name and row.handle.startswith(name)]
    if len(found) == 1:
        return found[0]
    typer.echo(f"layers-mcp: {'several wait' if found else 'nothing waits'} under {json.dumps(name)}; see layers-mcp confirm", err=True)
    raise typer.Exit(2)


def _lines(row: Confirmation) -> Iterator[str]:
    """The preview in words; what strangers wrote stands in quotes, and on one line."""
    yield f"{_name(row)}  {row.tool}  {_world(row)}  {_left(row)}"
    yield str(clean(row.question, whole=True))
    for item in cast("list[dict[str, Any]]", row.items or []):
        yield f"  {item['id']}"
        yield f"    now:  {json.dumps(clean(item['before'], whole=True), ensure_ascii=False)}"
        yield f"    then: {json.dumps(clean(item['after'], whole=True), ensure_ascii=False)}"
        for fact, value in item["facts"].items():
            if value is not None:
                yield f"    {fact}: {json.dumps(clean(value, whole=True), ensure_ascii=False)}"


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _list()


@app.command("list")
def _list() -> None:
    """List what waits for a person's answer."""
    with _opened() as store:
        rows = store.confirmations.waiting(WallClock().now())
        for row in rows:
            typer.echo(f"{_name(row)}  {row.tool}  {_world(row)}  {_left(row)}  {clean(row.question)}")
        if not rows:
            typer.echo("Nothing waits for an answer.")


@app.command("show")
def _show(name: _Name) -> None:
    """Show one thing that waits, with all that would change."""
    with _opened() as store:
        for line in _lines(_found(store, name)):
            typer.echo(line)


def _answered(name: str, *, yes: bool) -> None:
    with _opened() as store:
        row = _found(store, name)
        for line in _lines(row):
            typer.echo(line)
        if yes and not typed_yes("Type yes to allow exactly this"):
            typer.echo("Not answered.")
            raise typer.Exit(1)
        if not store.confirmations.answer(row.handle, yes=yes, how="command", now=WallClock().now()):
            typer.echo("layers-mcp: it was answered or ran out meanwhile; nothing was changed", err=True)
            raise typer.Exit(1)
        typer.echo(_SAID_YES if yes else _SAID_NO)


@app.command("yes")
def _yes(name: _Name) -> None:
    """Allow exactly what is shown, once; it has to be typed at a terminal."""
    _answered(name, yes=True)


@app.command("no")
def _no(name: _Name) -> None:
    """Turn it down, for good."""
    _answered(name, yes=False)


@app.command("link")
def _link(at: Annotated[str, typer.Option(help="Where layers-mcp serve --transport http serves.")] = _AT) -> None:
    """Print the address that opens the page for your answers in a browser; it holds your secret, so it is for a terminal only."""
    if not sys.stdin.isatty():
        typer.echo("layers-mcp: the link is for a person at a terminal", err=True)
        raise typer.Exit(2)
    settings = settings_or_exit()
    try:
        token = settings.person_token.get_secret_value() if settings.person_token else person_token(settings.state_dir)
    except Exposed as problem:
        typer.echo(f"layers-mcp: {problem}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{at.rstrip('/')}/confirm?{urlencode({'token': token})}")
