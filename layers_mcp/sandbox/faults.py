"""Scripted trouble: so many requests to a route fail, are slow, break off, lose their answer, or start a job that fails."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from layers_mcp.contract.endpoint import Endpoint, Reply, Request
from layers_mcp.contract.envelope import from_wire
from layers_mcp.contract.errors import BY_CODE, LayersError, Unavailable
from layers_mcp.contract.events import EVENTS
from layers_mcp.contract.table import TABLE
from layers_mcp.sandbox import tables

__all__ = ["Fault", "add", "next_event", "next_fault"]

_LONGEST_S = 600
"""The longest delay of a request, in seconds."""
_Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]
_PLAIN = {
    401: "UNAUTHENTICATED",
    402: "INSUFFICIENT_CREDITS",
    403: "FORBIDDEN_SCOPE",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMITED",
    500: "INTERNAL",
    502: "PLATFORM_ERROR",
    503: "UNAVAILABLE",
    504: "TIMEOUT",
}
"""The code of a status that was scripted without one."""
_NEXT = (
    select(tables.faults)
    .where(
        tables.faults.c.method.in_(bindparam("methods", expanding=True)),
        tables.faults.c.path.in_(bindparam("paths", expanding=True)),
    )
    .order_by(tables.faults.c.seq)
)


class Fault(Request):
    """Trouble for the next `times` requests of a route, or for as many of which each is the `every`th.

    `path`: as the table writes it (`/v1/projects/{projectId}`), or `*`. `status` or `code`: the answer, without any effect;
    `retry_after_s` goes with it (1 with a 429 that says none). `delay_s`: wall seconds before the answer, after the effect.
    `reset`: the connection breaks without any effect; `lose_answer`: the effect stays, the connection breaks.
    `job_error`: the code that the job or post of this request ends with, or that its consent is refused with once its owner
    presses Allow.

    With `method` EVENT it is trouble for the next events that somebody listens to, and `path` is their kind (`post.published`), or
    `*`: `lost`, `doubled`, or `delay_s` world seconds late, so that later ones come before.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "EVENT", "*"] = "*"
    path: str = "*"
    times: int = Field(default=1, ge=1, le=1_000_000)
    every: int = Field(default=1, ge=1, le=1000)
    status: int | None = Field(default=None, ge=400, le=599)
    code: _Code | None = None
    retry_after_s: float | None = Field(default=None, ge=0, le=86_400)
    delay_s: float = Field(default=0.0, ge=0, le=86_400)
    reset: bool = False
    lose_answer: bool = False
    job_error: _Code | None = None
    lost: bool = False
    doubled: bool = False

    @model_validator(mode="after")
    def _of_one_kind(self) -> Fault:
        """Trouble of events is not trouble of requests."""
        events_only, given = {"lost", "doubled"}, self.model_fields_set
        if self.method != "EVENT":
            if given & events_only:
                message = "lost, doubled: go with method EVENT only"
                raise ValueError(message)
            if self.delay_s > _LONGEST_S:
                message = f"delay_s: a request is delayed {_LONGEST_S} seconds at most"
                raise ValueError(message)
        elif not given <= events_only | {"method", "path", "times", "every", "delay_s"}:
            message = "method EVENT: goes with lost, doubled and delay_s only"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _known(self) -> Fault:
        if self.method == "EVENT":
            if self.path != "*" and self.path not in EVENTS:
                message = "path: no event is of this kind"
                raise ValueError(message)
            return self
        if self.status is None and self.code is not None and self.code not in BY_CODE:
            message = f"code: {self.code} has no status of its own; give one"
            raise ValueError(message)
        if self.path != "*" and not any(row.path == self.path and self.method in ("*", row.method) for row in TABLE):
            message = "path: no route of the table has this method and path"
            raise ValueError(message)
        if self.reset and (self.lose_answer or self.code is not None or self.status is not None):
            message = "reset: a connection that breaks before anything is done has no answer; leave status, code and lose_answer out"
            raise ValueError(message)
        return self

    def problem(self) -> LayersError | None:
        """The refusal this fault answers with, or None when the request goes through."""
        if self.reset:
            return Unavailable("the connection broke (scripted)")
        if self.code is None and self.status is None:
            return None
        status = self.status or BY_CODE[self.code or ""].status
        code = self.code or _PLAIN.get(status, "INTERNAL" if status >= 500 else "VALIDATION")
        body = f'{{"error":{{"code":"{code}","message":"scripted trouble"}}}}'.encode()
        pause_s = 1.0 if self.retry_after_s is None and status == 429 else self.retry_after_s
        return from_wire(status, body, request_id=None, retry_after_s=pause_s)


def add(connection: Connection, fault: Fault) -> None:
    """Remember `fault`; faults of one route come in the order they were scripted. One whose turn has not come lets the next by."""
    trouble, left = fault.model_dump(mode="json", exclude_unset=True), fault.times * fault.every
    connection.execute(insert(tables.faults).values(method=fault.method, path=fault.path, left=left, trouble=trouble))


def _next(connection: Connection, methods: list[str], path: str) -> Fault | None:
    old = tables.faults.c
    for row in connection.execute(_NEXT, {"methods": methods, "paths": [path, "*"]}).all():
        fault, left = Fault.model_validate(row.trouble), row.left - 1
        if left:
            connection.execute(update(tables.faults).where(old.seq == row.seq).values(left=left))
        else:
            connection.execute(delete(tables.faults).where(old.seq == row.seq))
        if left % fault.every == 0:
            return fault
    return None


def next_fault(connection: Connection, endpoint: Endpoint[Request, Reply]) -> Fault | None:
    """The trouble this request is to have, counted, or None."""
    return _next(connection, [endpoint.method, "*"], endpoint.path)


def next_event(connection: Connection, kind: str) -> Fault | None:
    """The trouble that an event of this kind is to have on its way, counted, or None."""
    return _next(connection, ["EVENT"], kind)
