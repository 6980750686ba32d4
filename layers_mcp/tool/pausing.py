"""Campaigns that halt pauses, and starts again: what the authority lets be done with them, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import Field, JsonValue

from layers_mcp.client.pages import asking, every
from layers_mcp.contract import ad_accounts, ads, ads_authority, ads_lifecycle, ads_metrics
from layers_mcp.contract.ads import PATH_OF, AdStatus, Campaign, GetCampaign, Written
from layers_mcp.contract.ads_authority import Bucket, GetAuthority
from layers_mcp.contract.ads_lifecycle import PauseCampaign, ResumeCampaign
from layers_mcp.contract.errors import CallerError, Halted, LayersError, PolicyError
from layers_mcp.store.rows import Paused
from layers_mcp.tool.call import Call
from layers_mcp.tool.outcome import ShownItem, View
from layers_mcp.tool.paused import waiting
from layers_mcp.tool.period import period_of
from layers_mcp.tool.size import brief
from layers_mcp.tool.spending import measure, totals

__all__ = ["CALLS", "Turned", "pause", "running", "shown_pauses", "shown_starts", "spent_today", "start"]

CALLS = (
    ad_accounts.ACCOUNTS, ads_metrics.GET, ads.CAMPAIGNS, ads_authority.GET, ads_lifecycle.PAUSE, ads_lifecycle.RESUME,
)  # fmt: skip
"""Every endpoint that pausing and starting may touch, beside the project."""
_PAGE, _PAGES = 200, 25
"""At most five thousand campaigns are paused at once; ours."""
_AT_ONCE = 6
_PAUSES: dict[Bucket, str] = {
    "auto": "paused at once",
    "draft": "asked for: it runs on until somebody approves that and the next tick comes",
    "off": "runs on: its authority lets nobody pause it",
}
_STARTS: dict[Bucket, str] = {
    "auto": "started at once",
    "draft": "asked for: it stays paused until somebody approves that and the next tick comes",
    "off": "stays paused: its authority lets nobody start it",
}


class Turned(View):
    """What became of campaigns: paused or started, queued for a decision, neither, or not known."""

    done: tuple[str, ...] = ()
    asked: tuple[str, ...] = Field(default=(), description="Pending actions: nothing has changed before somebody approves them.")
    left: tuple[str, ...] = Field(default=(), description="Not changed.")
    not_known: tuple[str, ...] = Field(default=(), description="May be changed, or asked for, or not: the answers were lost.")


class _Standing(NamedTuple):
    """A campaign, and what holds for it on the structural axis."""

    campaign: Campaign
    bucket: Bucket


async def running(project_id: str, call: Call) -> list[Campaign]:
    """The project's campaigns that are active, newest first."""
    active: tuple[AdStatus, ...] = ("active",)
    return await every(asking(call.layers, ads.CAMPAIGNS, project_id=project_id, status=active, limit=_PAGE), pages=_PAGES)


async def _standing(project_id: str, campaigns: Sequence[Campaign], call: Call) -> list[_Standing]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def look(one: Campaign) -> _Standing:
        asked = GetAuthority(project_id=project_id, platform=PATH_OF[one.platform], campaign_id=one.campaign_id)
        async with gate:
            return _Standing(one, (await call.layers.send(ads_authority.GET, asked)).authority.structural)

    return list(await asyncio.gather(*(look(one) for one in campaigns)))


def _item(one: _Standing, words: dict[Bucket, str], more: dict[str, JsonValue]) -> ShownItem:
    campaign = one.campaign
    facts: dict[str, JsonValue] = {"name": brief(campaign.name), "platform": campaign.platform}
    facts |= {"dailyBudgetCents": campaign.daily_budget_cents, "lifetimeBudgetCents": campaign.lifetime_budget_cents}
    facts |= {"currency": campaign.currency, **more}
    known: dict[str, JsonValue] = {name: value for name, value in facts.items() if value is not None}
    return ShownItem(id=campaign.campaign_id, before=campaign.status, after=words[one.bucket], facts=known)


class Spent(NamedTuple):
    """What campaigns have spent since midnight of the project's zone: in words, and of each by its id, in cents."""

    words: str
    cents: dict[str, int]


async def spent_today(project_id: str, call: Call) -> Spent:
    """What the project's ads have cost today so far; what can't be read holds no pause up."""
    try:
        period = (await period_of(call, project_id, None, None, days=1)).whole_days(0)
        table = await measure(call, project_id, "campaign", period)
    except LayersError:
        return Spent("an amount that can't be read now", {})
    sums = [f"{one.spend_cents / 100:.2f} {one.currency or ''}".strip() for one in totals(table.rows) if one.spend_cents]
    cents = {row.id: row.spend_cents for row in table.rows if row.id is not None and row.spend_cents is not None}
    return Spent(" and ".join(sums) or "nothing", cents)


async def shown_pauses(project_id: str, campaigns: Sequence[Campaign], spent: Spent, call: Call) -> list[ShownItem]:
    """The campaigns with what pausing would make of each; `spentTodayCents` moves on and is no part of what a yes is bound to."""
    known = await _standing(project_id, campaigns, call)
    return [_item(one, _PAUSES, {"spentTodayCents": spent.cents.get(one.campaign.campaign_id)}) for one in known]


async def shown_starts(project_id: str, campaigns: Sequence[Campaign], call: Call) -> list[ShownItem]:
    """The campaigns with what starting would make of each."""
    return [_item(one, _STARTS, {}) for one in await _standing(project_id, campaigns, call)]


async def _shows(project_id: str, campaign: Campaign, status: AdStatus, call: Call) -> bool:
    """Whether a campaign, the answer about which was lost, shows as it was to be; where it may be queued for a decision it does not."""
    asked = GetCampaign(project_id=project_id, platform=PATH_OF[campaign.platform], campaign_id=campaign.campaign_id)
    try:
        shown = (await call.layers.send(ads.GET_CAMPAIGN, asked)).status == status
    except LayersError:
        return False
    if shown:
        call.sent.seen(call.key_for(campaign.campaign_id))
    return shown


def _turned(campaigns: Iterable[str], answers: Iterable[Written | LayersError | None]) -> Turned:
    """`answers`: None where the campaign itself has shown it."""
    done, asked, left, lost = list[str](), list[str](), list[str](), list[str]()
    for campaign_id, answer in zip(campaigns, answers, strict=True):
        if isinstance(answer, LayersError):
            (lost if answer.unsure else left).append(campaign_id)
        elif answer is None or answer.status == "dispatched":
            done.append(campaign_id)
        else:
            asked.append(answer.pending_id or campaign_id)
    return Turned(done=tuple(done), asked=tuple(asked), left=tuple(left), not_known=tuple(lost))


async def pause(project_id: str, campaigns: Sequence[Campaign], call: Call) -> Turned:
    """Pause each, and remember it before; what is surely refused is as it was. What halt has asked for and waits is not asked again."""
    before = {row.campaign_id: row for row in call.switch.paused(project_id)}
    waits = await waiting(project_id, call)

    async def one(campaign: Campaign) -> Written | LayersError | None:
        if (pending_id := waits.get(campaign.campaign_id)) is not None:
            return Written(verdict_id="", status="pending", pending_id=pending_id)
        platform, known = campaign.platform, before.get(campaign.campaign_id)
        since = call.now() if known is None or known.heard else known.at  # an answer that nobody heard may be the same action's
        row = Paused(project_id=project_id, campaign_id=campaign.campaign_id, platform=platform, at=since)
        call.switch.pausing(row)
        asked = PauseCampaign(project_id=project_id, platform=PATH_OF[platform], campaign_id=campaign.campaign_id)
        try:
            answer = await call.layers.send(ads_lifecycle.PAUSE, asked, key=call.key_for(campaign.campaign_id))
        except LayersError as problem:
            answer = None if problem.unsure and await _shows(project_id, campaign, "paused", call) else problem
            if known is not None and not problem.unsure:
                call.switch.pausing(known)
            elif not problem.unsure and isinstance(problem, (CallerError, PolicyError)):
                call.switch.unpaused(project_id, campaign.campaign_id)
        if isinstance(answer, LayersError):
            return answer
        asks = None if answer is None or answer.status == "dispatched" else answer.pending_id
        call.switch.pausing(row.model_copy(update={"heard": True, "pending_id": asks}))  # whoever saw it run meanwhile has forgotten it
        return answer

    return _turned([each.campaign_id for each in campaigns], [await one(each) for each in campaigns])


async def start(project_id: str, campaigns: Sequence[Campaign], call: Call) -> Turned:
    """Start each again, and forget that it was paused once that is done or asked for; none while writes to the project are held back."""

    async def one(campaign: Campaign) -> Written | LayersError | None:
        if call.switch.held([project_id]) is not None:
            return Halted(f"campaign {campaign.campaign_id} stays paused: writes are halted")
        asked = ResumeCampaign(project_id=project_id, platform=PATH_OF[campaign.platform], campaign_id=campaign.campaign_id)
        try:
            answer = await call.layers.send(ads_lifecycle.RESUME, asked, key=call.key_for(campaign.campaign_id))
        except LayersError as problem:
            if not problem.unsure or not await _shows(project_id, campaign, "active", call):
                return problem
            answer = None
        call.switch.unpaused(project_id, campaign.campaign_id)
        return answer

    return _turned([each.campaign_id for each in campaigns], [await one(each) for each in campaigns])
