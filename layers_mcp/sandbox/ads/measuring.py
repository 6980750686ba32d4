"""From rows to facts: what the optimizer is shown of a layer at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from layers_mcp.sandbox.ads import tables
from layers_mcp.sandbox.ads.authority import resolved
from layers_mcp.sandbox.ads.facts import WINDOWS, AdFacts, AdsetFacts, CampaignFacts, CreativeFacts, LayerFacts, Window
from layers_mcp.sandbox.ads.ledger import Ledger, Line
from layers_mcp.sandbox.ads.pool import SPEND_COUNTS, Creative
from layers_mcp.sandbox.audience.paid import reach_of

__all__ = ["Board", "creatives_of", "facts_of"]

_LEARNS_DAYS, _LEARNS_CONVERSIONS = 7, 50
"""A platform learns until an ad set has brought so many conversions, or for so many days; ours, after Meta's help on the learning phase."""
_REMEMBERED = timedelta(days=3)
"""Longer than every cooldown."""
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class Asked(NamedTuple):
    """An action that somebody was asked about: on what, from when until when, and the creative it would bring."""

    entity_id: str
    adset_id: str | None
    creative_id: str | None
    since: datetime
    until: datetime

    def waits(self, now: datetime) -> bool:
        """Whether it waits for its yes, or for the tick that carries it out."""
        return self.since <= now < self.until


def _asked(connection: Connection, layer_id: str, last: datetime) -> tuple[Asked, ...]:
    """What was asked lately; older questions hold nothing up any more."""
    wait, done = tables.pending.c, tables.decisions.c
    query = select(tables.pending, done.adset_id, done.replacement).join(tables.decisions, wait.decision_id == done.id)
    rows = connection.execute(query.where(wait.layer_id == layer_id, wait.expires_at > last - _REMEMBERED))
    return tuple(
        Asked(
            one.entity_id,
            one.adset_id,
            one.replacement["adsContentId"] if one.replacement else None,
            one.created_at,
            one.dispatched_at or (one.expires_at if one.status == "pending" else _NEVER if one.status == "approved" else one.decided_at),
        )
        for one in rows
    )


@dataclass(frozen=True)
class Board:
    """A layer's rows, as they stand until something is written."""

    layer: Row[Any]
    ledger: Ledger
    campaigns: Sequence[Row[Any]]
    adsets: Sequence[Row[Any]]
    asked: Sequence[Asked]
    pool: Sequence[Creative]

    @classmethod
    def of(cls, connection: Connection, layer: Row[Any], pool: Sequence[Creative], *, now: datetime, last: datetime) -> Board:
        """The rows of `layer` as they stand at `now`; `last`: the latest instant that will be asked about, `pool` what there is then."""
        campaign, adset = tables.campaigns, tables.adsets
        campaigns = connection.execute(select(campaign).where(campaign.c.layer_id == layer.id).order_by(campaign.c.seq)).all()
        adsets = select(adset).join(campaign, adset.c.campaign_id == campaign.c.id).where(campaign.c.layer_id == layer.id)
        ledger = Ledger(connection, campaign.c.layer_id == layer.id, last=last)
        rows = connection.execute(adsets.order_by(adset.c.seq)).all()
        return cls(layer, ledger, campaigns, rows, _asked(connection, layer.id, now), pool)

    def waits(self, now: datetime, name: str) -> bool:
        """Whether a question about a thing waits."""
        return any(one.entity_id == name and one.waits(now) for one in self.asked)

    def hours_since(self, now: datetime, changed: datetime | None, name: str | None = None) -> float | None:
        """Hours since a thing was last changed, or a question about the one called `name` was last settled; None if neither ever was."""
        known = [one.until for one in self.asked if one.entity_id == name and one.until <= now]
        known += [moment for moment in [changed] if moment is not None and moment <= now]
        return (now - max(known)) / _HOUR if known else None


def _windows(board: Board, line: Line, now: datetime) -> dict[int, Window]:
    days = sorted(WINDOWS, reverse=True)
    paced = board.ledger.paced(line.row.platform, [*(now - one * _DAY for one in days), now])
    counts = board.ledger.counts(line, paced)
    return {one: Window(*(column[-1] - column[place] for column in counts)) for place, one in enumerate(days)}


def _ad(board: Board, line: Line, now: datetime, learning: frozenset[str]) -> AdFacts:
    windows = _windows(board, line, now)
    shown, reach = windows[7].impressions, reach_of(windows[7].impressions, line.traits.people)
    return AdFacts(
        id=line.row.id,
        adset_id=line.row.adset_id,
        campaign_id=line.row.campaign_id,
        creative_id=line.row.ads_content_id,
        age_days=(now - line.row.created_at) / _DAY,
        learning=line.row.adset_id in learning,
        windows=windows,
        frequency=shown / reach if reach else None,
        rested_h=board.hours_since(now, line.row.changed_at, line.row.id),
        asked=board.waits(now, line.row.id),
    )


def _learning(board: Board, now: datetime) -> frozenset[str]:
    """The ad sets that a platform still learns how to deliver."""
    young = {adset.id for adset in board.adsets if (now - adset.created_at) / _DAY < _LEARNS_DAYS}
    brought = dict.fromkeys(young, 0)
    for line in board.ledger.lines:
        if line.row.adset_id in young:
            paced = board.ledger.paced(line.row.platform, [now])
            brought[line.row.adset_id] += board.ledger.counts(line, paced).conversions[0]
    return frozenset(name for name, conversions in brought.items() if conversions < _LEARNS_CONVERSIONS)


def _tried(board: Board, adset_id: str, now: datetime) -> frozenset[str]:
    ran = {line.row.ads_content_id for line in board.ledger.lines if line.row.adset_id == adset_id}
    coming = {one.creative_id for one in board.asked if one.adset_id == adset_id and one.waits(now)}
    return frozenset(one for one in ran | coming if one is not None)


def creatives_of(board: Board, now: datetime) -> tuple[CreativeFacts, ...]:
    """The pool as it is scored at `now`, with what this layer's ads spent."""
    brought = board.ledger.by_creative(now - SPEND_COUNTS, now)
    return tuple(one.facts(now, brought) for one in board.pool if one.made_at <= now)


def facts_of(board: Board, now: datetime, *, acted: int = 0, paused: int = 0) -> LayerFacts:
    """What the optimizer is shown of `board` at `now`: what runs, how it did, what it may do; counts as in `LayerFacts`."""
    live = {one.id: one for one in board.campaigns if one.status == "active" and one.starts_at <= now and not (one.ends_at or now) < now}
    adsets = [one for one in board.adsets if one.campaign_id in live and one.status == "active"]
    known, learning = {one.id for one in adsets}, _learning(board, now)
    running = [line for line in board.ledger.lines if line.row.status == "active" and line.row.adset_id in known]
    return LayerFacts(
        platform=board.layer.platform,
        one_money=board.ledger.one_money,
        ads=tuple(_ad(board, line, now, learning) for line in running),
        adsets=tuple(
            AdsetFacts(
                id=one.id,
                campaign_id=one.campaign_id,
                bid_cents=one.bid_cents,
                tried=_tried(board, one.id, now),
                rested_h=board.hours_since(now, one.pushed_at, one.id),
                bid_rested_h=board.hours_since(now, one.bid_at),
                asked=board.waits(now, one.id),
            )
            for one in adsets
        ),
        campaigns=tuple(
            CampaignFacts(
                id=one.id,
                daily_budget_cents=one.daily_budget_cents,
                authority=resolved(one, board.layer),
                rested_h=board.hours_since(now, one.budget_at, one.id),
                asked=board.waits(now, one.id),
            )
            for one in live.values()
        ),
        creatives=creatives_of(board, now),
        target_cpa_cents=board.layer.target_cpa_cents,
        kill_switch=board.layer.kill_switch,
        acted=acted,
        paused=paused,
    )
