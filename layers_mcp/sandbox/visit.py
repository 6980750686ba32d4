"""One request as a noun sees it: a transaction, the time, the key, and the ground it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

from pydantic import BaseModel
from sqlalchemy import Connection

from layers_mcp.contract import errors
from layers_mcp.contract.endpoint import Reply
from layers_mcp.contract.organizations import ADMIN
from layers_mcp.contract.sdk_events import PII

__all__ = ["BY_NAME", "NO_PORT", "Answer", "Ground", "Key", "Unprepared", "Visit", "invalid", "unnamed"]

BY_NAME = (ADMIN, PII)
"""Scopes that are granted by name only."""
NO_PORT = "http://sandbox.layers"
"""Where the site is when the world has no port: the host that an in-process client calls."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """An API key as far as a request may know it; the secret is not among it."""

    id: str
    organization_id: str
    scopes: tuple[str, ...]
    tier: str
    return_hosts: tuple[str, ...]
    below: bool = False
    """Whether it acts in an organization below its own, which `organization_id` names."""

    def may(self, scope: str | None) -> bool:
        """Whether the key covers `scope`; `*` covers all that need not be granted by name (layers-api: concepts, "Scopes")."""
        return scope is None or scope in self.scopes or ("*" in self.scopes and scope not in BY_NAME)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What was fixed when the world was opened.

    `job_speed`: how many times faster than life long operations run; `uneven`, 0 to 1: the share by which a stage of one may last longer
    or shorter than usual. `repositories`, `sites`: the settings, entry by entry. `site_url`: where media and consent pages are served,
    without a slash at the end.
    """

    folder: Path
    job_speed: float
    repositories: tuple[str, ...]
    push: bool
    sites: tuple[str, ...] = ()
    site_url: str = NO_PORT
    uneven: float = 0.0
    _luck: Random = field(default_factory=lambda: Random(0), repr=False, compare=False)  # noqa: S311  spreads, guards nothing

    def lasts_s(self, usual_s: float) -> float:
        """World seconds that a stage takes this time, which usually takes `usual_s` in life."""
        return usual_s / self.job_speed * self._luck.uniform(1 - self.uneven, 1 + self.uneven)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request. `now` is the world's time, in whole milliseconds; `trouble`: the code its long operation is to fail with.

    `prepared`: what was done for the request before this transaction, because a noun raised `Unprepared` in an earlier one;
    `request_id`: as its answer carries it, "" when nobody asked.
    """

    connection: Connection
    now: datetime
    key: Key
    ground: Ground
    trouble: str | None = None
    prepared: BaseModel | None = None
    request_id: str = ""


class Unprepared(Exception):
    """A noun can't answer until real work is done, which must not be done within a transaction.

    Whatever the noun wrote is undone; the `errand` is carried out by what `preparing` has for the endpoint, and the noun is asked again
    with the outcome in `Visit.prepared`.
    """

    def __init__(self, errand: BaseModel) -> None:
        super().__init__("the work this answer needs is not done yet")
        self.errand = errand


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A reply with another status than the endpoint's first."""

    reply: Reply
    status: int


def invalid(path: str, message: str) -> errors.Invalid:
    """The refusal of one field, by its wire path (`brief.hook`)."""
    return errors.Invalid(f"{path}: {message}", details={"issues": [{"path": path, "message": message}]})


def unnamed(path: str, message: str) -> errors.Invalid:
    """The same where the caller chose the name: it stands in `details` only, never in our sentence."""
    return errors.Invalid(message, details={"issues": [{"path": path, "message": message}]})
