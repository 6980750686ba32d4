"""What a step came to, as the engine keeps it: a value, or the error that a replay must meet again."""

from __future__ import annotations

import json
from typing import Any

from layers_mcp.contract.errors import BY_CODE, LayersError, UnknownProblem

__all__ = ["unwrapped", "wrapped"]


def wrapped(problem: LayersError) -> str:
    """An error, as it is kept."""
    known = {"code": problem.wire_code, "message": problem.message, "details": problem.details, "requestId": problem.request_id}
    return json.dumps({"problem": known, "status": getattr(problem, "wire_status", problem.status)})


def unwrapped(kept: dict[str, Any]) -> LayersError:
    """The error again, as a replay must meet what the first run met."""
    problem = kept["problem"]
    known: dict[str, Any] = {"details": problem["details"], "request_id": problem["requestId"]}
    cls = BY_CODE.get(problem["code"])
    if cls is None:
        return UnknownProblem(problem["message"], wire_code=problem["code"], wire_status=kept["status"], **known)
    return cls(problem["message"], **known)
