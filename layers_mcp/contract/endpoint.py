"""One row of the table that the client sends by and the sandbox answers by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from layers_mcp.contract.scalars import RateClass

__all__ = ["Empty", "Endpoint", "Method", "Reply", "Request"]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_PATH_FIELD = re.compile(r"\{(\w+)\}")
# a misfit is logged with its traceback, which must not say what customers wrote
_WIRE = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, frozen=True, hide_input_in_errors=True)


class Request(BaseModel):
    """What we ask: camelCase outside, snake_case inside, unknown fields refused, immutable.

    It is dumped with `exclude_unset`: a field that was given as `None` is sent as `null`, one not given is not sent.
    """

    model_config = _WIRE | ConfigDict(extra="forbid")


class Reply(BaseModel):
    """What Layers answers: camelCase outside, unknown fields ignored, immutable."""

    model_config = _WIRE | ConfigDict(extra="ignore")


class Empty(Request):
    """A request without fields."""


Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Reply)


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[Q, R]):
    """What one route takes, answers and costs.

    Fields of `request` named in `path` travel there; the rest in the query of a GET, else in the body.
    `scope` None: any valid key may call. `keyed`: honours `Idempotency-Key` for 24 h; `needs_key`: refuses without one. `repeats`: wire
    names of path fields that stand in the body, too, and must say the same there. `statuses`: success statuses, the usual one
    first. `codes`: error codes of its own beside the common ones. `source`: where Layers says so. `live_only`: why the sandbox does not
    answer it, which then says so with a 404; None: it does.
    """

    method: Method
    path: str
    request: type[Q]
    reply: type[R]
    scope: str | None
    rate: RateClass
    keyed: bool = False
    needs_key: bool = False
    repeats: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    codes: tuple[str, ...] = ()
    source: str
    live_only: str | None = None

    @property
    def name(self) -> str:
        """Method and path, as people write it: `POST /v1/projects`."""
        return f"{self.method} {self.path}"

    @property
    def path_fields(self) -> tuple[str, ...]:
        """Wire names of the fields that travel in the path, in order."""
        return tuple(_PATH_FIELD.findall(self.path))

    @property
    def in_body(self) -> bool:
        """Whether the other fields travel in a JSON body rather than in the query (GET)."""
        return self.method != "GET"
