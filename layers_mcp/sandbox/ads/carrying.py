"""Decisions carried out: the plan of a campaign changes, and the log says so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue
from sqlalchemy import Connection, Row, func, select

from layers_mcp.sandbox import audit
from layers_mcp.sandbox.ads import making, rules, tables
from layers_mcp.sandbox.ads.authority import STOPPED, resolved
from layers_mcp.sandbox.ads.facts import Axis, CreativeFacts
from layers_mcp.sandbox.ads.selection import ELIGIBLE_FROM, capacity, eligible

__all__ = ["Planned", "carry_out", "obstacle", "tell"]

_AXES: dict[str, Axis] = {
    "pause_ad": "structural",
    "replace_creative": "creative",
    "push_creative": "creative",
    "prune_creative": "creative",
    "update_budget": "tactical",
    "update_targeting": "tactical",
    "pause_campaign": "structural",
    "resume_campaign": "structural",
}
"""Of what can wait for a yes (layers-api: ads, authority; `drift`, "axis of a pause")."""

_BUDGETS = {"dailyBudgetCents": "daily_budget_cents", "lifetimeBudgetCents": "lifetime_budget_cents"}


class Planned(NamedTuple):
    """A decision that is not on record yet, as far as its obstacles go."""

    campaign_id: str
    action: str
    ad_id: str | None
    adset_id: str
    replacement: dict[str, Any]


def _ad(connection: Connection, ad_id: str) -> Row[Any]:
    return connection.execute(select(tables.ads).where(tables.ads.c.id == ad_id)).one()


def _others(connection: Connection, ad: Row[Any]) -> int:
    row = tables.ads.c
    others = select(func.count()).where(row.adset_id == ad.adset_id, row.status == "active", row.id != ad.id)
    return connection.execute(others).scalar_one()


def _closed(decision: Row[Any] | Planned, campaign: Row[Any], layer: Row[Any]) -> str | None:
    if layer.kill_switch:
        return STOPPED
    axis = _AXES[decision.action]
    if resolved(campaign, layer)[axis] == "off":
        return f"the {axis} axis is off now"
    wanted = "paused" if decision.action == "resume_campaign" else "active"
    return None if campaign.status == wanted else f"the campaign is {campaign.status}"


def _unfit(creative: CreativeFacts) -> str | None:
    if creative.override == "exclude":
        return "a person excluded the creative"
    if not creative.approved:
        return "the creative is not approved"
    if not eligible(creative):
        unsafe = creative.safety_failed
        return "the creative is unsafe" if unsafe else f"the creative's score fell below {ELIGIBLE_FROM:g}"
    return None


def _full(connection: Connection, decision: Row[Any] | Planned, platform: str) -> str | None:
    ads = connection.execute(select(tables.ads).where(tables.ads.c.adset_id == decision.adset_id)).all()
    if any(one.ads_content_id == decision.replacement["adsContentId"] and one.status == "active" for one in ads):
        return "the creative runs in the ad set already"
    running = sum(one.status == "active" and one.id != decision.ad_id for one in ads)
    return None if capacity(platform, running, len(ads)) else "the ad set is full"


def _moved(decision: Row[Any], campaign: Row[Any]) -> bool:
    """Whether a budget has changed so that the step would not be the one that was decided on."""
    daily = "dailyBudgetCents" in decision.new
    now = (campaign.daily_budget_cents if daily else campaign.lifetime_budget_cents) or 0
    if not decision.inputs:  # a partner's own: no rule of the optimizer's bounds it, so it must be just what was shown
        return now not in decision.current.values()
    return abs(decision.new["dailyBudgetCents"] - now) > min(rules.MOST_STEP * now, rules.MOST_STEP_CENTS)


def obstacle(connection: Connection, decision: Row[Any] | Planned, layer: Row[Any], creatives: Sequence[CreativeFacts]) -> str | None:
    """Why a decision can't be carried out, or not any more, or None; `creatives`: the pool as it stands now."""
    campaign = connection.execute(select(tables.campaigns).where(tables.campaigns.c.id == decision.campaign_id)).one()
    if (closed := _closed(decision, campaign, layer)) is not None:
        return closed
    if decision.replacement is not None:
        brought = next((one for one in creatives if one.id == decision.replacement["adsContentId"]), None)
        unfit = "the creative is not in the pool any more" if brought is None else _unfit(brought)
        if (misfit := unfit or _full(connection, decision, layer.platform)) is not None:
            return misfit
    if decision.ad_id is not None and decision.action in ("pause_ad", "replace_creative", "prune_creative"):
        ad = _ad(connection, decision.ad_id)
        if ad.status != "active":
            return f"the ad is {ad.status}"
        if decision.action != "replace_creative" and not _others(connection, ad):
            return "it is the last ad that runs in its ad set"
    if isinstance(decision, Row) and decision.action == "update_budget" and _moved(decision, campaign):
        return "the budget was changed meanwhile, and the step would be too large now"
    return None


def _push(connection: Connection, adset_id: str, creative_id: str, at: datetime) -> str:
    made = making.add_ad(connection, adset_id, creative_id, at=at)
    making.change(connection, "adset", adset_id, pushed_at=at)
    return made


def carry_out(connection: Connection, decision: Row[Any], at: datetime) -> dict[str, JsonValue]:
    """Do what was decided, from `at` on; what it made, by name."""
    made: dict[str, JsonValue] = {}
    if decision.action in ("pause_ad", "replace_creative", "prune_creative"):
        making.change(connection, "ad", decision.ad_id, status="paused", changed_at=at)
    if decision.action in ("pause_campaign", "resume_campaign"):
        making.change(connection, "campaign", decision.campaign_id, status=decision.new["status"])
    if decision.action in ("push_creative", "replace_creative"):
        made["newAdId"] = _push(connection, decision.adset_id, decision.replacement["adsContentId"], at)
    if decision.action == "update_budget":
        columns = {_BUDGETS[name]: cents for name, cents in decision.new.items()}
        making.change(connection, "campaign", decision.campaign_id, **columns, budget_at=at)
    if decision.action == "update_targeting":
        was = connection.execute(select(tables.adsets.c.targeting).where(tables.adsets.c.id == decision.adset_id)).scalar_one()
        making.change(connection, "adset", decision.adset_id, targeting={**was, **decision.new})
    if decision.action == "update_bid":
        making.change(connection, "adset", decision.adset_id, bid_cents=decision.new["bidAmountCents"], bid_at=at)
    making.replan(connection, decision.campaign_id, at=at)
    return made


def tell(connection: Connection, decision: Row[Any], at: datetime, outcome: str, **more: JsonValue) -> None:
    """Write into the log what became of a decision."""
    data: dict[str, JsonValue] = {
        "runId": decision.run_id,
        "decisionId": decision.id,
        "outcome": outcome,
        "campaignId": decision.campaign_id,
    }
    data |= {"adsetId": decision.adset_id, "adId": decision.ad_id, "adsContentId": decision.ads_content_id}
    data |= {"pendingId": decision.pending_id, "actor_type": "optimizer", **more}
    known: dict[str, JsonValue] = {name: value for name, value in data.items() if value is not None}
    audit.log_ours(connection, f"ads.{decision.action}", decision.project_id, at, **known)
