"""What is wrong with a customer's growth, or with the loops: pure functions over what was read, by the thresholds of `judgement`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import JsonValue

from layers_mcp.contract.rates import TIERS
from layers_mcp.contract.scalars import full_project, wire_time
from layers_mcp.contract.social import SocialAccount
from layers_mcp.loops import holding
from layers_mcp.loops.forecast import steady
from layers_mcp.loops.habit import Habit
from layers_mcp.loops.judgement import (
    LATE_HOURS,
    NO_POST_DAYS,
    OVERRIDE_WINDOW_DAYS,
    SCORE_FALLS,
    SILENT_HOURS,
    SPIKE_LEAST,
    SPIKE_TIMES,
    TOKEN_DAYS,
    UNSEEN_DAYS,
    USUAL_DAYS,
)  # fmt: skip
from layers_mcp.store.failed import Failed
from layers_mcp.store.pulses import Alert, Score, Unseen
from layers_mcp.store.rounds import Late
from layers_mcp.store.rows import EVERY, WRITES, Halt

__all__ = ["Facts", "Ours", "of_holds", "of_ours", "of_project", "of_unseen", "spike"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was read of a project at `now`.

    `since`: since when it could have posted; `failures`: when its jobs, posts and runs failed, of the last eight days; `published`:
    whether anything was in the last 14; `waiting`: contents that wait for a decision; `approved`: those let through that no post has.
    `scores`: averages of the days, oldest first. `habit`: None where nothing is advertised.
    """

    project_id: str
    now: datetime
    since: datetime
    customer: str | None = None
    failures: tuple[datetime, ...] = ()
    published: bool = True
    waiting: int = 0
    approved: int = 0
    accounts: tuple[SocialAccount, ...] = ()
    scores: tuple[Score, ...] = ()
    habit: Habit | None = None


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What was read of the loops and webhooks themselves at `now`. `late`: rounds not started; `stuck`: runs that nobody took on.

    `failed`: onboardings, and runs of the last day.
    `waiting`: rounds for which the key, of this `tier`, has too few writes on this day; `customers`: how many share them.
    `heard_at`: when our endpoint heard an event last, or since when it stands; None where there is none.
    """

    now: datetime
    late: Late = field(default_factory=lambda: Late(0, None))
    waiting: Late = field(default_factory=lambda: Late(0, None))
    tier: str = "standard"
    customers: int = 0
    stuck: tuple[str, ...] = ()
    failed: tuple[Failed, ...] = ()
    heard_at: datetime | None = None


def spike(failures: Sequence[datetime], now: datetime) -> tuple[int, float] | None:
    """Failures of the last 24 hours, and those of a usual day before, where the first are a spike; else None."""
    today = sum(now - _DAY < one <= now for one in failures)
    usual = sum(now - _DAY * (USUAL_DAYS + 1) < one <= now - _DAY for one in failures) / USUAL_DAYS
    return (today, usual) if today >= SPIKE_LEAST and today >= SPIKE_TIMES * usual else None


def _failing(facts: Facts) -> tuple[str, str, dict[str, JsonValue]] | None:
    found = spike(facts.failures, facts.now)
    if found is None:
        return None
    today, usual = found
    words = f"{today} jobs, posts or runs failed in 24 hours, against {usual:.1f} on a usual day: mostly not this customer's own doing."
    return "FAILURES_SPIKE", words, {"failed": today, "usual": round(usual, 2)}


def _dead(accounts: Sequence[SocialAccount]) -> list[SocialAccount]:
    return [one for one in accounts if one.status != "connected"]


def _why_no_posts(facts: Facts) -> tuple[str, str]:
    """The likeliest cause, and in words what to do."""
    dead = _dead(facts.accounts)
    if not facts.accounts:
        return "no_account", "no account is connected: connect_account"
    if len(dead) == len(facts.accounts):
        return "dead_account", f"none of its {len(dead)} accounts works any more: connect_account, its owner has to consent again"
    if facts.waiting:
        return "review", f"{facts.waiting} contents wait for a decision: list_content, then approve_content"
    if facts.approved:
        return "not_scheduled", f"{facts.approved} approved contents were never posted: set_plan, or schedule_content"
    return "no_content", "there is nothing to post: generate_content"


def _silent(facts: Facts) -> tuple[str, str, dict[str, JsonValue]] | None:
    if facts.published or facts.now - facts.since < timedelta(days=NO_POST_DAYS):
        return None
    cause, words = _why_no_posts(facts)
    known: dict[str, JsonValue] = {"cause": cause, "waiting": facts.waiting, "approved": facts.approved, "dead": len(_dead(facts.accounts))}
    return "NO_POSTS", f"Nothing was published in {NO_POST_DAYS} days; {words}.", known


def _mean(scores: Sequence[Score]) -> float | None:
    number = sum(one.creatives for one in scores)
    return sum(one.average * one.creatives for one in scores) / number if number else None


def _between(scores: Sequence[Score], after: date, until: date) -> list[Score]:
    return [one for one in scores if after < one.day <= until]


def _drifting(facts: Facts) -> tuple[str, str, dict[str, JsonValue]] | None:
    today, week = facts.now.date(), timedelta(days=USUAL_DAYS)
    now, before = _mean(_between(facts.scores, today - week, today)), _mean(_between(facts.scores, today - 2 * week, today - week))
    if now is None or before is None or before - now < SCORE_FALLS:
        return None
    words = f"The average organic score fell from {before:.1f} to {now:.1f} within a week: the content drifts, or nothing new is made."
    return "SCORE_FALLS", words, {"before": round(before, 2), "now": round(now, 2)}


def _overridden(facts: Facts) -> tuple[str, str, dict[str, JsonValue]] | None:
    habit = facts.habit
    if habit is None or not habit.formed:
        return None
    words = (
        f"{habit.overridden} creatives were overridden in {OVERRIDE_WINDOW_DAYS} days, against {habit.decided} decisions of the optimizer: "
        "the project's configuration (CPA targets, fatigue thresholds) wants tuning."
    )
    return "OVERRIDDEN", words, {"overridden": habit.overridden, "decided": habit.decided}


def _expiring(facts: Facts) -> tuple[str, str, dict[str, JsonValue]] | None:
    soon = facts.now + timedelta(days=TOKEN_DAYS)
    there = [one for one in facts.accounts if one.status == "connected"]
    ending = [one for one in there if one.token_expires_at is not None and one.token_expires_at < soon]
    over = [one for one in facts.accounts if one.status == "reauth_required"]
    if not ending and not over:
        return None
    ids: list[JsonValue] = [one.social_account_id for one in (*over, *ending)]
    first = min((one.token_expires_at for one in ending if one.token_expires_at is not None), default=None)
    words = f"{len(over)} accounts need a new consent, {len(ending)} will within {TOKEN_DAYS} days: connect_account with socialAccountId."
    return "TOKENS_EXPIRE", words, {"socialAccountIds": ids, "firstAt": None if first is None else wire_time(first)}


_CHECKS = (_failing, _silent, _drifting, _overridden, _expiring)


def of_project(facts: Facts) -> tuple[Alert, ...]:
    """What is wrong with a project, by the four alerts of seed 000 ("Monitoring your agent"), and tokens that end."""
    found = [one for check in _CHECKS if (one := check(facts)) is not None]
    return tuple(
        Alert(code=code, words=words, facts=known, project_id=facts.project_id, customer=facts.customer) for code, words, known in found
    )


def of_holds(held: Sequence[Halt]) -> tuple[Alert, ...]:
    """What people or assistants keep from running, which may have been forgotten."""
    said = [(one, holding.words(one)) for one in held]
    return tuple(
        Alert(
            code="WRITES_HALTED" if one.what == WRITES else "LOOPS_PAUSED",
            words=f"{words[0].upper()}{words[1:]}: {holding.way_out(one)}.",
            facts={"what": one.what, "since": wire_time(one.at), "by": one.by},
            project_id=None if one.project_id == EVERY else full_project(one.project_id),
        )
        for one, words in said
    )


def of_unseen(some: Sequence[Unseen]) -> tuple[Alert, ...]:
    """Whose daily review ends in nothing, so that nobody would know if anything was wrong."""
    words = f"No daily review was done for over {UNSEEN_DAYS} days, so nobody knows how this project does; layers-mcp runs says why."
    return tuple(
        Alert(
            code="REVIEW_MISSING",
            words=words,
            facts={"since": wire_time(one.since)},
            project_id=one.project_id,
            customer=one.external_id,
        )
        for one in some
    )


def _waiting(ours: Ours) -> tuple[Alert, ...]:
    """Who waits for a later day, and what would help."""
    if not ours.waiting.number or ours.waiting.since is None:
        return ()
    state = steady(ours.customers, TIERS[ours.tier])
    helps = f"tier {state.needs} is enough for all" if state.needs else "no tier is enough for all"
    if state.fit == state.customers:
        helps = "other work had today's, and there are more from 00:00 UTC"
    a_day = TIERS[ours.tier].writes_a_day
    words = (
        f"{ours.waiting.number:,} customers wait for their daily loop: the {a_day:,} writes a day of tier {ours.tier} are enough for "
        f"{state.fit:,} of {ours.customers:,} customers. The highest priority goes first, then who waited longest; {helps}."
    )
    facts: dict[str, JsonValue] = {"waiting": ours.waiting.number, "since": wire_time(ours.waiting.since), "fit": state.fit}
    return (Alert(code="LOOPS_WAIT", words=words, facts={**facts, "tier": ours.tier, "needs": state.needs}),)


def of_ours(ours: Ours) -> tuple[Alert, ...]:
    """What is wrong with the loops, and with what Layers tells us."""
    found: list[Alert] = []
    if ours.late.number and ours.late.since is not None:
        words = f"{ours.late.number} daily loops are over {LATE_HOURS} hours late: does layers-mcp worker run, and are loops not paused?"
        facts: dict[str, JsonValue] = {"late": ours.late.number, "since": wire_time(ours.late.since)}
        found.append(Alert(code="LOOPS_LATE", words=words, facts=facts))
    found += _waiting(ours)
    if ours.stuck:
        words = f"{len(ours.stuck)} runs were taken on by nobody for over {LATE_HOURS} hours: does layers-mcp worker run?"
        found.append(Alert(code="RUNS_STUCK", words=words, facts={"runIds": list(ours.stuck[:10])}))
    for one in ours.failed:
        words = f"{one.number:,} runs of {one.loop} failed with {one.code}, like {one.run_id}: get_run or layers-mcp runs show says where; "
        words += "once that is mended, layers-mcp runs retry has a run go on."
        failed: dict[str, JsonValue] = {"loop": one.loop, "code": one.code, "failed": one.number, "runId": one.run_id}
        found.append(Alert(code="RUNS_FAILED", words=words, facts=failed))
    if ours.heard_at is not None and ours.now - ours.heard_at > timedelta(hours=SILENT_HOURS):
        words = f"No webhook came for over {SILENT_HOURS} hours: is its URL reachable, and the endpoint active at Layers?"
        found.append(Alert(code="WEBHOOKS_SILENT", words=words, facts={"since": wire_time(ours.heard_at)}))
    return tuple(found)
