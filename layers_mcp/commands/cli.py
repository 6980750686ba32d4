"""The command line with everything on it; `layers-mcp` alone does not come here."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from layers_mcp import __version__
from layers_mcp.commands import confirm, demo, doctor, forgetting, halting, sandbox, serve, serve_http, token, tools, trail

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


@_app.command("serve")
def _serve(
    transport: Annotated[Literal["stdio", "http"], typer.Option(help="http serves Streamable HTTP at /mcp and SSE at /sse.")] = "stdio",
    host: Annotated[str, typer.Option(help="With http: where to listen; beyond this machine it takes tokens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="With http: the port.")] = 8000,
    *,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="With http: a name that requests may call us by, once for each; LAYERS_ALLOWED_HOSTS.")
    ] = None,
    projects: Annotated[str | None, typer.Option(help="The only projects to touch: ids, comma-separated. Default: all.")] = None,
) -> None:
    """Serve MCP: one client over stdio (what `layers-mcp` alone does), or many over HTTP."""
    if transport == "stdio":
        serve.serve({"projects": projects})
    else:
        serve_http.serve(host, port, {"allowed_hosts": tuple(allowed_host) if allowed_host else None, "projects": projects})


_app.command("demo")(demo.demo)
_app.command("doctor")(doctor.doctor)
_app.command("forget")(forgetting.forget)
_app.command("halt")(halting.halt)
_app.command("resume")(halting.resume)
_app.command("token")(token.token)
_app.command("tools")(tools.tools)
_app.command("trail")(trail.trail)
_app.add_typer(confirm.app, name="confirm")
_app.add_typer(sandbox.app, name="sandbox")


def cli() -> None:
    """Run a command."""
    _app()
