"""The body of every refusal, written by the sandbox and read by the client."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from layers_mcp.contract.errors import BY_CODE, BadReply, Internal, LayersError, RateLimited, Unavailable, UnknownProblem

__all__ = ["Envelope", "envelope", "from_wire"]

_CODE = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class _Problem(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    code: str
    message: str = ""
    request_id: str | None = Field(default=None, alias="requestId")
    details: dict[str, JsonValue] | None = None


class Envelope(BaseModel):
    """The body of every refusal: `{"error": {"code", "message", "requestId", "details"}}`."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    error: _Problem


def envelope(problem: LayersError, request_id: str) -> dict[str, JsonValue]:
    """The wire body of `problem`, as the sandbox sends it."""
    error: dict[str, JsonValue] = {"code": problem.wire_code, "message": problem.message, "requestId": request_id}
    if problem.details:
        error["details"] = problem.details
    return {"error": error}


def from_wire(status: int, body: bytes, *, request_id: str | None, retry_after_s: float | None) -> LayersError:
    """The error that `body` tells of: the same class that was raised on the other side, with everything it said.

    A body that is no envelope (a proxy's page) becomes `Unavailable` for 5xx, `RateLimited` for 429, else `BadReply`;
    its text is dropped, because a stranger wrote it. A code that has not the letters of one is dropped, too.
    """
    try:
        problem = Envelope.model_validate_json(body).error
    except ValueError:
        plain = RateLimited if status == RateLimited.status else Unavailable if status >= Internal.status else BadReply
        return plain(f"HTTP {status} without an error envelope", request_id=request_id, retry_after_s=retry_after_s)
    cls = BY_CODE.get(problem.code)
    more: dict[str, Any] = {"details": problem.details or {}, "request_id": problem.request_id or request_id}
    if cls is None:
        code = problem.code if _CODE.fullmatch(problem.code) else UnknownProblem.code
        found: LayersError = UnknownProblem(problem.message, wire_code=code, wire_status=status, **more)
    else:
        found = cls(problem.message, **more)
    found.retry_after_s, found.from_wire = retry_after_s, True
    return found
