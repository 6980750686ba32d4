"""The child: one errand in JSON on stdin, one answer in JSON on stdout."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from layers_mcp.sandbox.media.drawing import carry_out
from layers_mcp.sandbox.media.errand import Answer, Errand, Outcome, Trouble
from layers_mcp.sandbox.repository.limits import limit

__all__ = ["main"]

_ERRAND_AT_MOST = 4 * 1024 * 1024
_AT_MOST_S = 60.0
_AT_MOST_BYTES = 512 * 1024 * 1024


def _answer(text: str) -> Outcome | Trouble:
    try:
        errand = Errand.model_validate_json(text)
    except ValidationError:
        return Trouble(code="INTERNAL", message="the errand is not one we know")
    try:
        return carry_out(errand)
    except MemoryError:
        return Trouble(code="INTERNAL", message="the drawing needs more memory than it may use")
    except Exception as error:  # noqa: BLE001 - the edge of the process: every end has an answer
        return Trouble(code="INTERNAL", message=f"the slides could not be drawn: {type(error).__name__}")


def main(arguments: list[str]) -> None:
    """Carry out the errand on stdin; `arguments`: seconds and bytes at most."""
    at_most_s, at_most_bytes = (float(arguments[0]), int(arguments[1])) if arguments else (_AT_MOST_S, _AT_MOST_BYTES)
    limit(at_most_s=at_most_s, at_most_bytes=at_most_bytes)
    result = _answer(sys.stdin.read(_ERRAND_AT_MOST))
    sys.stdout.write(Answer(result=result).model_dump_json(by_alias=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
