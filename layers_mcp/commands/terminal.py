"""A yes that is typed at a terminal; a program that runs a command is nobody at a terminal."""

from __future__ import annotations

import sys

import typer

__all__ = ["typed_yes"]


def typed_yes(question: str) -> bool:
    """Whether somebody at a terminal typed yes, whole.

    Raises:
        typer.Exit: nobody is at a terminal.
    """
    if not sys.stdin.isatty():
        typer.echo("layers-mcp: a yes is typed by a person at a terminal; nothing was changed", err=True)
        raise typer.Exit(2)
    return typer.prompt(question, default="no").strip().lower() == "yes"
