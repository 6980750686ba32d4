"""What a step came to, as the engine keeps it: a value, or the error that a replay must meet again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from layers_mcp.contract.errors import BY_CODE, LayersError, UnknownProblem

__all__ = ["requests_in", "unwrapped", "with_requests", "wrapped"]


def with_requests(kept: dict[str, Any], sent: Mapping[str, int]) -> str:
    """The record of a step: what it came to, and how many requests it sent, by rate class, in the attempt that ended it."""
    return json.dumps(kept | {"requests": dict(sent)} if sent else kept)


def requests_in(kept: object) -> Mapping[str, int]:
    """How many requests a record tells of."""
    known = json.loads(kept) if isinstance(kept, str) else None
    return cast("dict[str, Any]", known).get("requests", {}) if isinstance(known, dict) else {}


def wrapped(problem: LayersError) -> dict[str, Any]:
    """An error, as it is kept."""
    known = {"code": problem.wire_code, "message": problem.message, "details": problem.details, "requestId": problem.request_id}
    return {"problem": known, "status": getattr(problem, "wire_status", problem.status)}


def unwrapped(kept: dict[str, Any]) -> LayersError:
    """The error again, as a replay must meet what the first run met."""
    problem = kept["problem"]
    known: dict[str, Any] = {"details": problem["details"], "request_id": problem["requestId"]}
    cls = BY_CODE.get(problem["code"])
    if cls is None:
        return UnknownProblem(problem["message"], wire_code=problem["code"], wire_status=kept["status"], **known)
    return cls(problem["message"], **known)
