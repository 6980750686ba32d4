"""The command line. Without arguments it serves stdio, and imports nothing else for it."""

from __future__ import annotations

import sys

from layers_mcp.unopened import Unopened

__all__ = ["main"]


def _run() -> None:
    if len(sys.argv) == 1:
        from layers_mcp.commands.serve import serve  # noqa: PLC0415  the quick way in

        serve()
    else:
        from layers_mcp.commands.cli import cli  # noqa: PLC0415

        cli()


def main() -> None:
    """Run `layers-mcp`; a database that can't be used is told in one line, whichever command wanted it."""
    try:
        _run()
    except Unopened as problem:
        sys.stderr.write(f"layers-mcp: LAYERS_DATABASE_URL: {problem}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
