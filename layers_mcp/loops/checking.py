"""What health is judged by: read of a project and of our own store, and how a project did on the days before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from layers_mcp.client.pages import asking, every
from layers_mcp.client.partner import Partner
from layers_mcp.contract import content, publishing, social
from layers_mcp.contract.content import Container
from layers_mcp.contract.creatives import Creative
from layers_mcp.contract.publishing import ScheduledPost
from layers_mcp.contract.scalars import any_project, full_project
from layers_mcp.contract.social import ListAccounts, SocialAccount
from layers_mcp.loops import health
from layers_mcp.loops.daily import SHORTS
from layers_mcp.loops.habit import Habit
from layers_mcp.loops.health import Facts, Ours
from layers_mcp.loops.holding import holding
from layers_mcp.loops.judgement import LATE_HOURS, NO_POST_DAYS, UNSEEN_DAYS, USUAL_DAYS
from layers_mcp.loops.scarcity import WRITER, scarce
from layers_mcp.store.asked import Customer
from layers_mcp.store.pulses import Alert, Pulse, Score
from layers_mcp.store.rows import EVERY, Halt
from layers_mcp.store.store import Store

__all__ = ["Felt", "Report", "of_loops", "pulse_of", "report"]

_PAGE, _POSTS_PAGE, _PAGES = 200, 100, 10
"""At most 2,000 contents and 1,000 posts of two weeks are looked through; ours."""
_MOST = 200
"""Ailing projects that are told at once; ours."""
_ONCE, _REVIEW = "onboarding", "optimization"
"""The loop that each customer has once, and the one that takes the pulses."""
_KEPT_DAYS = 28
"""How long a day's average score is kept; ours, twice what two weeks are compared over."""


async def _contents(layers: Partner, project_id: str, since: datetime) -> list[Container]:
    return await every(asking(layers, content.LIST, project_id=project_id, since=since, limit=_PAGE), pages=_PAGES)


async def _posts(layers: Partner, project_id: str, since: datetime) -> list[ScheduledPost]:
    return await every(asking(layers, publishing.LIST, project_id=project_id, since=since, limit=_POSTS_PAGE), pages=_PAGES)


def _failures(store: Store, project_id: str, since: datetime, *, made: list[Container], posts: list[ScheduledPost]) -> tuple[datetime, ...]:
    """When generations, posts and our own runs failed, since then."""
    jobs = [one.completed_at or one.created_at for one in made if one.status == "failed"]
    out = [one.attempted_at or one.scheduled_for for one in posts if one.status == "failed"]
    runs = [one.ended_at for one in store.runs.recent(project_id=project_id, states=("failed",), limit=100)]
    return tuple(one for one in (*jobs, *out, *runs) if one is not None and one >= since)


def _scored(before: tuple[Score, ...], creatives: list[Creative], now: datetime) -> tuple[Score, ...]:
    """The averages so far, with today's."""
    scores = [one.organic_score for one in creatives if one.organic_score is not None]
    kept = [one for one in before if now.date() - timedelta(days=_KEPT_DAYS) < one.day < now.date()]
    today = [Score(day=now.date(), average=round(sum(scores) / len(scores), 3), creatives=len(scores))] if scores else []
    return (*kept, *today)


async def _facts(layers: Partner, store: Store, customer: Customer, *, scores: tuple[Score, ...], habit: Habit | None) -> Facts:
    now, project_id = layers.now(), customer.project_id or ""
    fortnight = now - timedelta(days=NO_POST_DAYS)
    made, posts, page = await asyncio.gather(
        _contents(layers, project_id, fortnight),
        _posts(layers, project_id, fortnight),
        layers.send(social.ACCOUNTS, ListAccounts(project_id=project_id, limit=200)),
    )
    had = {one.container_id for one in posts}
    done = [one for one in made if one.status == "completed"]
    return Facts(
        project_id=project_id,
        customer=customer.external_id,
        now=now,
        since=customer.since,
        failures=_failures(store, project_id, now - timedelta(days=USUAL_DAYS + 1), made=made, posts=posts),
        published=any(one.status == "published" for one in posts),
        waiting=sum(one.approval_status == "pending" for one in done),
        approved=sum(one.approval_status in ("approved", "not_required") and one.id not in had for one in done),
        accounts=page.items,
        scores=scores,
        habit=habit,
    )


class Felt(NamedTuple):
    """A pulse, and the accounts that it was taken of."""

    pulse: Pulse
    accounts: tuple[SocialAccount, ...]


async def pulse_of(layers: Partner, store: Store, customer: Customer, *, creatives: list[Creative], habit: Habit | None) -> Felt:
    """How a customer's project does now. `habit`: None where nothing is advertised."""
    now, project_id = layers.now(), customer.project_id or ""
    before = store.pulses.of(customer.principal, project_id)
    scores = _scored(() if before is None else before.scores, creatives, now)
    facts = await _facts(layers, store, customer, scores=scores, habit=habit)
    pulse = Pulse(
        principal=customer.principal,
        project_id=project_id,
        at=now,
        customer=customer.external_id,
        scores=scores,
        alerts=health.of_project(facts),
    )
    return Felt(pulse, facts.accounts)


class Report(NamedTuple):
    """What is wrong: first with the loops, then with projects. `checked_at`: when the project that was asked after was looked at last."""

    alerts: tuple[Alert, ...]
    checked_at: datetime | None = None


def of_loops(store: Store, principal: str, now: datetime, held: Sequence[Halt], *, place: str) -> tuple[Alert, ...]:
    """What is wrong with the loops of a principal, and with what webhooks tell.

    `held`: what is held back; what rests is not late. `place`: the API that is to tell, by its URL.
    """
    late = now - timedelta(hours=LATE_HOURS)
    resting = [short for name, short in SHORTS.items() if holding(held, name, None) is not None]
    queued = store.runs.recent(states=("queued",), limit=1000)
    stuck = tuple(one.id for one in queued if one.turn == 0 and one.began_at < late)
    found = None if WRITER in resting else scarce(store, principal, now, place=place)
    waits, heard_at = None if found is None else found.waits, store.endpoints.latest(place)
    failed = store.failures.told(principal, now - timedelta(days=1), once=_ONCE)
    ours = Ours(now=now, stuck=stuck, failed=failed, heard_at=heard_at)
    ours = replace(ours, late=store.rounds.late(principal, late, without=resting, waiting=waits))
    if found is not None:
        waiting = store.rounds.waiting(principal, now, found.waits)
        ours = replace(ours, waiting=waiting, tier=found.tier, customers=store.customers.number(principal))
    return health.of_ours(ours)


def _unseen(store: Store, principal: str, now: datetime, held: Sequence[Halt], *, project_id: str | None) -> tuple[Alert, ...]:
    """Whom no review has looked at for long, those aside whose reviews rest."""
    before, most = now - timedelta(days=UNSEEN_DAYS), _MOST + len(held)
    found = store.pulses.unseen(principal, before, loop=SHORTS[_REVIEW], now=now, project_id=project_id, limit=most)
    return health.of_unseen([one for one in found if holding(held, _REVIEW, one.project_id) is None][:_MOST])


def report(store: Store, principal: str, now: datetime, *, place: str, project_id: str | None = None) -> Report:
    """The health of a principal's customers, or of one project, as the daily reviews found it, and of the loops; Layers is not asked."""
    held = [one for one in store.halts.all() if project_id is None or one.project_id in (EVERY, any_project(project_id))]
    ours = (*health.of_holds(held[:_MOST]), *of_loops(store, principal, now, held, place=place))
    whole = None if project_id is None else full_project(project_id)
    ours = (*ours, *_unseen(store, principal, now, held, project_id=whole))
    if whole is None:
        return Report((*ours, *(alert for pulse in store.pulses.ailing(principal, limit=_MOST) for alert in pulse.alerts)))
    pulse = store.pulses.of(principal, whole)
    return Report((*ours, *(() if pulse is None else pulse.alerts)), None if pulse is None else pulse.at)
