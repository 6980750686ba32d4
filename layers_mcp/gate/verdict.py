"""What a handle is worth, decided purely from its row and what is asked now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from layers_mcp.gate.handle import LIFE
from layers_mcp.store.rows import Confirmation

__all__ = ["Act", "Go", "Reason", "Refused", "Replay", "Verdict", "refusal"]

Reason = Literal["unknown", "expired", "used", "acting", "other_arguments", "changed"]
"""Why a handle lets nothing through. Another principal's handle is unknown; `acting`: it was spent, and how that ended is not known."""


@dataclass(frozen=True, kw_only=True)
class Act:
    """What would be done now: the same three that a handle is bound to; `arguments` and `shown` are digests."""

    principal: str
    tool: str
    arguments: str
    shown: str


@dataclass(frozen=True)
class Go:
    """The handle is spent and `row` is acting: act, once, with `row.key` as the Idempotency-Key, then `finish`."""

    row: Confirmation


@dataclass(frozen=True)
class Refused:
    """Nothing may act; show the preview again."""

    reason: Reason


@dataclass(frozen=True)
class Replay:
    """This handle has acted and that was its outcome; nothing acts again."""

    outcome: JsonValue
    failed: bool


Verdict = Go | Refused | Replay


def refusal(row: Confirmation | None, act: Act, now: datetime) -> Refused | Replay | None:
    """Why `row` lets `act` not through at `now` (the wall's time), or None when it does."""
    if row is None or row.principal != act.principal:
        return Refused("unknown")
    if (row.tool, row.arguments) != (act.tool, act.arguments):
        return Refused("other_arguments")
    if row.state == "acting":
        return Refused("acting")
    if row.state != "minted":
        fresh = row.finished_at is not None and now < row.finished_at + LIFE
        return Replay(row.outcome, failed=row.state == "failed") if fresh else Refused("used")
    if now >= row.expires_at:
        return Refused("expired")
    return Refused("changed") if row.shown != act.shown else None
