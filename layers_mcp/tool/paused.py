"""Campaigns that halt paused: which of them are so still, and because of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from layers_mcp.client.pages import through
from layers_mcp.contract import ads, ads_pending
from layers_mcp.contract.ads import PATH_OF, AdStatus, Campaign, GetCampaign, PathPlatform
from layers_mcp.contract.ads_pending import ListPending, PendingAction, PendingPage, PendingStatus
from layers_mcp.contract.errors import LayersError, NotFound
from layers_mcp.loops.known import named
from layers_mcp.store.rows import Paused
from layers_mcp.tool.call import Call

__all__ = ["CALLS", "stopped", "waiting"]

CALLS = (ads.GET_CAMPAIGN, ads_pending.LIST)
"""Every endpoint that looking at them may touch."""
_WAITS = timedelta(days=7)
"""How long an action waits for an answer until that is a no (layers-api: ads/pending)."""
_PAGE, _PAGES = 200, 5
"""At most a thousand actions of each status and platform are looked through; ours."""
_ANSWERED_YES: tuple[PendingStatus, ...] = ("dispatched",)
_OPEN: tuple[PendingStatus, ...] = ("pending", "approved")
_IN_TURN: tuple[PendingStatus, ...] = ("pending", "approved", "rejected", "dispatched", "dispatch_failed")
_SLACK = timedelta(seconds=2)
"""How far our reading of the API's clock may be off (`client/wire`)."""


def _fate(row: Paused, status: AdStatus, asked: Iterable[PendingAction]) -> Literal["stopped", "open", "over"]:
    """What is to be thought of a campaign that halt paused, or asked to have paused.

    `open`: it may still be paused by that. `over`: it runs, or that was turned down, so that whoever pauses it later does so for reasons
    of their own.
    """
    pause = _of(row, asked)
    if (pause is None and row.pending_id is not None) or (pause is not None and pause.status in _OPEN):
        return "open"
    if status == "active" or (pause is not None and pause.status not in _ANSWERED_YES):
        return "over"
    return "stopped" if status == "paused" else "open"


def _path(platform: str) -> PathPlatform:
    """A platform as paths spell it."""
    known: dict[str, PathPlatform] = {**PATH_OF}
    return known[platform]


async def _pauses(call: Call, project_id: str, platform: PathPlatform, status: PendingStatus, *, since: datetime) -> list[PendingAction]:
    """The pauses of campaigns that were asked for after an instant, newest first."""

    def ask(cursor: str | None) -> Awaitable[PendingPage]:
        wanted = {"project_id": project_id, "platform": platform, "status": status, "limit": _PAGE, "cursor": cursor}
        return call.layers.send(ads_pending.LIST, ListPending.model_validate(wanted))

    found = list[PendingAction]()
    async for page in through(ask, pages=_PAGES):
        found += [one for one in page.items if one.action_type == "pause_campaign"]
        if not page.items or page.items[-1].created_at <= since:
            break
    return found


async def _asked(
    project_id: str, rows: Sequence[Paused], call: Call, *, statuses: Sequence[PendingStatus] = _IN_TURN
) -> list[PendingAction]:
    """The pauses of these statuses that may be those of the rows. What moves on to the next status meanwhile is seen in one of them."""
    since: dict[PathPlatform, datetime] = {}
    for row in rows:
        earliest = row.at - _WAITS  # one that waits already answers for the next
        since[_path(row.platform)] = min(earliest, since.get(_path(row.platform), earliest))

    async def of(platform: PathPlatform) -> list[PendingAction]:
        return [one for status in statuses for one in await _pauses(call, project_id, platform, status, since=since[platform])]

    return [one for some in await asyncio.gather(*map(of, since)) for one in some]


def _same(one: str, other: str) -> bool:
    """Whether two spellings name one thing, whichever of them is bare."""
    return named(one, other) or named(other, one)


def _of(row: Paused, asked: Iterable[PendingAction]) -> PendingAction | None:
    """The action that asks for its pause; of a row whose answer nobody heard, the last since then, else one that still waits."""
    its = [one for one in asked if _same(row.campaign_id, one.entity_id)]
    if row.heard:
        return next((one for one in reversed(its) if _same(row.pending_id or "", one.pending_id)), None)
    since = [one for one in its if one.created_at >= row.at - _SLACK]
    waits = (one for one in its if one.status in _OPEN)
    return max(reversed(since), key=lambda one: one.created_at) if since else next(waits, None)


async def waiting(project_id: str, call: Call) -> dict[str, str]:
    """The actions that already wait to pause campaigns for halt, by the campaign's id; none where that can't be read: a brake goes on."""
    rows = [row for row in call.switch.paused(project_id) if row.pending_id is not None]
    try:
        asked = await _asked(project_id, rows, call, statuses=_OPEN)
    except LayersError:
        return {}
    found = {row.campaign_id: _of(row, asked) for row in rows}
    return {campaign_id: one.pending_id for campaign_id, one in found.items() if one is not None}


async def _look(project_id: str, row: Paused, call: Call) -> Campaign | None:
    """The campaign; None where somebody deleted it meanwhile. `project_id`: as the call spelt it, as a row has it in small letters."""
    try:
        wanted = GetCampaign(project_id=project_id, platform=_path(row.platform), campaign_id=row.campaign_id)
        return await call.layers.send(ads.GET_CAMPAIGN, wanted)
    except NotFound:
        return None


async def stopped(project_id: str, call: Call) -> list[Campaign]:
    """The campaigns that halt paused and that are so still because of it; one that runs, or that nobody let it pause, it forgets."""
    found = list[Campaign]()
    rows = call.switch.paused(project_id)
    asked = await _asked(project_id, rows, call)
    for row in rows:
        campaign = await _look(project_id, row, call)
        fate = "open" if campaign is None else _fate(row, campaign.status, asked)
        if campaign is not None and fate == "stopped":
            found.append(campaign)
        if fate == "over":
            call.switch.unpaused(project_id, row.campaign_id)
    return found
