"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from pydantic import ValidationError

from layers_mcp.sandbox.repository.errand import ASKED, Answer, Outcome, Push, Trouble
from layers_mcp.sandbox.repository.limits import limit
from layers_mcp.sandbox.repository.pushing import push
from layers_mcp.sandbox.repository.reading import carry_out

__all__ = ["main"]

_SMALLER = "connect a smaller repository, or name a branch with only the app in it"
_ERRAND_AT_MOST = 1024 * 1024
_AT_MOST_S = 120.0
_AT_MOST_BYTES = 512 * 1024 * 1024


def _answer(text: str) -> Outcome | Trouble:
    try:
        errand = ASKED.validate_json(text)
    except ValidationError:
        return Trouble(code="INTERNAL", message="the errand is not one we know")
    try:
        with tempfile.TemporaryDirectory(prefix="layers-repository-", ignore_cleanup_errors=True) as folder:
            return push(errand, Path(folder)) if isinstance(errand, Push) else carry_out(errand, Path(folder))
    except MemoryError:
        return Trouble(
            code="INTERNAL", message=f"the repository needs more memory than a reading may use; {_SMALLER}", field="repoFullName"
        )
    except Exception as error:  # noqa: BLE001 - the edge of the process: every end has an answer
        return Trouble(
            code="INTERNAL", message=f"the repository could not be read: {type(error).__name__}; {_SMALLER}", field="repoFullName"
        )


def main(arguments: list[str]) -> None:
    """Carry out the errand on stdin; `arguments`: seconds and bytes at most."""
    at_most_s, at_most_bytes = (float(arguments[0]), int(arguments[1])) if arguments else (_AT_MOST_S, _AT_MOST_BYTES)
    limit(at_most_s=at_most_s, at_most_bytes=at_most_bytes)
    result = _answer(sys.stdin.read(_ERRAND_AT_MOST))
    sys.stdout.write(Answer(result=result).model_dump_json() + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
