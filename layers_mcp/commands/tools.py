"""`layers-mcp tools`: what an agent is shown, and what it costs to show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import layers_mcp.server
from layers_mcp.commands.reference import reference
from layers_mcp.server.catalog import FILE, read_catalog
from layers_mcp.server.presets import PRESETS, generated, preset_of
from layers_mcp.server.weight import weigh
from layers_mcp.tools.catalog import TOOLS
from layers_mcp.tools.examples import EXAMPLES

__all__ = ["tools"]


def _listed() -> Table:
    table = Table("tool", "preset", "effect", "scopes", "does", title="Tools")
    for declared in TOOLS:
        scopes = sorted({call.scope for call in declared.calls if call.scope})
        effect = "control" if declared.ask else declared.effect.value
        table.add_row(declared.name, preset_of(declared.name), effect, ", ".join(scopes), declared.description)
    return table


def _weighed() -> Table:
    table = Table("preset", "tools", "tokens of tools", "of instructions", title="Presets, in tokens (o200k)")
    for name in PRESETS:
        weight = weigh(read_catalog((name,)))
        table.add_row(name, *(f"{number:,}" for number in weight))
    return table


def tools(
    as_json: Annotated[bool, typer.Option("--json", help="Print the catalog as tools/list gives it, and a call of each tool.")] = False,  # noqa: FBT002
    tokens: Annotated[bool, typer.Option("--tokens", help="Print what each preset costs to show.")] = False,  # noqa: FBT002
    markdown: Annotated[bool, typer.Option("--markdown", help="Print each tool: arguments, a call, its answer from a run.")] = False,  # noqa: FBT002
    write: Annotated[bool, typer.Option("--write", help="For developers: make the packaged catalog anew.")] = False,  # noqa: FBT002
) -> None:
    """List the tools: what each does, in which preset it is shown, its effect, its scopes."""
    if write:
        (Path(layers_mcp.server.__path__[0]) / FILE).write_text(generated(), encoding="utf-8")
        return
    if markdown:
        typer.echo(reference())
        return
    if as_json:
        catalog = read_catalog(("all",))
        shown = {"instructions": catalog.instructions, "tools": catalog.tools, "prompts": catalog.prompts, "examples": EXAMPLES}
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    try:
        table = _weighed() if tokens else _listed()
    except ModuleNotFoundError:
        typer.echo('layers-mcp: counting tokens takes the extra tokens: pip install "layers-mcp[tokens]"', err=True)
        raise typer.Exit(2) from None
    Console().print(table)
