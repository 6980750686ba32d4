"""The command line with everything on it; `layers-mcp` alone does not come here."""

from __future__ import annotations

from typing import Annotated

import typer

from layers_mcp import __version__
from layers_mcp.commands import demo, sandbox, serve, tools

__all__ = ["cli"]

_app = typer.Typer(
    name="layers-mcp",
    help="Layers, the growth platform, as MCP tools. Without a command: serve one client over stdio.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:  # noqa: FBT001  typer's callback
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@_app.callback(invoke_without_command=True)
def _top(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    del version  # its callback has spoken
    if context.invoked_subcommand is None:
        serve.serve()


_app.command("serve", help="Serve one MCP client over stdio (what `layers-mcp` alone does).")(serve.serve)
_app.command("demo")(demo.demo)
_app.command("tools")(tools.tools)
_app.add_typer(sandbox.app, name="sandbox")


def cli() -> None:
    """Run a command."""
    _app()
