"""The command line with everything on it; `layers-mcp` alone does not come here."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated, Literal

import typer

from layers_mcp import __version__

__all__ = ["app", "cli"]


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


_PLACES = {
    "confirm": "confirm",
    "demo": "demo",
    "doctor": "doctor",
    "forget": "forgetting",
    "halt": "halting",
    "health": "health",
    "onboard": "onboarding",
    "resume": "halting",
    "runs": "runs",
    "sandbox": "sandbox",
    "token": "token",
    "tools": "tools",
    "trail": "trail",
    "worker": "worker",
    "webhooks": "webhooks",
}
"""The module of each command beside `serve`."""


def app(names: Iterable[str] = tuple(_PLACES)) -> typer.Typer:
    """The command line with these commands beside `serve`; a module is a group of its own, or has the command as a function."""
    made = typer.Typer(
        name="layers-mcp",
        help="Layers, the growth platform, as MCP tools. Without a command: serve one client over stdio.",
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    made.callback(invoke_without_command=True)(_top)
    made.command("serve")(_serve)
    for name in names:
        module = import_module(f"layers_mcp.commands.{_PLACES[name]}")
        if hasattr(module, "app"):
            made.add_typer(module.app, name=name)
        else:
            made.command(name)(getattr(module, name))
    return made


def cli() -> None:
    """Run a command; the modules of others are not imported for it, as some take two seconds."""
    named = sys.argv[1:2]
    app(named if named and named[0] in _PLACES else [] if named in (["serve"], ["--version"]) else _PLACES)()
