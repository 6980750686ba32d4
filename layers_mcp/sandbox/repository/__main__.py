"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from layers_mcp.sandbox.child.inside import serve
from layers_mcp.sandbox.child.trouble import Trouble
from layers_mcp.sandbox.repository.errand import ASKED, WORKSHOP, Errand, Outcome, Push
from layers_mcp.sandbox.repository.pushing import push
from layers_mcp.sandbox.repository.reading import carry_out

__all__ = ["main"]


def _carry_out(errand: Errand | Push) -> Outcome | Trouble:
    with tempfile.TemporaryDirectory(prefix="layers-repository-", ignore_cleanup_errors=True) as folder:
        return push(errand, Path(folder)) if isinstance(errand, Push) else carry_out(errand, Path(folder))


def main(arguments: list[str]) -> None:
    """Carry out the errand on stdin; `arguments`: seconds and bytes at most."""
    serve(arguments, lambda _: WORKSHOP, ASKED, _carry_out)


if __name__ == "__main__":
    main(sys.argv[1:])
