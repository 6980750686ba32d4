"""What a preview leaves behind: the handle that carries the yes, and what a person is shown elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from layers_mcp.store.rows import Look

__all__ = ["Display", "Minted"]


@dataclass(frozen=True)
class Minted:
    """A handle for the person's yes, the instant (of the wall) until which it is good, and what a person knows the preview by."""

    handle: str
    expires_at: datetime
    name: str


@dataclass(frozen=True, kw_only=True)
class Display:
    """What a preview says, kept so that a person can answer it elsewhere; no digest is made of it.

    `projects`: all it touches; `media`: what the items look like; `due_at`, in `zone`: when; `sandbox`: in the embedded one.
    """

    project_id: str | None = None
    projects: tuple[str, ...] = ()
    question: str = ""
    items: JsonValue = None
    media: tuple[Look, ...] = ()
    due_at: datetime | None = None
    zone: str | None = None
    sandbox: bool = False
