"""The command line with everything on it; `layers-mcp` alone does not come here."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Literal, NamedTuple

import typer

from layers_mcp import __version__

__all__ = ["app", "cli", "listing"]


def _version(asked: bool) -> None:  # noqa: FBT001  typer's callback
    if asked:
        typer.echo(__version__)
        raise typer.Exit


def _top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    del version  # its callback has spoken
    if context.invoked_subcommand is None:
        from layers_mcp.commands.serve import serve  # noqa: PLC0415  as below

        serve()


def _serve(  # noqa: PLR0913  each is a flag of its own
    transport: Annotated[Literal["stdio", "http"], typer.Option(help="http serves Streamable HTTP at /mcp and SSE at /sse.")] = "stdio",
    host: Annotated[str, typer.Option(help="With http: where to listen; beyond this machine it takes tokens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="With http: the port.")] = 8000,
    *,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="With http: a name that requests may call us by, once for each; LAYERS_ALLOWED_HOSTS.")
    ] = None,
    tools: Annotated[str | None, typer.Option(help="Presets and tools to show, comma-separated; LAYERS_TOOLS.")] = None,
    exclude_tools: Annotated[str | None, typer.Option(help="Those never to show, whatever else is said; LAYERS_EXCLUDE_TOOLS.")] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Show only tools that change nothing; LAYERS_READ_ONLY.")] = False,
    projects: Annotated[str | None, typer.Option(help="The only projects to touch: ids, comma-separated. Default: all.")] = None,
) -> None:
    """Serve MCP: one client over stdio (what `layers-mcp` alone does), or many over HTTP."""
    shown = {"tools": tools, "exclude_tools": exclude_tools, "read_only": read_only or None, "projects": projects}
    if transport == "stdio":
        from layers_mcp.commands.serve import serve  # noqa: PLC0415  as below

        serve(shown)
    else:
        from layers_mcp.commands import serve_http  # noqa: PLC0415  as below

        serve_http.serve(host, port, {**shown, "allowed_hosts": tuple(allowed_host) if allowed_host else None})


class _Place(NamedTuple):
    module: str
    says: str
    """What the list of commands says of it: the first words of its own help, here so that the list imports none of them."""


_PLACES = {
    "confirm": _Place("confirm", "What waits for your yes: list, show, yes, no, link."),
    "demo": _Place(
        "demo", "Watch an MCP client onboard a customer in the sandbox, step by step; exit code 0 only if every step was checked."
    ),
    "doctor": _Place(
        "doctor",
        "Check key, sandbox, folders and ports, and print what a client's configuration must say; exit code 1 if something is bad.",
    ),
    "forget": _Place(
        "forgetting", "Delete one customer's texts and media from this state folder, for good; the trail stays and still verifies."
    ),
    "halt": _Place(
        "halting",
        "Refuse every write of every assistant and server of this state folder, at once, until you resume it; --loop: let loops rest.",
    ),
    "health": _Place("health", "Show what the daily reviews found wrong; exit code 1 when there is anything."),
    "onboard": _Place(
        "onboarding",
        "Onboard many customers from a file: checked whole, planned against the key's limits, and shown before anything starts.",
    ),
    "resume": _Place("halting", "Let writes through again, or with --loop what was paused run; a yes has to be typed at a terminal."),
    "runs": _Place("runs", "List the runs of the loops; show, cancel or retry one."),
    "sandbox": _Place("sandbox", "The Partner API on a port of this machine, for curl and any other client."),
    "token": _Place("token", "Make a token for a client, show it this once, and print what the file of LAYERS_ACCESS has to say of it."),
    "tools": _Place("tools", "List the tools: what each does, in which preset it is shown, its effect, its scopes."),
    "trail": _Place("trail", "Show the trail of all calls, or verify it."),
    "worker": _Place(
        "worker",
        "Work the loops off until a signal comes: one process on this machine, or any number on a database of LAYERS_DATABASE_URL.",
    ),
    "webhooks": _Place("webhooks", "Have Layers tell this server what happens, so that it need not ask."),
}


def app(names: Iterable[str] = tuple(_PLACES)) -> typer.Typer:
    """The command line with these commands beside `serve`, to be run; a module is a group of its own, or has the command as a function."""
    made = _top_alone()
    for name in names:
        module = import_module(f"layers_mcp.commands.{_PLACES[name].module}")
        if hasattr(module, "app"):
            made.add_typer(module.app, name=name)
        else:
            made.command(name)(getattr(module, name))
    return made


def listing() -> typer.Typer:
    """The command line with all commands, to be listed and not to be run; it imports none of them, as some take a second and a half."""
    made = _top_alone()
    for name, place in _PLACES.items():
        made.command(name, help=place.says)(_not_run)
    return made


def _top_alone() -> typer.Typer:
    made = typer.Typer(
        name="layers-mcp",
        help="Layers, the growth platform, as MCP tools. Without a command: serve one client over stdio.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    made.callback(invoke_without_command=True)(_top)
    made.command("serve")(_serve)
    return made


def _not_run() -> None:
    """In the place of a command in the list; whoever names one gets the command itself."""


def cli() -> None:
    """Run a command; the modules of others are not imported for it."""
    named = sys.argv[1:2]
    (app(named) if named and named[0] in _PLACES else listing())()
