"""What a handle is worth, decided purely from its row and what is asked now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue

from layers_mcp.gate.handle import LIFE
from layers_mcp.store.rows import Confirmation, ConfirmedBy

__all__ = ["Act", "Go", "Reason", "Refused", "Replay", "Verdict", "refusal"]

SKEW = timedelta(minutes=1)
"""How far apart the clocks of machines that share a store may be; a handle from further ahead outlives a clock that was set back. Ours."""
Reason = Literal["unknown", "expired", "used", "acting", "other_arguments", "changed", "declined", "unanswered"]
"""Why a handle lets nothing through.

Another principal's handle is unknown. `acting`: it was spent, and how that ended is not known; `declined`: a person said no, for good;
`unanswered`: a person's yes is needed and there is none.
"""


@dataclass(frozen=True, kw_only=True)
class Act:
    """What would be done now: the same that a handle is bound to; `arguments` and `shown` are digests.

    `by`: whose yes it is to act on, None while that is not settled. A person's has to be on record; an agent's is good for the ten
    minutes after the minting, however long the handle waits for a person.
    """

    principal: str
    tool: str
    arguments: str
    shown: str
    by: ConfirmedBy | None = None


@dataclass(frozen=True)
class Go:
    """The handle is spent and `row` is acting: act, once, with `row.key` as the Idempotency-Key, then `finish`.

    `continued`: the key is that of an earlier act whose end is not known, and which this one goes on with.
    """

    row: Confirmation
    continued: bool


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
    return _ended(row, now) or _unfit(row, act, now)


def _ended(row: Confirmation, now: datetime) -> Refused | Replay | None:
    """What became of a row that is not open any more; None while it is."""
    if row.state in ("acting", "no"):
        return Refused("acting" if row.state == "acting" else "declined")
    if row.state in ("done", "failed"):
        fresh = row.finished_at is not None and now < row.finished_at + LIFE and row.forgotten_at is None
        return Replay(row.outcome, failed=row.state == "failed") if fresh else Refused("used")
    return None


def _unfit(row: Confirmation, act: Act, now: datetime) -> Refused | None:
    """Why an open row does not carry `act`."""
    until = min(row.minted_at + LIFE, row.expires_at) if act.by == "agent" else row.expires_at
    if not row.minted_at - SKEW <= now < until:
        return Refused("expired")
    if row.shown != act.shown:
        return Refused("changed")
    return Refused("unanswered") if act.by == "person" and row.state != "yes" else None
