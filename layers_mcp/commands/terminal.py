"""What is typed at a terminal, and said there; a program that runs a command is nobody at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

import typer

from layers_mcp.contract.errors import LayersError

__all__ = ["refusals_told", "typed_yes"]


@contextmanager
def refusals_told() -> Generator[None]:
    """Say what Layers refused, and end with 1."""
    try:
        yield
    except LayersError as problem:
        typer.echo(f"layers-mcp: {problem}. {problem.advice}", err=True)
        raise typer.Exit(1) from None


def typed_yes(question: str) -> bool:
    """Whether somebody at a terminal typed yes, whole.

    Raises:
        typer.Exit: nobody is at a terminal.
    """
    if not sys.stdin.isatty():
        typer.echo("layers-mcp: a yes is typed by a person at a terminal; nothing was changed", err=True)
        raise typer.Exit(2)
    return typer.prompt(question, default="no").strip().lower() == "yes"
