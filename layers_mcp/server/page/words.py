"""What the page says: names of tools and facts for a person, times, and what became of a preview; pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from layers_mcp.contract.scalars import wire_time
from layers_mcp.store.rows import Confirmation
from layers_mcp.tool.moment import apart

__all__ = ["Standing", "clock", "distance", "fact_name", "left", "standing", "tool_name", "world", "yes_words"]

_VERBS = frozenset({"Approve", "Change", "Clone", "Halt", "Publish", "Reject", "Remove", "Run"})
"""First words of our questions that say what a yes does."""
_PLATFORMS = {"tiktok": "TikTok", "instagram": "Instagram", "x": "X", "youtube": "YouTube"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Standing(NamedTuple):
    """How a preview stands: a heading, what happens next in one sentence, and whether it can still be answered."""

    heading: str
    next: str
    open: bool = False


_LATE = "The assistant did not come back in time, and nothing was changed."
_UNANSWERED = "Nobody answered in time, and nothing was changed; the assistant can ask again."
_ENDED: dict[str, Standing] = {
    "no": Standing("You said no", "Nothing was changed, and this answer is final; the assistant is told so."),
    "acting": Standing("It was allowed", "The assistant has begun; how it ended is not known yet."),
    "failed": Standing("It was allowed and failed", "The assistant was told why; nothing is tried again without a new yes."),
}


def tool_name(tool: str) -> str:
    """A tool in words: `schedule_content` as `Schedule content`."""
    return tool.replace("_", " ").capitalize()


def world(row: Confirmation) -> str:
    """Where a preview would act, whichever server shows it."""
    return "Sandbox: nothing here reaches anyone." if row.sandbox else "Live: what is allowed here is done at Layers."


def fact_name(name: str) -> str:
    """A fact's name in words: `hiddenCharacters` as `Hidden characters`, a platform by the name people write."""
    return _PLATFORMS.get(name) or _CAMEL.sub(" ", name).replace("_", " ").lower().capitalize()


def yes_words(question: str) -> str:
    """What stands on the button that says yes."""
    verb = question.partition(" ")[0]
    return f"Yes, {verb.lower()} this" if verb in _VERBS else "Yes, do exactly this"


def clock(moment: datetime) -> str:
    """A moment in UTC, to the minute."""
    return f"{moment:%a %d %b %Y, %H:%M} UTC"


def left(until: datetime, now: datetime) -> str:
    """How long something goes on: `9 min`, `23 h 5 min`."""
    minutes = max(0, int((until - now) / timedelta(minutes=1)))
    if minutes == 0:
        return "less than a minute"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def distance(moment: datetime, now: datetime) -> str:
    """How far off a moment is, also one that has passed."""
    return apart(moment - now) if moment > now else f"{left(now, moment)} ago: this time has passed"


def _done(row: Confirmation) -> Standing:
    who = "a person's yes" if row.confirmed_by == "person" else "the assistant's own word"
    when = f" at {wire_time(row.finished_at)}" if row.finished_at is not None else ""
    return Standing("It was done", f"It was done once, on {who}{when}; it will not be done again.")


def _open(row: Confirmation, *, over: bool) -> Standing:
    """How what nobody has acted on stands; `over`: its time has passed."""
    if row.state == "yes":
        until = f"{row.expires_at:%H:%M} UTC on {row.expires_at.day} {row.expires_at:%B}"
        then = f"It is done once, when the assistant calls again, which it can until {until}."
        return Standing("The yes ran out", _LATE) if over else Standing("You said yes", then)
    return Standing("This ran out", _UNANSWERED) if over else Standing("", "", open=True)


def standing(row: Confirmation, now: datetime) -> Standing:
    """What became of a preview at `now` (the wall's time)."""
    if row.state in _ENDED:
        return _ENDED[row.state]
    return _done(row) if row.state == "done" else _open(row, over=now >= row.expires_at)
