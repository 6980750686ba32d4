"""The command line. Without arguments it serves stdio, and imports nothing else for it."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run `layers-mcp`."""
    if len(sys.argv) == 1:
        from layers_mcp.commands.serve import serve  # noqa: PLC0415  the quick way in

        serve()
    else:
        from layers_mcp.commands.cli import cli  # noqa: PLC0415

        cli()


if __name__ == "__main__":
    main()
