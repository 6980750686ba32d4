"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import sys

from pydantic import TypeAdapter

from layers_mcp.sandbox.child.inside import serve
from layers_mcp.sandbox.media.drawing import carry_out
from layers_mcp.sandbox.media.errand import WORKSHOP, Errand

__all__ = ["main"]


def main(arguments: list[str]) -> None:
    """Carry out the errand on stdin; `arguments`: seconds and bytes at most."""
    serve(arguments, lambda _: WORKSHOP, TypeAdapter(Errand), carry_out)


if __name__ == "__main__":
    main(sys.argv[1:])
