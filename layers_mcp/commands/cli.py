"""The command line with everything on it; `layers-mcp` alone does not come here."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from layers_mcp import __version__
from layers_mcp.commands import confirm, demo, doctor, sandbox, serve, tools, trail
from layers_mcp.server import http

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
    host: Annotated[str, typer.Option(help="With http: where to listen; this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="With http: the port.")] = 8000,
    projects: Annotated[str | None, typer.Option(help="The only projects to touch: ids, comma-separated. Default: all.")] = None,
) -> None:
    """Serve MCP: one client over stdio (what `layers-mcp` alone does), or many of this machine over HTTP."""
    flags = {"projects": projects}
    if transport == "stdio":
        serve.serve(flags)
        return
    if host not in http.LOOPBACK:
        raise typer.BadParameter(f"--host {host}: HTTP is served to this machine only; use one of {', '.join(http.LOOPBACK)}")
    root = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    typer.echo(f"layers-mcp: {root}/mcp (Streamable HTTP), {root}/sse (SSE)", err=True)
    typer.echo(f"layers-mcp: {root}/confirm is where a person answers; layers-mcp confirm link --at {root} prints the way in", err=True)
    serve.run(lambda server, app: http.serve(server, host=host, port=port, page=app.page()), page=f"{root}/confirm", flags=flags)


_app.command("demo")(demo.demo)
_app.command("doctor")(doctor.doctor)
_app.command("tools")(tools.tools)
_app.command("trail")(trail.trail)
_app.add_typer(confirm.app, name="confirm")
_app.add_typer(sandbox.app, name="sandbox")


def cli() -> None:
    """Run a command."""
    _app()
