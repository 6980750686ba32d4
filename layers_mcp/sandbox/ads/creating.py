"""New ad accounts and campaigns: the page of the consent that connects one, and the simplified create."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from pydantic import JsonValue
from sqlalchemy import Row, select

from layers_mcp.contract import ad_accounts, ads, ads_edits
from layers_mcp.contract.ads_authority import Bucket
from layers_mcp.sandbox import audit, ids, projects, social
from layers_mcp.sandbox.ads import consents, making, pool, tables
from layers_mcp.sandbox.ads.authority import PLATFORMS, check, check_policy
from layers_mcp.sandbox.ads.facts import Axis
from layers_mcp.sandbox.ads.ledger import promoted
from layers_mcp.sandbox.ads.making import NewCampaign
from layers_mcp.sandbox.ads.selection import selected
from layers_mcp.sandbox.clockwork import whole_ms
from layers_mcp.sandbox.visit import Visit, invalid

__all__ = ["create_campaign", "oauth_url", "wanted_budget"]

_CONSENT_S = 20.0
"""Seconds until a consent resolves, at job speed 1; ours, as for social accounts."""
_URL_LIVES = timedelta(minutes=30)
_PAGES = {
    "meta_ads": "https://www.facebook.com/dialog/oauth?client_id=layers-sandbox&scope=ads_management&state=",
    "tiktok_ads": "https://business-api.tiktok.com/portal/auth?app_id=layers-sandbox&state=",
    "apple_ads": "https://appleid.apple.com/auth/oauth2/v2/authorize?client_id=layers-sandbox&scope=searchadsorg&state=",
}
_LEAST_CENTS = 100
"""A platform's least daily budget, in cents; ours."""
_BUCKETS: dict[str, Bucket] = {"manual": "off", "draft": "draft", "autopilot": "auto"}
"""layers-api: "Mode `manual` means structural off"."""


def oauth_url(visit: Visit, request: ad_accounts.CreateAdsOauthUrl) -> ad_accounts.AdsOauthUrl:
    """A page for the account's owner to open; the consent resolves by itself, and lets partners write (`drift`).

    It connects an account, or renews the token of the one that is there.
    """
    project = projects.living(visit, request.project_id)
    social.check_return_url(visit, request.return_url)
    if visit.trouble is None:
        resolves = whole_ms(visit.now + timedelta(seconds=_CONSENT_S / visit.ground.job_speed))
        consents.ask(visit.connection, project, request.platform, resolves_at=resolves)
    url = _PAGES[request.platform] + quote(request.state or ids.stamped("st", visit.now), safe="")
    return ad_accounts.AdsOauthUrl(url=url, expires_at=visit.now + _URL_LIVES)


def _account(visit: Visit, request: ads.CreateCampaign) -> Row[Any]:
    row, project = tables.accounts.c, projects.living(visit, request.project_id)
    wanted = (row.id == ids.full("aac", request.ad_account_id), row.project_id == project.id, row.connected_at <= visit.now)
    found = visit.connection.execute(select(tables.accounts).where(*wanted)).first()
    if found is None or found.platform != PLATFORMS[request.platform]:
        raise invalid("adAccountId", "is not a connected ad account of this project and platform")
    return found


def wanted_budget(request: ads.CreateCampaign | ads_edits.ChangeBudget | ads_edits.ChangeAdsetBudget) -> tuple[str, int]:
    """The field that was given, and its cents.

    Raises:
        errors.Invalid: not exactly one was given, or it is too little.
    """
    if (request.daily_budget_cents is None) == (request.lifetime_budget_cents is None):
        raise invalid("dailyBudgetCents", "give exactly one of dailyBudgetCents and lifetimeBudgetCents")
    path = "dailyBudgetCents" if request.daily_budget_cents is not None else "lifetimeBudgetCents"
    cents = request.daily_budget_cents or request.lifetime_budget_cents or 0
    if cents < _LEAST_CENTS:
        raise invalid(path, f"must be at least {_LEAST_CENTS} cents")
    return path, cents


def _check(visit: Visit, request: ads.CreateCampaign) -> None:
    wanted_budget(request)
    start = request.start_time or visit.now
    if start < visit.now - timedelta(seconds=30):
        raise invalid("startTime", "lies in the past")
    if request.end_time is None and request.lifetime_budget_cents is not None:
        raise invalid("endTime", "is required with lifetimeBudgetCents")
    if request.end_time is not None and request.end_time <= start:
        raise invalid("endTime", "must lie after startTime")


def create_campaign(visit: Visit, request: ads.CreateCampaign) -> ads.Written:
    """Make a campaign with one ad set; with creativeMode autopilot the best creatives of the pool begin to run in it.

    Raises:
        errors.AuthorityDenied: the layer has the structural axis off, or an axis that a mode opens, or was stopped.
    """
    account = _account(visit, request)
    _check(visit, request)
    layer = visit.connection.execute(select(tables.layers).where(tables.layers.c.id == account.layer_id)).one()
    check(layer, "structural", "off" if layer.structural == "off" else "auto")
    managed, creative = _BUCKETS[request.campaign_management_mode], _BUCKETS[request.creative_mode]
    authority: dict[Axis, Bucket] = {"creative": creative, "tactical": managed, "structural": managed}
    check_policy(layer, authority)
    new = NewCampaign(
        name=request.name,
        at=visit.now,
        outcome=request.outcome,
        daily_budget_cents=request.daily_budget_cents,
        lifetime_budget_cents=request.lifetime_budget_cents,
        starts_at=request.start_time,
        ends_at=request.end_time,
        authority=authority,
        bid_strategy=request.bid_strategy,
    )
    made = making.add_campaign(visit.connection, account.id, new)
    bid = consents.BID if account.platform == "apple_ads" else None
    adset = making.add_adset(visit.connection, made, f"{request.name} 1", at=visit.now, bid_cents=bid)
    if creative == "auto":
        known = pool.creatives_at(visit.connection, account.project_id, visit.now)
        brought = promoted(visit.connection, account.project_id, visit.now).by_creative(visit.now - pool.SPEND_COUNTS, visit.now)
        for one in selected([creative.facts(visit.now, brought) for creative in known]):
            making.add_ad(visit.connection, adset, one.id, at=visit.now)
    making.replan(visit.connection, made, at=visit.now)
    verdict = ids.mint("ver")
    data: dict[str, JsonValue] = {"campaignId": made, "verdictId": verdict, "actor_type": "partner"}
    audit.log(visit, "ads.campaign.created", account.project_id, **data)
    return ads.Written(verdict_id=verdict, status="dispatched", campaign_id=made)
