"""What a day's look at a project's ads says: what the optimizer did that matters, what spends in vain, and how full the pool is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from layers_mcp.client.partner import Partner
from layers_mcp.contract import ad_accounts, ads_metrics
from layers_mcp.contract.ad_accounts import ListAdAccounts
from layers_mcp.contract.ads_metrics import GetAdsMetrics
from layers_mcp.contract.creatives import Creative
from layers_mcp.contract.errors import Invalid
from layers_mcp.contract.scalars import Utc
from layers_mcp.loops.decided import acted
from layers_mcp.loops.habit import Habit, habit_of
from layers_mcp.loops.judgement import SLOTS, WORRY_SPEND, material
from layers_mcp.loops.known import Known
from layers_mcp.loops.period import Period
from layers_mcp.loops.pool import creatives_of, may_run

__all__ = ["Material", "Review", "review"]

_WEEK = timedelta(days=7)
_MOST = 50


class Material(BaseModel):
    """A decision that matters; `ids`: of what it is about, by their names in `explain_decision`."""

    at: Utc
    action: str | None
    outcome: str | None
    ids: dict[str, str]


class Review(BaseModel):
    """What was read since `since`. `advertises`: whether there is any ad account; without one there is nothing else.

    `decided`: how much the optimizer did or asked to do; `material`: the newest that matter, `left_out` of them aside; `whole`: whether
    nothing was left unread. `worrying`: ads that spent much in a week and converted nothing. `lacks`: generated creatives that the
    selection has room for beside those that ads may take. `habit`: how often people override the optimizer.
    """

    since: Utc
    advertises: bool = True
    decided: int = 0
    material: tuple[Material, ...] = ()
    left_out: int = 0
    whole: bool = True
    worrying: tuple[str, ...] = ()
    lacks: int = 0
    habit: Habit | None = None


def _material(known: tuple[Known, ...]) -> list[Material]:
    return [
        Material(at=one.done_at or one.at, action=one.action, outcome=one.outcome, ids=dict(one.ids))
        for one in known
        if material(one.action, one.outcome)
    ]


async def _worrying(layers: Partner, project_id: str, now: datetime) -> tuple[str, ...]:
    """Ads that spent over 50 of their currency in a week and converted nothing; none where the API has no rows by ad."""
    asked = {"project_id": project_id, "group_by": "ad", "metrics": ("spend", "conversions"), "since": now - _WEEK, "until": now}
    try:
        reply = await layers.send(ads_metrics.GET, GetAdsMetrics.model_validate(asked))
    except Invalid:
        return ()
    worst = sorted(reply.series, key=lambda row: -(row.spend or 0))
    return tuple(one.ad_id for one in worst if one.ad_id is not None and one.conversions == 0 and (one.spend or 0) > WORRY_SPEND)[:_MOST]


def _lacks(creatives: list[Creative]) -> int:
    """How many generated creatives the selection would take beside those it may; the other pools are not ours to fill."""
    return max(SLOTS - sum(one.scoring_pool == "generated" and may_run(one, one.override) is True for one in creatives), 0)


async def review(layers: Partner, project_id: str, since: datetime) -> tuple[Review, list[Creative]]:
    """What happened to a project's ads since then, and its creatives."""
    accounts, creatives = await asyncio.gather(
        layers.send(ad_accounts.ACCOUNTS, ListAdAccounts(project_id=project_id)), creatives_of(layers, project_id)
    )
    if not accounts.items:
        return Review(since=since, advertises=False), creatives
    now = layers.now()
    period = Period(since=since, until=now, zone=ZoneInfo("UTC"))
    recorded, worrying, habit = await asyncio.gather(
        acted(layers, project_id, period), _worrying(layers, project_id, now), habit_of(layers, project_id)
    )
    found = _material(recorded.known)
    seen = Review(
        since=since,
        decided=len(recorded.known),
        material=tuple(found[:_MOST]),
        left_out=max(len(found) - _MOST, 0),
        whole=recorded.sure,
        worrying=worrying,
        lacks=_lacks(creatives),
        habit=habit,
    )
    return seen, creatives
