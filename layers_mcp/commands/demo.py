"""`layers-mcp demo`: the onboarding guide end to end, driven by a real MCP client over stdio, on a real repository."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from mcp import Client, StdioServerParameters
from rich.console import Console

from layers_mcp.commands.guide import Guide, Mismatch
from layers_mcp.commands.stage import Stage

__all__ = ["demo"]

SAMPLE = "quinns-coffee/quinns-app"
CUSTOMER = "Quinns Coffee Co"
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.\-]+")


def _repository(path: Path | None) -> tuple[str, dict[str, str]]:
    """The repository's full name, and the setting under which the sandbox finds it."""
    if path is None:
        return SAMPLE, {}
    place = path.expanduser().resolve()
    if not ((place / ".git").exists() or (place / "HEAD").is_file()):
        raise typer.BadParameter(f"--repo {place} is no git repository; give its top folder, or a bare one")
    name = _NOT_A_NAME.sub("-", place.name.removesuffix(".git")).strip("-.") or "app"
    return f"local/{name}", {"LAYERS_SANDBOX_REPOS": f"local/{name}={place}"}


async def _run(console: Console, repo: str, customer: str, environment: dict[str, str]) -> tuple[int, Mismatch | None]:
    """How many checks passed, and the one that stopped it."""
    server = StdioServerParameters(command=sys.executable, args=["-m", "layers_mcp"], env={**environment, "LAYERS_LOG_LEVEL": "warning"})
    async with Client(server) as client:
        stage = Stage(client, console)
        await stage.greet()
        try:
            await Guide(stage, repo, customer).run()
        except Mismatch as problem:  # caught here, because the client's task group would wrap it
            return stage.checked, problem
        return stage.checked, None


def demo(
    repo: Annotated[Path | None, typer.Option(help="A git repository of your own to onboard, in place of the sample app.")] = None,
    state: Annotated[Path | None, typer.Option(help="Folder for the state; else a new temporary one.")] = None,
) -> None:
    """Watch an MCP client onboard a customer in the sandbox, step by step; exit code 0 only if every step was checked."""
    console = Console()
    name, environment = _repository(repo)
    customer = CUSTOMER if repo is None else name.partition("/")[2]
    folder = state or Path(tempfile.mkdtemp(prefix="layers-mcp-demo-"))
    began = time.monotonic()
    checked, problem = asyncio.run(_run(console, name, customer, {**environment, "LAYERS_STATE_DIR": str(folder)}))
    if problem is not None:
        console.print(f"[bold red]Stopped:[/] {problem}")
        raise typer.Exit(1)
    console.print(
        f"\n[bold green]The customer is live.[/] {checked} checks passed in {time.monotonic() - began:.0f} s, all of it in the sandbox."
    )
    console.print(f"[dim]Its state, with the patch: {folder}[/]")
