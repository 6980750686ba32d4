"""The arithmetic of one token bucket, as pure functions of how it stood and of now.

The server has a bucket of its own for each class: it holds `room` requests and gains `per_minute` of them a minute. Ours runs beside it,
always a little emptier: a reserve stays, and it fills a shade slower. What the server says wins, but it can only lower our count:
only a first answer may raise it, because only then it is known how many of our requests the server cannot have counted yet.
"""

from __future__ import annotations

from typing import NamedTuple

from layers_mcp.contract.rates import Level

__all__ = ["Drawn", "Said", "ceiling", "draw", "fresh", "give_back", "hear", "refill", "reserve", "resized"]

DAY_S = 86_400
"""Days begin at 00:00 UTC, as seconds since 1970 have it."""
SHARE = 0.995
"""How much of the rate is used: two clocks never run alike."""
GUESSED_S = 10.0
"""A bucket that nobody has told us of is taken to hold 10 seconds of its rate (ours)."""
RESERVE = 1.5
"""Requests that are left in the server's bucket."""
JITTER_S = 0.1
"""How much closer two requests may arrive than they were sent."""
ALONE_S = 5.0
"""How long the first request of a bucket is out alone, when its answer does not come."""
APART_S = 60.0
"""How far the clocks of machines that share a count may be apart; further, and a clock must have been set back (ours)."""
GRAIN = 1e-9


class Drawn(NamedTuple):
    """What a draw came to: `got` requests may go out; else, the seconds until one may. `whole`: the bucket was full before.

    `for_the_day`: it is the day's number that is used up.
    """

    got: int
    wait_s: float = 0.0
    whole: bool = False
    for_the_day: bool = False


class Said(NamedTuple):
    """What an answer said of a bucket: a minute's requests, those left, and the seconds that a refusal asks for; None: it did not."""

    limit: int | None = None
    left: int | None = None
    refused_s: float | None = None


def _a_second(level: Level) -> float:
    return level.per_minute / 60


def reserve(level: Level) -> float:
    """What stays in the server's bucket: a token or two, or all that jitter can bring at once; one must be left to use."""
    return min(max(RESERVE, JITTER_S * _a_second(level)), level.room - 1)


def _need(level: Level) -> float:
    """What must be there before a request goes: one, and where the reserve is too small for the jitter, the time of a jitter."""
    return 1 + max(JITTER_S * _a_second(level) - reserve(level), 0.0)


def ceiling(level: Level) -> float:
    """The most that our count may show."""
    return max(level.room - reserve(level), _need(level))


def _room(per_minute: int) -> float:
    return max(per_minute / 60 * GUESSED_S, 1.0)


def fresh(per_minute: int, now: float) -> Level:
    """A bucket that nobody has told us of."""
    level = Level(tokens=0.0, at=now, per_minute=per_minute, room=_room(per_minute), day=int(now // DAY_S))
    return level._replace(tokens=ceiling(level))


def resized(level: Level, per_minute: int) -> Level:
    """The bucket at another rate; how much it holds is then a guess again."""
    if per_minute == level.per_minute:
        return level
    if not level.used:
        return fresh(per_minute, level.at)
    level = level._replace(per_minute=per_minute, room=_room(per_minute), told=False)
    return level._replace(tokens=min(level.tokens, ceiling(level)))


def refill(level: Level, now: float, *, skipped_s: float = 0.0) -> Level:
    """The bucket as it stands at `now`.

    `skipped_s`: how far our clock was set forward since we last looked, less than 0 when it was set back; neither fills anything, and
    what was blocked stays so for as long as was said. A level that lies ahead though our clock was not set is another process's, whose
    clock runs ahead: ours gains nothing until it has caught up, so that both together fill no more than one.
    """
    back_s = level.at - now
    if back_s > APART_S or (skipped_s < 0 < back_s):
        level = level._replace(at=now, blocked_until=level.blocked_until - back_s)
    elif skipped_s > 0:
        level = level._replace(blocked_until=level.blocked_until + min(skipped_s, max(-back_s, 0.0)))
    gained = max(now - level.at - max(skipped_s, 0.0), 0.0) * _a_second(level) * SHARE
    today = int(now // DAY_S)
    used = level.used if level.day >= today else 0
    return level._replace(tokens=min(level.tokens + gained, ceiling(level)), at=max(level.at, now), day=today, used=used)


def give_back(level: Level) -> Level:
    """The bucket with one request in it again that was drawn a moment ago and did not go out; nobody waits for its answer."""
    blocked_until = level.blocked_until if level.told else 0.0
    return level._replace(tokens=min(level.tokens + 1, ceiling(level)), used=max(level.used - 1, 0), blocked_until=blocked_until)


def draw(level: Level, now: float, want: int = 1, *, most_a_day: int | None = None) -> tuple[Level, Drawn]:
    """Take up to `want` requests out of a bucket that was refilled to `now`; none while there is not one.

    The first request of a bucket goes alone: its answer tells what the others may do. `most_a_day`: the day's number, where one counts.
    """
    if most_a_day is not None and level.used >= most_a_day:
        return level, Drawn(0, (level.day + 1) * DAY_S - now, for_the_day=True)
    if now < level.blocked_until:
        return level, Drawn(0, level.blocked_until - now)
    need = _need(level)
    if level.tokens < need - GRAIN:
        return level, Drawn(0, (need - level.tokens) / (_a_second(level) * SHARE) + max(level.at - now, 0.0))
    got = min(want, int(level.tokens - need + GRAIN) + 1, want if most_a_day is None else most_a_day - level.used)
    drawn = Drawn(got if level.told else 1, whole=level.tokens > ceiling(level) - GRAIN)
    left = level._replace(tokens=level.tokens - drawn.got, used=level.used + drawn.got)
    return left if level.told else left._replace(blocked_until=now + ALONE_S), drawn


def hear(level: Level, now: float, said: Said, *, others: int, whole: bool) -> Level:
    """The bucket after an answer, refilled to `now`; the server's word wins.

    `others`: our requests that the server may or may not have counted yet. `whole`: the bucket was full, by our count, before the request
    that was answered, which with no others on the way shows how much it holds.
    """
    level = level if said.limit is None else resized(level, said.limit)
    if said.left is not None:
        seen = said.left + 1
        level = level._replace(room=float(seen if whole and not others else max(seen, level.room)))
        left = said.left - max(reserve(level) - 1, 0.0)
        if not level.told and level.used <= 1:
            level = level._replace(tokens=min(left - others, ceiling(level)))
        else:  # what it has less than we counted was drawn by somebody else, and it may not have seen our own others yet
            level = level._replace(tokens=min(level.tokens, left - others if left + 1 < level.tokens else left))
    if said.refused_s is not None:
        refused_s = min(said.refused_s, DAY_S)  # no number of theirs lasts longer
        room = level.room if said.left is not None else max(level.room / 2, 1.0)
        then = _need(level) - refused_s * _a_second(level) * SHARE
        until = max(level.blocked_until if level.told else 0.0, now + refused_s)
        level = level._replace(tokens=min(level.tokens, max(then, 1 - room)), room=room, blocked_until=until)
    elif not level.told:
        level = level._replace(blocked_until=0.0)
    return level._replace(told=True)
