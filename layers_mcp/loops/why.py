"""Why a run failed, for people."""

from __future__ import annotations

from typing import Final

from layers_mcp.contract.errors import LayersError, OurMistake
from layers_mcp.loops import patience
from layers_mcp.loops.engine import CodeChanged
from layers_mcp.store.rows import DIED

__all__ = ["Died", "why"]

_WORDS: Final = 500


class Died(Exception):
    """The run ends its process, again and again."""


def why(problem: Exception | None) -> tuple[str | None, str | None]:
    """The code and the words of a failure."""
    match problem:
        case None:
            return None, None
        case Died():
            return DIED, f"{patience.MOST_STARTS} times in a row its process ended before it got a step further; see the log"
        case CodeChanged():
            return "CODE_CHANGED", "this version does other steps than are on record; a retry goes on from where they part"
        case LayersError():
            return problem.wire_code, "".join(one if one.isprintable() else " " for one in problem.message)[:_WORDS]
        case _:
            return OurMistake.code, f"{type(problem).__name__} between its steps; the log has more"
